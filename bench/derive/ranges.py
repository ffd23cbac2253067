"""Ranges: how far single trials lie apart, for all workloads of a scenario together.

Where an engine looks for submissions from time to time, the wait of a run depends on when it came. The median of the few
runs of one workload is then a draw of chance. A wait is one number L, and a draw between 0 and the period of the poll, which
is a setting; L is estimated from all waits of a setup together.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from bench.derive.measured import Group
from bench.scenarios import METRICS
from bench.store.rows import Range

WAIT: Final = "submit_to_first_s"

RANGED: Final = (WAIT, "finish_lag_s")
"""The metrics that do not depend on the amount of work: the wait before the first body, and the lag after the last."""

MIN_WAITS: Final = 4
"""How many waits a shortest one is told by."""


def ranges(group: Group) -> Iterator[Range]:
    """Yield the least, the median and the most of each metric, over all trials of a setup that count."""
    for metric in RANGED:
        trials = [trial for trial in group.counted if metric in trial.values]
        if values := [trial.values[metric] for trial in trials]:
            polls = any(trial.record.polls for trial in trials)
            periods = {trial.record.period_s for trial in trials}
            period = periods.pop() if metric == WAIT and len(periods) == 1 else 0.0
            shortest = shortest_wait(values, period) if period else None
            yield Range(
                scenario=group.scenario,
                setup=group.setup,
                metric=metric,
                unit=METRICS[metric].unit,
                polls=polls,
                workloads=len({trial.record.workload for trial in trials}),
                n=len(values),
                low=min(values),
                median=statistics.median(values),
                high=max(values),
                shortest=shortest,
                period=None if shortest is None else period,
            )


def shortest_wait(waits: Sequence[float], period: float) -> float | None:
    """Return L of waits that are L + U(0, P), as waits for the next poll are, where P is known; of few waits, nothing.

    It is the mean less half of the period: the shortest of the waits that were seen would be the shorter the more there are.
    """
    return float(np.mean(waits)) - period / 2 if len(waits) >= MIN_WAITS else None
