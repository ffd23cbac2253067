"""Tells how a run goes: a bar with the time left on a terminal, a line per engine start elsewhere."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.plan.plan import Plan, Start, Trial
from bench.plan.setup import Setup
from bench.store.records import TrialRecord


@dataclass(frozen=True)
class Left:
    """What a run still needs, as far as it is known."""

    seconds: float
    """Of the runs whose like has been seen in this run."""
    unseen: int = 0
    """How many other runs there are: no run of their tool at their tier has ended yet."""

    def __str__(self) -> str:
        """Say it in a few words."""
        if self.unseen and not self.seconds:
            return "time left not known yet"
        known = f"about {self.seconds / 60:.0f} min left" if self.seconds >= 90 else f"about {self.seconds:.0f} s left"
        return f"{known}, and {_runs(self.unseen)} whose time is not known yet" if self.unseen else known


def _runs(count: int) -> str:
    return f"{count} run{'' if count == 1 else 's'}"


class Estimator:
    """Guesses the time left from the runs so far: those of the same setup and workload, or of less and less in common.

    Nothing is guessed from other machines: how long a tool takes is known once a run of the tool at the tier has ended.
    """

    def __init__(self, plan: Plan, done: set[str]) -> None:
        """Take the runs that are still to be made."""
        self._keys = {
            trial.id: _keys(start, trial) for start in plan.starts for trial in start.trials if trial.id not in done
        }
        self._left = Counter(self._keys.values())
        self._runs: Counter[str] = Counter()
        self._took_s: defaultdict[str, float] = defaultdict(float)

    def ended(self, trial: str, seconds: float) -> None:
        """Learn from a run that ended."""
        if keys := self._keys.pop(trial, None):
            self._left[keys] -= 1
            for key in keys:
                self._runs[key] += 1
                self._took_s[key] += seconds

    def left(self) -> Left:
        """Return the guess."""
        guesses = [(count, self._guess(keys)) for keys, count in self._left.items()]
        return Left(
            seconds=sum(count * each for count, each in guesses if each is not None),
            unseen=sum(count for count, each in guesses if each is None),
        )

    def _guess(self, keys: Sequence[str]) -> float | None:
        known = next((key for key in keys if self._runs[key]), None)
        return None if known is None else self._took_s[known] / self._runs[known]


def _keys(start: Start, trial: Trial) -> tuple[str, ...]:
    """Return under what a run's time is remembered, the closest first."""
    setup = start.setup
    alike = f"{setup.orchestrator} {setup.tier}"
    return (f"{setup.label} {trial.case.name}", f"{trial.scenario} {setup.label}", f"{trial.scenario} {alike}", alike)


class Live:
    """A watcher for people."""

    def __init__(self, console: Console, plan: Plan, done: set[str]) -> None:
        """Show nothing yet."""
        self._console = console
        self._estimator = Estimator(plan, done)
        self._began = self._last = time.monotonic()
        self._known_to_be_unsupported: set[tuple[Setup, str]] = set()
        self._bar = Progress(
            TextColumn("{task.description:<44}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=len(plan.trials), completed=len(done), left="")

    def __enter__(self) -> Self:
        """Start drawing."""
        self._bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop drawing."""
        self._bar.stop()

    def starting(self, start: Start) -> None:
        """An engine start begins."""
        self._tell(f"{start.setup.label} (round {start.round})")
        if not self._console.is_terminal:
            self._console.print(f"{self._clock()}  {start.id}, {_runs(len(start.trials))}{self._left()}")

    def ended(self, start: Start, record: TrialRecord, problem: str) -> None:
        """A trial was written down, and what went wrong with it."""
        now = time.monotonic()
        self._estimator.ended(record.id, now - self._last)
        self._last = now
        if not record.warmup:
            self._bar.advance(self._task)
        self._tell(f"{start.setup.label}  {record.workload}")
        if problem:
            self._tell_of(record, problem)

    def lost(self, start: Start, because: str) -> None:
        """Say that an engine was lost."""
        self._console.print(f"{start.id}: the engine was lost: {because}", style="yellow")

    def _tell_of(self, record: TrialRecord, problem: str) -> None:
        if record.end == "unsupported":  # as it will be in every round: once is enough
            if (record.setup, record.workload) in self._known_to_be_unsupported:
                return
            self._known_to_be_unsupported.add((record.setup, record.workload))
        self._console.print(f"{record.id}: {problem}", style="yellow", soft_wrap=True)

    def _tell(self, what: str) -> None:
        self._bar.update(self._task, description=what, left=self._left())

    def _left(self) -> str:
        return f", {self._estimator.left()}"

    def _clock(self) -> str:
        seconds = int(time.monotonic() - self._began)
        return f"{seconds // 60:3d}:{seconds % 60:02d}"


PATIENCE_S = 2.0
"""How long something may take before a line says what it is."""


@contextmanager
def waiting(console: Console, what: str) -> Iterator[Callable[[int, int], None]]:
    """Show what takes long: on a terminal how much is done, elsewhere a line once it has taken a while."""
    if console.is_terminal:
        with console.status(what) as status:
            yield lambda done, total: status.update(f"{what}: {done} of {total}")
        return
    soon = threading.Timer(PATIENCE_S, lambda: console.print(what))
    soon.start()
    try:
        yield lambda _done, _total: None
    finally:
        soon.cancel()
