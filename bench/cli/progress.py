"""Tells how a run goes: a bar with the time left on a terminal, a line per engine start elsewhere."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.base.wording import counted, roughly
from bench.plan.plan import Plan, Start, Trial
from bench.plan.setup import ANY, Setup
from bench.run.forecast import Forecast
from bench.store.records import TrialRecord


class Estimator:
    """Guesses the time left: the forecast, times what runs of the same kind took over what was forecast for them.

    Of the same kind are those of the same setup and case, or else those that have less and less in common.
    """

    def __init__(self, forecast: Forecast) -> None:
        """Take the forecast of what is still to be made."""
        self._is_informed = forecast.is_informed
        self._left = {
            trial.id: (_kinds(each.start, trial), each.trials[trial.id])
            for each in forecast.starts
            for trial in each.start.trials
            if trial.id in each.trials
        }
        self._took_s: defaultdict[str, float] = defaultdict(float)
        self._forecast_s: defaultdict[str, float] = defaultdict(float)

    def ended(self, trial: str, seconds: float) -> None:
        """Learn from a run that ended, with all that came before it in its engine start."""
        if trial in self._left:
            kinds, expected = self._left.pop(trial)
            for kind in kinds:
                self._took_s[kind] += seconds
                self._forecast_s[kind] += expected

    def left_s(self) -> float | None:
        """Return the guess; None, if there is nothing yet to guess from."""
        if not (self._is_informed or self._forecast_s):
            return None
        return sum(expected * self._factor(kinds) for kinds, expected in self._left.values())

    def _factor(self, kinds: Sequence[str]) -> float:
        seen = next((kind for kind in kinds if kind in self._forecast_s), None)
        return 1.0 if seen is None else self._took_s[seen] / self._forecast_s[seen]


def _kinds(start: Start, trial: Trial) -> tuple[str, ...]:
    """Return the kinds of runs that a run belongs to, the narrowest first."""
    setup = start.setup
    alike = f"{setup.orchestrator} {setup.tier}"
    return (f"{setup.label} {trial.case.name}", f"{trial.scenario} {setup.label}", f"{trial.scenario} {alike}", alike, ANY)


class Live:
    """A watcher for people."""

    def __init__(self, console: Console, plan: Plan, forecast: Forecast) -> None:
        """Take the forecast of what the plan still has to do; show nothing yet."""
        self._console = console
        self._estimator = Estimator(forecast)
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
        self._task = self._bar.add_task("", total=len(plan.trials), completed=len(plan.trials) - forecast.runs, left="")

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
            self._console.print(f"{self._clock()}  {start.id}, {counted(len(start.trials), 'run')}{self._left()}")

    def ended(self, start: Start, record: TrialRecord, problem: str) -> None:
        """A trial was written down, and what went wrong with it."""
        if not record.warmup:
            now = time.monotonic()
            self._estimator.ended(record.id, now - self._last)
            self._last = now
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
        left_s = self._estimator.left_s()
        return ", time left not known yet" if left_s is None else f", about {roughly(left_s)} left"

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
