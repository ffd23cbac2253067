"""One trial: the procedure of a case carried out in an engine, with what the scenario does around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bench.plan.plan import Start, Trial
from bench.run.channel import EngineError, UnsupportedWork
from bench.run.engine import Engine
from bench.run.procedures import Scene, TooLong, carry_out
from bench.scenarios import SCENARIOS, Case
from bench.scenarios.kit.hooks import Environment, Surroundings
from bench.store.records import RunOfTrial
from contract import events

End = Literal["over", "timeout", "crashed", "not_started", "unsupported"]


@dataclass(frozen=True)
class Outcome:
    """What became of a trial; see `TrialRecord`."""

    end: End
    because: str | None = None
    runs: Sequence[RunOfTrial] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    pause_s: float = 0.0
    left_running: bool = False
    """Whether a run may still go on, because the tool had no way to do what was to be done with it."""

    @property
    def costs_the_engine(self) -> bool:
        """Whether the engine is gone, or in an unknown state, perhaps with a run that still runs."""
        return self.end in {"timeout", "crashed"} or self.left_running


@dataclass(frozen=True)
class Site:
    """Where the trials of an engine start are made."""

    engine: Engine
    start: Start
    name: str
    """The name of the start: a folder of starts/. It is that of the plan, with a number where the start is tried again."""
    shared: Path
    environment: Environment


def make(site: Site, trial: Trial, folder: Path) -> Outcome:
    """Make the trial, whose events go to the folder."""
    # An interrupted try of the same trial may have left traces, but it was made in a start with another name.
    tag = f"{site.name}/{trial.id}"
    place = Surroundings(folder, site.shared, tag, site.environment, site.engine.kept)
    run, start = events.Trial(trial.id, str(folder)), site.start
    scene = Scene(site.engine, trial.case, run, start.limit_s, start.works, trial.phase, start.spread_s)
    try:
        scene.check_supported()  # first of all: a tool without the pipelines has nothing of what surrounds them either
        with SCENARIOS[trial.scenario].hooks.around(trial.case, trial.parameters, place) as touch:
            scene.parameters = {**trial.parameters, **touch.parameters}
            carry_out(scene)
            scene.note_poll()
    except UnsupportedWork as reason:
        return Outcome("unsupported", f"unsupported: {reason}", left_running=bool(scene.going_on))
    except TooLong as late:
        return Outcome("timeout", str(late))
    except EngineError as error:
        return Outcome("crashed", str(error))
    return Outcome("over", None, scene.runs, touch.facts | scene.facts, scene.pause_s)


def problem(case: Case, outcome: Outcome) -> str:
    """Say what went wrong with the trial, for the progress on the terminal. Derivation judges by the records alone."""
    if outcome.end == "unsupported":
        return str(outcome.because)
    if outcome.end != "over":
        return f"{outcome.end}, {outcome.because}"
    if case.expectation.is_open:
        return ""
    unexpected = [run for run in outcome.runs if run.state != case.expected.state]
    if not unexpected:
        return ""
    verdict = f"failed, the tool calls the run {unexpected[0].state}"
    return f"{verdict}: {unexpected[0].last_error}" if unexpected[0].last_error else verdict
