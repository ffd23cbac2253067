"""Tells how a run goes: a bar with the time left on a terminal, a line per engine start elsewhere."""

from __future__ import annotations

import time
from collections import defaultdict
from statistics import fmean
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.plan import Plan, Start
from bench.records import TrialRecord


class Estimator:
    """Guesses the time left: what the same run, or failing that the same subject, or any run, took so far."""

    def __init__(self, plan: Plan, done: set[str]) -> None:
        """Take the runs that are still to be made."""
        self._left = {
            trial.id: (start.subject.label, trial.case.workload.name)
            for start in plan.starts
            for trial in start.trials
            if trial.id not in done
        }
        self._seen: dict[tuple[str, ...], list[float]] = defaultdict(list)

    def ended(self, trial: str, seconds: float) -> None:
        """Learn from a run that ended."""
        key = self._left.pop(trial, None)
        if key is not None:
            for known in (key, key[:1], ()):
                self._seen[known].append(seconds)

    def left_s(self) -> float | None:
        """Return the guess, or nothing before the first run has ended."""
        if not self._seen[()]:
            return None
        return sum(fmean(self._seen.get(key) or self._seen.get(key[:1]) or self._seen[()]) for key in self._left.values())


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
