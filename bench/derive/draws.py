"""Draws: numbers that hold a wait for the next look of an engine, which chance decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.base import wording
from bench.base.stats.quantity import PLAIN_TO_SEE
from bench.derive.ranges import WAIT
from bench.derive.reading import reading
from bench.scenarios import METRICS
from bench.store.records import TrialRecord
from bench.store.rows import Estimate, Range

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

    def has(self, row: Estimate) -> bool:
        """Whether the number is a draw."""
        waits = self.waits.get(row.setup.key)
        if waits is None or row.metric not in _FROM_SUBMISSION or row.median is None or reading(row).kind != "value":
            return False
        # What took plainly less than any run waits was decided at once, such as that a parameter is wrong.
        least = min((each.low for each in waits), default=0.0)
        at_once = wording.base(row.unit, row.median)[1] * PLAIN_TO_SEE < least
        return not (at_once and METRICS[row.metric].perhaps_at_once)

    def whole(self, row: Estimate) -> Range | None:
        """Return the waits of all runs of the scenario, if the number is the wait of some of them."""
        waits = self.waits.get(row.setup.key, ()) if row.metric == WAIT else ()
        return next((each for each in waits if each.scenario == row.scenario), None)
