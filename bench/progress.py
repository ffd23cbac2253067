"""Tells how a run goes: a bar with the time left on a terminal, a line per engine start elsewhere."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import fmean
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.plan import Plan, Start, Trial
from bench.records import TrialRecord


class Estimator:
    """Guesses the time left from the runs so far: those of the same subject and workload, or of less and less in common.

    Nothing is known of a subject before its first run. It is then taken for as slow as the slowest one known, because plain
    Python, which is not slow at all, makes most of the runs.
    """

    def __init__(self, plan: Plan, done: set[str]) -> None:
        """Take the runs that are still to be made."""
        self._left = {
            trial.id: _keys(start, trial) for start in plan.starts for trial in start.trials if trial.id not in done
        }
        self._seen: dict[str, list[float]] = defaultdict(list)
        self._slowest = 0.0

    def ended(self, trial: str, seconds: float) -> None:
        """Learn from a run that ended."""
        keys = self._left.pop(trial, ())
        for key in keys:
            self._seen[key].append(seconds)
        if keys:
            self._slowest = max(self._slowest, fmean(self._seen[keys[-1]]))

    def left_s(self) -> float | None:
        """Return the guess, or nothing before the first run has ended."""
        return sum(map(self._guess, self._left.values())) if self._seen else None

    def _guess(self, keys: Sequence[str]) -> float:
        return next((fmean(self._seen[key]) for key in keys if key in self._seen), self._slowest)


def _keys(start: Start, trial: Trial) -> tuple[str, ...]:
    """Return under what a run's time is remembered, the closest first."""
    its = start.subject
    alike = f"{its.orchestrator} {its.tier}"
    return (f"{its.label} {trial.case.workload.name}", f"{trial.scenario} {its.label}", f"{trial.scenario} {alike}", alike)


class Live:
    """A watcher for people."""

    def __init__(self, console: Console, plan: Plan, done: set[str]) -> None:
        """Show nothing yet."""
        self._console = console
        self._estimator = Estimator(plan, done)
        self._began = self._last = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description:<44}"),
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
        self._tell(f"{start.subject.label} (round {start.round})")
        if not self._console.is_terminal:
            self._console.print(f"{self._clock()}  {start.id}, {len(start.trials)} runs{self._left()}", highlight=False)

    def ended(self, start: Start, record: TrialRecord) -> None:
        """A run was written down."""
        now = time.monotonic()
        self._estimator.ended(record.id, now - self._last)
        self._last = now
        if not record.warmup:
            self._bar.advance(self._task)
        self._tell(f"{start.subject.label}  {record.workload}")
        if record.status != "ok":
            self._console.print(
                f"{record.id}: {record.status}, {record.because}", style="yellow", highlight=False, markup=False
            )

    def lost(self, start: Start, because: str) -> None:
        """An engine is gone before its time."""
        self._console.print(f"{start.id}: the engine was lost: {because}", style="yellow", highlight=False, markup=False)

    def _tell(self, what: str) -> None:
        self._bar.update(self._task, description=what, left=self._left())

    def _left(self) -> str:
        left = self._estimator.left_s()
        return "" if left is None else f", about {left / 60:.0f} min left" if left >= 90 else f", about {left:.0f} s left"

    def _clock(self) -> str:
        seconds = int(time.monotonic() - self._began)
        return f"{seconds // 60:3d}:{seconds % 60:02d}"


PATIENCE_S = 2.0
"""How long something may take before a line says what it is."""


@contextmanager
def waiting(console: Console, what: str) -> Iterator[Callable[[int, int], None]]:
    """Say what takes its time, and on a terminal how much of it is done; elsewhere a line, once it has taken a while."""
    if console.is_terminal:
        with console.status(what) as status:
            yield lambda done, total: status.update(f"{what}: {done} of {total}")
        return
    soon = threading.Timer(PATIENCE_S, lambda: console.print(what, highlight=False))
    soon.start()
    try:
        yield lambda _done, _total: None
    finally:
        soon.cancel()
