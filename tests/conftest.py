"""What the tests share: orchbench as a user calls it, a world with fakes in it, and engines of every kind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from bench import cli
from bench.plan.setup import Setup
from bench.plan.tools import Tool, discover

ROOT = Path(__file__).parent.parent
ORCHBENCH = Path(sys.executable).with_name("orchbench")

pytest_plugins = ["ledgers", "merged_runs", "tracked_runs"]  # their fixtures, for the tests of claims, merging and tracking

os.environ["ORCHBENCH_NO_MLFLOW"] = "1"  # a new store takes seconds, and the tests make many runs

# The same examples each time, so that a failure is that of a change; and no limit of time, on a machine that runs servers.
hypothesis.settings.register_profile("orchbench", derandomize=True, database=None, deadline=None, max_examples=50)
hypothesis.settings.load_profile("orchbench")


LONGEST_FIRST = ("test_tools_own", "test_conformance", "test_churn", "test_patterns", "test_interruption", "test_course")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes, so that no worker is left alone with it in the end."""
    places = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str


Call = Callable[..., Done]
"""orchbench as the fixture of that name calls it."""


def call(*argv: object, cwd: Path, timeout: float | None = None, **variables: str) -> Done:
    """Call a command, with more variables in its environment."""
    done = subprocess.run(
        [*map(str, argv)],
        cwd=cwd,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def orchbench_in(folder: Path, *arguments: object, timeout: float | None = None) -> Done:
    """Call orchbench in that folder."""
    return call(ORCHBENCH, *arguments, cwd=folder, timeout=timeout)


def copied_checkout(world: Path) -> Path:
    """Make a copy of the harness and of all tools, whose interpreters run the copy."""
    nothing_built = shutil.ignore_patterns(".venv", "__pycache__")
    for name in ("bench", "shared", "implementations"):
        shutil.copytree(ROOT / name, world / name, ignore=nothing_built)
    for each in discover().values():
        copy = world / "implementations" / each.name
        stand_in(copy / ".venv", each.python, copy / "src")
    return world


def copied_orchbench(world: Path, *arguments: object) -> Done:
    """Call the copy of the harness that lies in that folder."""
    return call(sys.executable, "-m", "bench", *arguments, cwd=world, PYTHONPATH=str(world))


@pytest.fixture
def orchbench(tmp_path: Path) -> Call:
    """Call orchbench in an empty folder."""

    def orchbench(*arguments: object, timeout: float = 300) -> Done:
        return orchbench_in(tmp_path, *arguments, timeout=timeout)

    return orchbench


@pytest.fixture
def orchbench_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Call orchbench in an empty folder too, but in this process: for what starts nothing, and is called often."""
    monkeypatch.chdir(tmp_path)

    def orchbench_here(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", [str(ORCHBENCH), *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        said = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return Done(end.value.code, said.out, said.err)

    return orchbench_here


def refusal(done: Done) -> str:
    """Return why orchbench refused: with exit code 2, and in one line beside those about the machine."""
    lines = [line for line in done.err.splitlines() if not line.startswith("machine:")]
    assert done.code == 2, done
    assert len(lines) == 1 and lines[0].startswith("orchbench: "), lines
    return lines[0].removeprefix("orchbench: ")


def processes_of(folder: Path) -> dict[int, str]:
    """Return the processes that were started for the run in that folder, each with its command."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            command = (entry / "cmdline").read_bytes()
            ours = str(folder).encode() in (entry / "environ").read_bytes() + command + bytes((entry / "cwd").readlink())
        except OSError:
            continue
        if ours and state not in "ZX":
            found[int(entry.name)] = command.decode(errors="replace").replace("\0", " ")
    return found


def checkout(folder: Path, orchbench: str = "") -> Path:
    """Make what passes for a checkout of this repository in which `make setup` was run; its orchbench may be a script."""
    if orchbench:
        command = folder / ".venv" / "bin" / "orchbench"
        command.parent.mkdir(parents=True)
        command.write_text(orchbench)
        command.chmod(0o755)
    else:
        folder.mkdir()
        (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


@contextmanager
def mounted(place: Path, *options: object) -> Iterator[None]:
    """Mount something at a folder; who may not do that, gives up the right to write there instead."""
    mounted = call("mount", *options, place, cwd=place.parent).code == 0
    if not mounted:
        place.chmod(0o500)
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", place], check=True)


def stand_in(environment: Path, python: Path, modules: Path) -> None:
    """Make an environment whose interpreter is another one's, but for the modules that it finds first."""
    path = environment / "bin" / "python"
    path.parent.mkdir(parents=True)
    # In a script, because the harness hands no PYTHONPATH on to what it starts.
    path.write_text(f'#!/bin/sh\nPYTHONPATH="{modules}" exec "{python}" "$@"\n')
    path.chmod(0o755)


@pytest.fixture(scope="session")
def fakes(tmp_path_factory: pytest.TempPathFactory) -> Tool:
    """The folder of the faulty adapters, with an interpreter that finds them."""
    folder = tmp_path_factory.mktemp("world") / "faulty"
    shutil.copytree(ROOT / "tests" / "fakes", folder)
    stand_in(folder / ".venv", Path(sys.executable), folder / "src")
    return discover(folder.parent)["faulty"]


def setups_of(orchestrator: Tool) -> list[Setup]:
    """Return each of its deployments, as they come."""
    return [
        Setup(orchestrator.name, each.tier, "stock", each.name, each.isolation, each.database)
        for each in orchestrator.deployments
    ]
