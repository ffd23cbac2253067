"""Runs an exercise with a tool, and says whether it is solved: `python course/exercise.py course/retries TOOL`.

A pipeline is judged by the bodies of its tasks that really ran, which `@step` logs. The source is never looked at.
"""

from __future__ import annotations

import argparse
import runpy
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from bench.base.problem import Problem
from bench.base.signals import Interrupted, raised
from bench.events import timeline
from bench.events.timeline import Timeline
from bench.plan import tools
from bench.plan.tools import Tool
from bench.run import environment
from contract import steps
from contract.events import Trial
from contract.tree import adopt_orphans, kill_descendants

COURSE: Final = Path(__file__).parent

LIMIT_S: Final = 90.0
"""A pipeline takes seconds; but a tool may wait for minutes before it tries again. What it needs before has as long."""

GRACE_S: Final = 3.0
"""How long what a pipeline has left running may take to end."""


@dataclass(frozen=True)
class Exercise:
    """A folder with a `check.py`, and a folder for each tool that it can be done with."""

    folder: Path
    faults: Mapping[str, int]
    """How often a step fails before it succeeds."""
    mistakes: Callable[[Timeline], Iterable[str]]
    """What is wrong with what has run; nothing, if the exercise is solved."""

    def script(self, tool: Tool, name: str) -> Path:
        """Return the path of a script that the exercise has for the tool."""
        path = self.folder / tool.name / f"{name}.py"
        if not path.parent.is_dir():
            others = ", ".join(sorted(each.parent.name for each in self.folder.glob("*/pipeline.py")))
            raise Problem(f"{self.folder} has no folder for {tool.name}; it has {others or 'none at all'}")
        if not path.exists():
            raise Problem(f"{path} is missing")
        return path


def main() -> None:
    """Run an exercise; the exit code is 0 if it is solved, 1 if it is not, and 2 where it cannot be said."""
    parser = argparse.ArgumentParser(description="Runs an exercise with a tool, and says whether it is solved.")
    parser.add_argument("exercise", type=Path, help="a folder of course/")
    parser.add_argument("tool", help="a folder of implementations/")
    parser.add_argument("script", nargs="?", default="pipeline", help="pipeline (the default), solution, or another one")
    parser.add_argument("--limit", type=float, default=LIMIT_S, metavar="SECONDS", help="default: %(default)g")
    options = parser.parse_args()
    try:
        with raised("nothing is left behind"):
            exercise, tool = read(options.exercise.absolute()), known(options.tool)
            script = exercise.script(tool, options.script)
            sys.exit(judge(exercise, run(exercise, tool, script, options.limit)))
    except Problem as problem:
        print(f"exercise: {problem}", file=sys.stderr)
        sys.exit(problem.exit_code)
    except Interrupted as signal:
        print(f"exercise: {signal}", file=sys.stderr)
        sys.exit(signal.exit_code)


def read(folder: Path) -> Exercise:
    """Read the exercise that a folder holds."""
    check = folder / "check.py"
    if not check.exists():
        known = ", ".join(sorted(path.parent.name for path in COURSE.glob("*/check.py")))
        raise Problem(f"{folder} is no exercise: there is no check.py in it; course/ has {known}")
    found = runpy.run_path(str(check))
    if lacks := {"FAULTS", "mistakes"} - found.keys():
        raise Problem(f"{check} has no {' and no '.join(sorted(lacks))}")
    return Exercise(folder, found["FAULTS"], found["mistakes"])


def known(name: str) -> Tool:
    """Return the tool of that name."""
    found = tools.discover()
    if name not in found:
        raise Problem(f"there is no tool {name!r}; there are {', '.join(found)}")
    return found[name]


def _filled_in(variables: Mapping[str, str], **values: str) -> dict[str, str]:
    """Return the variables with such a value for each `{name}` in them."""
    filled = dict(variables)
    for name, value in values.items():
        filled = {variable: its.replace(f"{{{name}}}", value) for variable, its in filled.items()}
    return filled


def run(exercise: Exercise, tool: Tool, script: Path, limit_s: float) -> Timeline:
    """Run the script in the tool's environment, with a home that is gone afterwards, and return what ran."""
    if lack := tool.missing():
        raise Problem(f"{tool.name}: {lack}; run `make setup`")
    adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="orchbench-exercise-") as place:
        home, events, current = Path(place, "home"), Path(place, "events"), Path(place, "current.json")
        home.mkdir()
        events.mkdir()
        steps.announce(current, Trial(exercise.folder.name, str(events)), exercise.faults)
        variables = {"HOME": str(home), "TMPDIR": place, "DO_NOT_TRACK": "1", steps.VARIABLE: str(current)}
        variables |= _filled_in(tool.script.variables, script=str(script), secret=secrets.token_hex(16))
        # In the home, where a tool finds no configuration of the user's.
        call = partial(
            subprocess.run, env=environment.clean() | variables, cwd=home, text=True, check=False, timeout=limit_s
        )
        try:
            if tool.script.before:
                prepare(tool, call)
            call([tool.python, script])
        except subprocess.TimeoutExpired:
            print(f"\nStill at work after {limit_s:g} s, so it was ended.")
        finally:
            kill_descendants(GRACE_S)
        return timeline.read(events)


def prepare(tool: Tool, call: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """Call what the tool needs before a script; what it prints is of interest only if it fails."""
    name = f"{tool.name}: {' '.join(tool.script.before)}"
    try:
        done = call([tool.python, *tool.script.before], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired as late:
        raise Problem(f"{name} was not over after {late.timeout:g} s; --limit gives it more time") from None
    if done.returncode:
        last_words = done.stdout.strip().rpartition("\n")[2]
        raise Problem(f"{name} failed: {last_words or f'exit code {done.returncode}'}")


def judge(exercise: Exercise, ran: Timeline) -> int:
    """Print what ran, and what is wrong with it; return the exit code."""
    if not ran.attempts:
        raise Problem("no step has run; what the pipeline printed says why")
    bodies = [(each, name) for name, attempts in ran.attempts.items() for each in attempts]
    print("\nWhat ran:")
    for each, name in sorted(bodies, key=lambda body: body[0].started):
        end = f"failed, {each.error}" if each.error else "finished" if each.ended else "never ended"
        print(f"  {(each.started - ran.first_start) / 1e9:5.1f} s  {name:<10}{end}")
    mistakes = list(exercise.mistakes(ran))
    print("\nNot solved:" if mistakes else "\nSolved.", *mistakes, sep="\n  ")
    return 1 if mistakes else 0


if __name__ == "__main__":
    main()
