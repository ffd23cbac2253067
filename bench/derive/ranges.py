"""Ranges: how far single runs lie apart, of all workloads of a scenario together.

Where an engine looks for submissions from time to time, a run's wait is a matter of when it came. The median of the few runs
of one workload is then a draw of chance, and what can be said is between which two values all of them lay.
"""

from __future__ import annotations

import statistics
from typing import Any, Final

from bench.derive.measured import Group
from bench.scenarios import METRICS

RANGED: Final = ("submit_to_first_s", "finish_lag_s")
"""What does not depend on how much work there is: the first, where an engine polls, and what comes after the last body."""


def rows_of(its: Group) -> list[dict[str, Any]]:
    """Return the least, the median and the most of each, over all runs of one subject that count."""
    counted = [each for each in its.outcomes if not each.record.warmup]
    rows = []
    for metric in RANGED:
        found = [each for each in counted if metric in each.values]
        if values := [each.values[metric] for each in found]:
            low, high = min(values), max(values)
            of = {"workloads": len({each.record.workload for each in found}), "n": len(values)}
            spread = {"low": low, "median": statistics.median(values), "high": high}
            polls = any(each.record.polls for each in found)
            unit = METRICS[metric].unit
            rows.append(
                {"scenario": its.scenario, **its.keys, "metric": metric, "unit": unit, "polls": polls, **of, **spread}
            )
    return rows
