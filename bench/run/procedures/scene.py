"""What a procedure works with: an engine, what is asked of the engine, and a place for what comes of that."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.base.problem import Problem
from bench.events.timeline import Timeline, read
from bench.run.channel import EngineError, UnsupportedWork
from bench.run.engine import Accepted, Asked, Engine, Run
from bench.scenarios import Case, Work
from bench.store.records import Reported, RunOfTrial
from contract.events import Trial

LOOK_S = 0.05
"""Between two looks at the event log, while a procedure waits for a body."""

LONGEST_ERROR = 200
"""How much of an error a record keeps; all of it stands in the log."""

RUNNING, SUCCEEDED = "running", "succeeded"


class TooLong(Exception):
    """A run was not over after the limit."""


@dataclass
class Scene:
    """A trial that is being made."""

    engine: Engine
    case: Case
    trial: Trial
    limit_s: float
    """How long a run may take."""
    works: Sequence[Work] = ()
    """What the engine has to know, should it be started again."""
    phase: float | None = None
    """Where in the engine's polling period the run is to be submitted; see `bench.plan.plan.Trial`."""
    spread_s: float = 0.0
    """Over how long a time phases are spread: as a rule, the time between two looks; 0 if the engine does not poll."""
    pause_s: float = 0.0
    """How long the trial has waited for its phase."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    runs: list[RunOfTrial] = field(default_factory=list)
    """What the tool said of the runs that are over."""
    facts: dict[str, Any] = field(default_factory=dict)
    log_from: dict[str, int] = field(default_factory=dict)
    """By run: where the engine's log ended when the run was asked for."""
    log_is_shared: bool = False
    """Whether runs went on at once: then nobody can tell which of them a line of the log is of."""
    going_on: set[Run] = field(default_factory=set)
    """The runs that were asked for, and whose end nobody has seen."""

    def check_supported(self, runs_at_once: int = 1) -> None:
        """Raise where the tool has no way to do it: before anything of it is done."""
        if reason := self.engine.unsupported(self.case.work, runs_at_once):
            raise UnsupportedWork(reason)

    def wait_for_phase(self) -> None:
        """Wait until the engine's polling is in the phase of the trial; at once, where nobody knows when it polled."""
        if self.phase is None or not self.spread_s:
            return
        since = 0.0 if self.engine.took_up is None else time.monotonic() - self.engine.took_up
        self.pause_s = (self.phase * self.spread_s - since) % self.spread_s
        time.sleep(self.pause_s)

    def note_poll(self) -> None:
        """Note when the engine took up the last run: its first body began a constant time after a poll."""
        seen = self._seen()
        begun = [each.first_start for each in seen.runs.values() or [seen] if each.bodies]
        if self.spread_s and begun:
            self.engine.took_up = max(begun) / 1e9

    def submit(self, name: str = "", meet: Mapping[str, int] | None = None, *, among_others: bool = False) -> Run:
        """Ask for a run; it has a name where the trial has several, and others may be asked for at the same moment."""
        asked = Asked(
            self.case.name,
            replace(self.trial, run=name),
            self.limit_s,
            self.parameters,
            closely=self.case.expectation.is_open or self.case.expectation.is_cancelled,
            meet=meet or {},
            among_others=among_others,
        )
        self.log_from[name] = self.engine.log_size()
        self.log_is_shared = self.log_is_shared or bool(self.going_on)
        self.going_on.add(run := self.engine.submit(asked))
        return run

    def accepted(self, run: Run) -> Accepted:
        """Wait until the tool has taken the run or refused it; a run that is refused is over."""
        try:
            return run.accepted()
        except UnsupportedWork:
            self.going_on.discard(run)
            raise

    def end(self, run: Run) -> str:
        """Wait until the run is over, and return the tool's word for how it ended; give it up after the limit."""
        self.accepted(run)
        state = run.end(self.limit_s)
        if state == RUNNING:
            self._give_up(run)
            raise TooLong(f"it was not over after {self.limit_s:g} s")
        self.going_on.discard(run)
        return state

    def see_through(self, run: Run, name: str = "") -> str:
        """Wait until the run is over, keep what the tool says of it, and return the tool's word for how it ended."""
        state, accepted = self.end(run), run.accepted()
        said = "" if state == SUCCEEDED else self._last_error(name)
        reported = run.reported() if accepted.id else Reported()
        recorded = time.monotonic_ns() if reported.tasks else None
        self.runs.append(RunOfTrial(name, accepted.id, state, accepted.clock_offset, reported, recorded, said))
        return state

    def wait_until_begun(self, body: str) -> Timeline:
        """Return once the body has begun, in any run of the trial, with what has happened until then."""
        deadline = time.monotonic() + self.limit_s
        while body not in (seen := read(Path(self.trial.events), grows=True)).attempts:
            if time.monotonic() > deadline:
                raise TooLong(f"{body} had not begun after {self.limit_s:g} s")
            time.sleep(LOOK_S)
        return seen

    def _last_error(self, name: str) -> str:
        """Return the last error of a run, in one line: what its events say, or else what the tool printed meanwhile."""
        whole = self._seen()
        own = whole.runs.get(name, Timeline()) if whole.runs else whole
        printed = b"" if self.log_is_shared else self.engine.log_since(self.log_from[name])
        return (own.last_error or last_error(printed)).partition("\n")[0][:LONGEST_ERROR]

    def _seen(self) -> Timeline:
        try:
            return read(Path(self.trial.events), grows=True)
        except Problem:
            return Timeline()  # derivation says what is wrong with the log; the run goes on meanwhile

    def _give_up(self, run: Run) -> None:
        try:
            run.cancel()
        except (EngineError, UnsupportedWork):
            return  # the engine is not used any more, and the keeper ends what is left


def last_error(log: bytes) -> str:
    """Return the last line with an error that was printed."""
    errors = [line for line in log.decode(errors="replace").splitlines() if "Error" in line and not line.startswith(" ")]
    return errors[-1].strip() if errors else ""
