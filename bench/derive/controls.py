"""The A/A control: a setup measured twice, as if it were two. How far its ratio to itself lies from 1 is noise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, TypeGuard

import msgspec

from bench.base.stats.quantity import Quantity, mean_ratio
from bench.derive.figures import Figure
from bench.plan.setup import Setup
from bench.store.rows import Control

METRIC: Final = "first_to_last_s"


def controls(figures: Sequence[Figure]) -> Iterator[Control]:
    """Yield the ratio of the two over all workloads, for each setup that was measured twice."""
    spans: dict[tuple[str, Setup], dict[str, Quantity]] = defaultdict(dict)
    for figure in figures:
        known = spans[figure.scenario, figure.setup]
        if figure.metric.name == METRIC:
            known[figure.workload] = figure.quantity
    for (scenario, setup), again in spans.items():
        first = spans.get((scenario, msgspec.structs.replace(setup, control=False)))
        if setup.control and first is not None:
            pairs = [quantity.over(first[workload]) for workload, quantity in again.items() if workload in first]
            ratio = mean_ratio(pairs)
            low, high = ratio.interval()
            yield Control(
                scenario=scenario,
                setup=setup,
                metric=METRIC,
                workloads=sum(pair.point is not None for pair in pairs),
                n=ratio.n,
                starts=ratio.starts,
                ratio=ratio.point,
                low=low,
                high=high,
                missing_because=ratio.why_not,
            )


def noise_floor(controls: Sequence[Control], scenario: str, tier: str) -> float | None:
    """Return how far from 1 an A/A ratio may lie there, by the widest interval; None without a control."""
    sources = controlled(controls, scenario, tier)
    intervals = [(row.low, row.high) for row in controls if row.setup.tier == tier and row.scenario in sources]
    return max((max(high, 1 / low) - 1 for low, high in filter(_is_closed, intervals)), default=None)


def controlled(controls: Sequence[Control], scenario: str, tier: str) -> list[str]:
    """Name the scenarios whose controls give the floor: the scenario itself, or those of the tier if it has no control."""
    closed = [row for row in controls if row.setup.tier == tier and _is_closed((row.low, row.high))]
    scenarios = list(dict.fromkeys(row.scenario for row in closed))
    return [scenario] if scenario in scenarios else scenarios


def _is_closed(interval: tuple[float | None, float | None]) -> TypeGuard[tuple[float, float]]:
    low, high = interval
    return bool(low) and high is not None
