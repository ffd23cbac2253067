"""Draws: numbers that hold a wait for the next look of an engine, which chance decides. They stand in parentheses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.base import wording
from bench.base.stats.quantity import PLAIN_TO_SEE
from bench.derive.ranges import WAIT
from bench.derive.reading import reading
from bench.report import prose
from bench.report.prose import Number, Sentence
from bench.scenarios import METRICS
from bench.store.records import TrialRecord
from bench.store.rows import Estimate, Range

NOTE: Final = (
    "A number in parentheses is a draw. The engine looks for new runs from time to time, and chance decides how long a run"
    " waits for the next look. So it makes no tool faster than another."
)
"""What a table says that has such numbers."""

_FROM_SUBMISSION: Final = {name for name, own in METRICS.items() if METRICS.get(name.removeprefix("reported_"), own).waits}
"""The metrics that hold the wait, and the tool's own word on them."""


@dataclass(frozen=True)
class Draws:
    """Who polls, and for how long the runs waited."""

    waits: Mapping[tuple[str, ...], Sequence[Range]]
    """By setup: the waits of the runs of each scenario, where the engine polls.

    A scenario may have none, because it asks for nothing before the first task; a setup of such scenarios has an empty list.
    """

    @classmethod
    def of(cls, ranges: Iterable[Range], trials: Iterable[TrialRecord] = ()) -> Draws:
        """Gather the waits; without the trials, a setup whose waits nobody asked for is not known to poll."""
        waits: dict[tuple[str, ...], list[Range]] = defaultdict(list)
        for trial in trials:
            if trial.polls:
                waits[trial.setup.key] = []
        for row in ranges:
            if row.polls and row.metric == WAIT:
                waits[row.setup.key].append(row)
        return cls(dict(waits))

    def said(self, row: Estimate, *, own: bool = False) -> Sentence | None:
        """Return an estimate that is a draw: a wait as all runs of the scenario have it, unless `own`; any other as seen."""
        waits = self.waits.get(row.setup.key)
        if waits is None or row.metric not in _FROM_SUBMISSION or row.median is None or reading(row).kind != "value":
            return None
        # What took plainly less than any run waits was decided at once, such as that a parameter is wrong.
        least = min((each.low for each in waits), default=0.0)
        if METRICS[row.metric].perhaps_at_once and wording.base(row.unit, row.median)[1] * PLAIN_TO_SEE < least:
            return None
        whole = next((each for each in waits if each.scenario == row.scenario), None)
        if whole and row.metric == WAIT and not own:
            return Sentence.of("(", *prose.waiting(whole), ")")
        return Sentence.of("(", prose.median(row), ", n=", Number(str(row.n), row.n, "estimates", row.key, "n"), ")")
