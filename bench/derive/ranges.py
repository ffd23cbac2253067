"""Ranges: how far single trials lie apart, of all workloads of a scenario together.

Where an engine looks for submissions from time to time, a run's wait is a matter of when it came. The median of the few runs
of one workload is then a draw of chance, and what can be said is between which two values all of them lay.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Final

from bench.derive.measured import Group
from bench.scenarios import METRICS
from bench.store.rows import Range

RANGED: Final = ("submit_to_first_s", "finish_lag_s")
"""What does not depend on how much work there is: the first, where an engine polls, and what comes after the last body."""


def ranges(group: Group) -> Iterator[Range]:
    """Yield the least, the median and the most of each, over all trials of a setup that count."""
    for metric in RANGED:
        trials = [each for each in group.counted if metric in each.values]
        if values := [each.values[metric] for each in trials]:
            yield Range(
                scenario=group.scenario,
                setup=group.setup,
                metric=metric,
                unit=METRICS[metric].unit,
                polls=any(each.record.polls for each in trials),
                workloads=len({each.record.workload for each in trials}),
                n=len(values),
                low=min(values),
                median=statistics.median(values),
                high=max(values),
            )
