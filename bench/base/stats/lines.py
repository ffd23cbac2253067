"""Lines through the quantities of several sizes, and where the time that is work crosses one half."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from bench.base.stats.quantity import MIN_STARTS, PLAIN_TO_SEE, Array, Quantity, missing, with_draws

NEAR: Final = 0.1
"""The share of all sizes below which two of them are too near each other: the times differ by less than noise."""


def line_through(points: Mapping[int, Quantity], least: int = 0) -> tuple[Quantity, Quantity]:
    """Return slope and height, at the least size, of a robust line through the quantities of the sizes.

    It is Theil-Sen's, the median of the slopes of all pairs, without those of sizes that are too near each other.
    """
    known = dict(sorted(points.items()))
    if lost := {size: str(each.why_not) for size, each in known.items() if each.point is None}:
        size, why_not = next(iter(lost.items()))
        # A tool that lacks all of it has no line for that very reason, whatever the size.
        none = missing(why_not if len(lost) == len(known) and len({*lost.values()}) == 1 else f"at {size}: {why_not}")
        return none, none
    if len(known) < 2:
        none = missing("a line needs at least two sizes")
        return none, none
    sizes = np.array(list(known), dtype=float)
    table = with_draws(known.values())
    first, second = np.triu_indices(len(sizes), 1)
    far = sizes[second] - sizes[first] >= NEAR * (sizes[-1] - sizes[0])
    first, second = first[far], second[far]
    slopes = np.median((table[:, second] - table[:, first]) / (sizes[second] - sizes[first]), axis=1)
    heights = np.median(table - slopes[:, None] * (sizes - least), axis=1)
    n, starts = min(each.n for each in known.values()), min(each.starts for each in known.values())
    # The line rises beside the time of the first size, and goes back from there to the least one.
    flat = abs(float(table[-1, 0])) / (sizes[-1] - sizes[0])
    back = abs(float(slopes[-1])) * abs(sizes[0] - least)
    return (
        Quantity(float(slopes[-1]), slopes[:-1], n, starts, subtracted=float(flat)),
        Quantity(float(heights[-1]), heights[:-1], n, starts, subtracted=float(back)),
    )


CURVED: Final = 0.3
"""By which share of the larger one the costs of a task at both ends of a line differ, where it is called curved."""


RISES: Final = 0.5
"""Which share of the time before it a rise has to be to bend a line, of few starts: only one in fifty is so by chance."""


SHORT: Final = 0.05
"""The share of all sizes below which a stretch of a line is too short: what it rises by is lost in the times at its ends."""


def is_curved(points: Mapping[int, Quantity]) -> bool:
    """Whether no straight line fits: a task costs something else in the last stretch of the line than in the first.

    Where the starts are too few for an interval, the one has to cost twice as much as the other, and to be no noise itself.
    """
    known = [(size, each) for size, each in sorted(points.items()) if each.point is not None]
    if len(known) < 3:
        return False
    (least, _), (most, _) = known[0], known[-1]
    short = SHORT * (most - least)
    second = next(point for point in known if point[0] - least >= short)
    last_but_one = next(point for point in reversed(known) if most - point[0] >= short)
    if second[0] > last_but_one[0]:
        return False
    first, last = _slope(known[0], second), _slope(last_but_one, known[-1])
    less, more = sorted((first, last), key=lambda each: abs(each.point or 0.0))
    smaller, larger = less.point or 0.0, more.point or 0.0
    apart = last.minus(first)
    low, high = apart.interval()
    if low is None or high is None:
        is_seen = abs(larger) > RISES * more.subtracted
        return apart.starts < MIN_STARTS and is_seen and abs(larger) > PLAIN_TO_SEE * abs(smaller)
    return (low > 0 or high < 0) and abs(larger - smaller) > CURVED * abs(larger)


def _slope(one: tuple[int, Quantity], other: tuple[int, Quantity]) -> Quantity:
    (size, before), (larger, after) = one, other
    rise = after.minus(before)
    return rise.times(1 / (larger - size))


def half_efficiency(work: Sequence[Quantity], plain: Sequence[Quantity], other: Sequence[Quantity]) -> Quantity:
    """Return the task duration at which plain / other crosses one half; `work` is how long the task took in plain Python.

    Between two measured durations both times are taken as straight lines, because time = overhead + depth x work;
    a straight line through the efficiencies themselves would be off by a factor where points lie far apart.
    """
    if len(work) < 2:
        return missing("a crossing needs at least two task durations")
    if lost := [each.why_not for each in (*work, *plain, *other) if each.point is None]:
        return missing(lost[0] or "a task duration of the sweep has no time")
    work_s, plain_s, other_s = with_draws(work), with_draws(plain), with_draws(other)
    slack = plain_s - other_s / 2  # below zero: less than half of the time is the user's work
    if (np.diff(work_s[-1]) <= 0).any():
        return missing("tasks with more work in them were not seen to take longer: the machine changed its pace")
    crossings = np.array([_crossing(durations, row) for durations, row in zip(work_s, slack, strict=True)])
    if np.isinf(crossings[-1]):
        if slack[-1, 0] >= 0:
            efficiency = plain_s[-1, 0] / other_s[-1, 0]
            return missing(f"even the shortest task ({_ms(work_s[-1, 0])}) reaches an efficiency of {efficiency:.2f}")
        efficiency = plain_s[-1, -1] / other_s[-1, -1]
        return missing(f"even the longest task ({_ms(work_s[-1, -1])}) reaches an efficiency of {efficiency:.2f} only")
    every = (*work, *plain, *other)
    n, starts = min(each.n for each in other), min(each.starts for each in every)
    return Quantity(float(crossings[-1]), crossings[:-1], n, starts)


def _crossing(durations: Array, slack: Array) -> float:
    ups = np.flatnonzero((slack[:-1] < 0) & (slack[1:] >= 0))
    if slack[0] >= 0 or not ups.size or (np.diff(durations) <= 0).any():
        return math.inf
    at = ups[0]
    return float(durations[at] - slack[at] * (durations[at + 1] - durations[at]) / (slack[at + 1] - slack[at]))


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms"
