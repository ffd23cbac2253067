"""The A/A control: a setup measured twice as if it were two; how far from 1 its ratio to itself may lie is noise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, TypeGuard

import msgspec

from bench.base import stats
from bench.base.stats import Quantity
from bench.derive.figures import Figure
from bench.plan.setup import Setup
from bench.store.rows import Control

METRIC: Final = "makespan_s"


def controls(figures: Sequence[Figure]) -> Iterator[Control]:
    """Yield, for each setup that was measured twice, the ratio of its two makespans over all workloads."""
    makespans: dict[tuple[str, Setup], dict[str, Quantity]] = defaultdict(dict)
    for each in figures:
        known = makespans[each.scenario, each.setup]
        if each.metric.name == METRIC:
            known[each.workload] = each.quantity
    for (scenario, setup), again in makespans.items():
        first = makespans.get((scenario, msgspec.structs.replace(setup, control=False)))
        if setup.control and first is not None:
            pairs = [quantity.over(first[workload]) for workload, quantity in again.items() if workload in first]
            ratio = stats.mean_ratio(pairs)
            low, high = ratio.interval()
            yield Control(
                scenario=scenario,
                setup=setup,
                metric=METRIC,
                workloads=len(pairs),
                n=ratio.n,
                starts=ratio.starts,
                ratio=ratio.point,
                low=low,
                high=high,
                missing_because=ratio.why_not,
            )


def noise_floor(controls: Sequence[Control], scenario: str, tier: str) -> float | None:
    """Return how far from 1 an A/A ratio may lie there, by the widest of its intervals; nothing without a control."""
    whose = controlled(controls, scenario, tier)
    intervals = [(each.low, each.high) for each in controls if each.setup.tier == tier and each.scenario in whose]
    return max((max(high, 1 / low) - 1 for low, high in filter(_is_closed, intervals)), default=None)


def controlled(controls: Sequence[Control], scenario: str, tier: str) -> list[str]:
    """Name the scenarios whose controls give the floor: without a control of its own, one takes that of its tier."""
    own = [each for each in controls if each.setup.tier == tier and _is_closed((each.low, each.high))]
    found = list(dict.fromkeys(each.scenario for each in own))
    return [scenario] if scenario in found else found


def _is_closed(interval: tuple[float | None, float | None]) -> TypeGuard[tuple[float, float]]:
    low, high = interval
    return bool(low) and high is not None
