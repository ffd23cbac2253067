"""One number of two runs: how far the second lies from the first, and whether that is a change.

Some numbers are zero or less, so that there is no ratio: a wait minus the wait that was asked for, the intercept of a line,
how often a body ran again. There the difference is judged instead, as a share of the larger of the two values. From nothing
to anything is then a change of 100 %, which no noise floor hides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bench.base import wording
from bench.base.stats.quantity import Quantity
from bench.scenarios.kit.common_metrics import COUNTS, Metric

RESOLUTION_MS = 0.1
"""Smaller differences do not count: the two events of a task alone cost some 0.01 ms."""

Verdict = Literal["lost", "worse", "better", "same", "too few starts"]

VERDICTS: Final[Sequence[Verdict]] = ("lost", "worse", "better", "same", "too few starts")
"""In the order in which a reader wants them."""


@dataclass(frozen=True)
class Effect:
    """How far the second run's number lies from the first's."""

    by: Literal["ratio", "difference"]
    """The second over the first; or the second minus the first, where there is nothing to divide by."""
    size: float
    low: float | None
    high: float | None

    def said(self, unit: str) -> str:
        """Return it in words."""
        if self.by == "ratio":
            spread = "" if self.low is None or self.high is None else f" [{self.low:.3f}, {self.high:.3f}]"
            return f"ratio {self.size:.3f}{spread}"
        spread = "" if self.low is None or self.high is None else f" [{wording.said(unit, self.low, self.high)}]"
        sign = "+" if self.size > 0 else ""
        return f"difference {sign}{wording.said(unit, self.size)}{spread}"


def effect_of(before: Quantity, after: Quantity, level: float) -> Effect:
    """Return how far one number lies from the other, as a ratio if there is one, with the interval."""
    ratio = after.over(before)
    if ratio.point is not None:
        return Effect("ratio", ratio.point, *ratio.interval(level))
    apart = after.minus(before)
    return Effect("difference", apart.point or 0.0, *apart.interval(level))


def judge(metric: Metric, before: Quantity, after: Quantity, effect: Effect, fail_over: float, floor: float) -> Verdict:
    """Say whether the effect is a change for the worse or the better, beyond `fail_over` and the noise floor."""
    larger: Verdict = "better" if metric.better == "higher" else "worse"
    smaller: Verdict = "worse" if metric.better == "higher" else "better"
    first, second = before.point or 0.0, after.point or 0.0
    if metric.unit in COUNTS:
        floor = 0.0
        if _is_certain(before) and _is_certain(after):
            # A body that ran once and runs twice now is neither a small slow-down nor chance.
            if second == first:
                return "same"
            return larger if second > first else smaller
    # The resolution is one of times.
    apart_ms = abs(second - first) * {"s": 1000.0, "ms": 1.0}.get(metric.unit, math.inf)
    if second == first or apart_ms < RESOLUTION_MS:
        return "same"
    if effect.by == "ratio":
        up, down, up_floor, down_floor = 1 + fail_over, 1 / (1 + fail_over), 1 + floor, 1 / (1 + floor)
    else:
        whole = max(abs(first), abs(second))
        # Two values with a ratio of 1 + floor differ by this share of the larger one: by less than all of it, however wide.
        share = floor / (1 + floor)
        up, down, up_floor, down_floor = fail_over * whole, -fail_over * whole, share * whole, -share * whole
    if effect.low is not None and effect.size > up and effect.low > up_floor:
        return larger
    if effect.high is not None and effect.size < down and effect.high < down_floor:
        return smaller
    return "same"


def _is_certain(count: Quantity) -> bool:
    """Whether every resample has the same median: the count was the same in nearly every run."""
    return bool((count.draws == count.point).all())
