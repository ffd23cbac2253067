"""Tells how a run goes: a bar with the time left on a terminal, a line per engine start elsewhere."""

from __future__ import annotations

import time
from collections import defaultdict
from statistics import fmean
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.plan import Plan, Start, Trial
from bench.records import TrialRecord

ANY = ""


class Estimator:
    """Guesses the time left from the runs so far: those of the same subject and workload, or of less and less in common."""

    def __init__(self, plan: Plan, done: set[str]) -> None:
        """Take the runs that are still to be made."""
        self._left = {
            trial.id: _keys(start, trial) for start in plan.starts for trial in start.trials if trial.id not in done
        }
        self._seen: dict[str, list[float]] = defaultdict(list)

    def ended(self, trial: str, seconds: float) -> None:
        """Learn from a run that ended."""
        for key in self._left.pop(trial, ()):
            self._seen[key].append(seconds)

    def left_s(self) -> float | None:
        """Return the guess, or nothing before the first run has ended."""
        if not self._seen[ANY]:
            return None
        return sum(fmean(self._seen[next(key for key in keys if key in self._seen)]) for keys in self._left.values())


def _keys(start: Start, trial: Trial) -> tuple[str, ...]:
    """Return under what a run's time is remembered, the closest first."""
    its = start.subject
    return (f"{its.label} {trial.case.workload.name}", its.label, f"{its.orchestrator} {its.tier}", its.tier, ANY)


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
