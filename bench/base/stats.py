"""Medians, lines and crossings, each with an interval that knows how far engine starts lie apart.

Runs that share an engine start are not independent, so that a start counts as one observation: the centre of its runs.
Starts are resampled, and every derived number (a slope, a ratio, a crossing) is computed in each resample. How far a number
scatters over the resamples is its standard error, and the interval is that of Student's t for as many starts: few starts
do not show how far others would lie. No interval is a combination of other intervals.
"""

from __future__ import annotations

import itertools
import math
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

import numpy as np

RESAMPLES = 1000
LEVEL = 0.95

MIN_STARTS = 3
"""How many engine starts an interval takes: two may agree by chance, and then say that all do."""

PLAIN_TO_SEE = 2.0
"""An engine start has a bias that its runs do not show: some per cent, where we looked (docs/method.md).

So what is said by fewer starts has to lie beyond a factor that no such bias comes near.
"""

TRIMMED = 0.1
"""The share of values that a trimmed mean leaves out at either end."""

MIN_TRIMMED = 5
"""Of fewer values, none is left out."""

MIN_WAITS = 4
"""How many waits a shortest one is told by."""

Array = np.ndarray

Centre = Callable[[Array], Array]
"""From a table to one value for each row; a cell without a value is NaN."""


@dataclass(frozen=True)
class Quantity:
    """A number, and what it is in each resample; `why_not` says why there is no number."""

    point: float | None
    draws: Array = field(default_factory=lambda: np.empty(0))
    n: int = 0
    starts: int = 0
    why_not: str | None = None

    def interval(self, level: float = LEVEL) -> tuple[float | None, float | None]:
        """Return the interval, or nothing where there are too few starts for one, or it is open."""
        draws = self.draws[~np.isnan(self.draws)]  # a resample may lack the number: not every start has it
        # In a resample without a crossing it lies beyond the measured points, nobody knows how far.
        if self.point is None or self.starts < MIN_STARTS or np.isinf(draws).any():
            return None, None
        # Resamples scatter less than starts do, as if their mean were known.
        reach = student(level, self.starts - 1) * math.sqrt(self.starts / (self.starts - 1))
        if self.is_above_zero:
            factor = math.exp(reach * float(np.std(np.log(draws))))  # times scatter by factors
            return self.point / factor, self.point * factor
        half = reach * float(np.std(draws))
        return self.point - half, self.point + half

    @property
    def is_above_zero(self) -> bool:
        """Whether it is above zero in every resample."""
        return self.point is not None and self.point > 0 and not (self.draws <= 0).any()

    def times(self, factor: float) -> Quantity:
        """Return a multiple of this."""
        return self if self.point is None else replace(self, point=self.point * factor, draws=self.draws * factor)

    def plus(self, other: Quantity) -> Quantity:
        """Return the sum of this and the other."""
        if self.point is None or other.point is None:
            return missing(self.why_not or other.why_not or "there is nothing to add")
        return Quantity(self.point + other.point, self.draws + other.draws, self.n, self.starts)

    def minus(self, other: Quantity) -> Quantity:
        """Return the difference of this and the other."""
        if self.point is None or other.point is None:
            return missing(self.why_not or other.why_not or "there is nothing to subtract")
        n, starts = min(self.n, other.n), min(self.starts, other.starts)
        return Quantity(self.point - other.point, self.draws - other.draws, n, starts)

    def over(self, other: Quantity) -> Quantity:
        """Return the ratio of this to the other."""
        if self.point is None or other.point is None:
            return missing(self.why_not or other.why_not or "there is nothing to divide")
        if not other.is_above_zero:
            return missing("the value to divide by is not clearly above zero")
        if not self.is_above_zero:
            return missing("the value to divide is not clearly above zero")
        draws = self.draws / other.draws
        return Quantity(self.point / other.point, draws, min(self.n, other.n), min(self.starts, other.starts))


def student(level: float, freedom: int) -> float:
    """Return how many standard errors the interval reaches to either side."""
    from scipy.special import stdtrit  # noqa: PLC0415 - most commands compute no interval

    return float(stdtrit(freedom, (1 + level) / 2))


def exact(value: float, n: int, starts: int) -> Quantity:
    """Return a number that every resample has."""
    return Quantity(value, np.full(RESAMPLES, value), n, starts)


def missing(why: str) -> Quantity:
    """Return no number, with the reason."""
    return Quantity(None, why_not=why)


def medians(table: Array) -> Array:
    """Return the median of each row."""
    ordered = np.sort(table, axis=1)  # NaN sorts last
    counts = np.isfinite(ordered).sum(axis=1)
    rows = np.arange(len(ordered))
    lower = ordered[rows, np.maximum(counts - 1, 0) // 2]
    upper = ordered[rows, np.minimum(counts // 2, ordered.shape[1] - 1)]
    return np.where(counts > 0, (lower + upper) / 2, np.nan)


def trimmed_means(table: Array) -> Array:
    """Return the mean of each row without the lowest and the highest tenth of the row; of five values, without one of each.

    Where runs are either fast or slow and seldom in between, few values lie near the median, and the median jumps from run
    to run. A mean does not. It says less about a single run, and more about a difference.
    """
    ordered = np.sort(table, axis=1)  # NaN sorts last
    counts = np.isfinite(ordered).sum(axis=1)[:, None]
    left_out = np.where(counts < MIN_TRIMMED, 0, np.maximum(counts * TRIMMED, 1)).astype(int)
    places = np.arange(ordered.shape[1])
    kept = (places >= left_out) & (places < counts - left_out)
    with np.errstate(invalid="ignore"):
        means: Array = np.where(kept, ordered, 0.0).sum(axis=1) / kept.sum(axis=1)
    return means


def slowest_tenths(table: Array) -> Array:
    """Return of each row the value that nine of ten are not above; of fewer than ten values, the largest."""
    ordered = np.sort(table, axis=1)  # NaN sorts last
    counts = np.isfinite(ordered).sum(axis=1)
    places = np.maximum(np.ceil(counts * (1 - TRIMMED)).astype(int) - 1, 0)
    found: Array = ordered[np.arange(len(ordered)), places]
    return found


@dataclass(frozen=True)
class Resampler:
    """The engine starts of one setup, drawn once, so that all numbers of the setup see the same draws."""

    starts: tuple[str, ...]
    picks: Array
    centre: Centre
    of_runs: Centre
    """What is taken of the runs of a start, before the centre is taken of the starts."""

    @classmethod
    def of(
        cls,
        label: str,
        widths: Mapping[str, int | None],
        centre: Centre = medians,
        of_runs: Centre | None = None,
        rounds: Mapping[str, int] | None = None,
    ) -> Resampler:
        """Draw for the setup with the label; the same label always gets the same draws.

        The starts of each width are drawn among themselves, so that no resample lacks a width. Those of a round run side by
        side and are divided by each other, so the same rounds are drawn for every width.
        """
        random = np.random.default_rng(zlib.crc32(label.encode()))
        starts = list(widths)
        slots = _slots(widths, rounds or {})
        places = {slot: place for place, slot in enumerate(sorted(set(slots.values())))}
        drawn = random.integers(0, len(places), (RESAMPLES, len(places)))
        picks = np.empty((RESAMPLES, len(starts)), dtype=int)
        for width in dict.fromkeys(widths.values()):
            alike = [place for place, start in enumerate(starts) if widths[start] == width]
            at = np.full(len(places), -1)
            at[[places[slots[starts[place]]] for place in alike]] = alike
            picked = at[drawn[:, : len(alike)]]
            # A round that this width lacks, because a start failed, is replaced by any that it has.
            instead = np.array(alike)[random.integers(0, len(alike), picked.shape)]
            picks[:, alike] = np.where(picked < 0, instead, picked)
        return cls(tuple(starts), picks, centre, of_runs or centre)

    def centre_of(self, values: Mapping[str, Sequence[float]], centre: Centre | None = None) -> Quantity:
        """Return the centre of the values, which are given by engine start: the centre of those of the starts."""
        of_runs, centre = (centre, centre) if centre else (self.of_runs, self.centre)
        by_start = [values.get(start, ()) for start in self.starts]
        runs = [len(of_start) for of_start in by_start]
        if not any(runs):
            return missing("no run yielded it")
        table = np.full((len(by_start), max(runs)), np.nan)
        for row, of_start in zip(table, by_start, strict=True):
            row[: len(of_start)] = of_start
        starts = of_runs(table)
        return Quantity(float(centre(starts[None])[0]), centre(starts[self.picks]), sum(runs), sum(map(bool, runs)))


def _slots(widths: Mapping[str, int | None], rounds: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Return the round of each start, and the how many-th of the width it is there."""
    seen: Counter[tuple[int | None, int]] = Counter()
    slots: dict[str, tuple[int, int]] = {}
    for start, width in widths.items():
        place = (width, rounds.get(start, 0))
        slots[start] = (place[1], seen[place])
        seen[place] += 1
    return slots


def line(points: Mapping[int, Quantity]) -> tuple[Quantity, Quantity]:
    """Return slope and intercept of the robust line (Theil-Sen) through the quantities of the sizes."""
    known = dict(sorted(points.items()))
    why_not = next((f"{size} tasks: {each.why_not}" for size, each in known.items() if each.point is None), None)
    if why_not or len(known) < 2:
        none = missing(why_not or "a line needs at least two sizes")
        return none, none
    sizes = np.array(list(known), dtype=float)
    table = _with_draws(known.values())
    first, second = np.triu_indices(len(sizes), 1)
    slopes = np.median((table[:, second] - table[:, first]) / (sizes[second] - sizes[first]), axis=1)
    intercepts = np.median(table - slopes[:, None] * sizes, axis=1)
    n, starts = min(each.n for each in known.values()), min(each.starts for each in known.values())
    return (
        Quantity(float(slopes[-1]), slopes[:-1], n, starts),
        Quantity(float(intercepts[-1]), intercepts[:-1], n, starts),
    )


def _with_draws(quantities: Iterable[Quantity]) -> Array:
    """Return a column for each quantity: a row for each resample, and the point in the last row."""
    return np.column_stack([np.append(each.draws, each.point or 0.0) for each in quantities])


CURVED: Final = 0.3
"""By which share of the larger one the costs of a task at both ends of a line differ, where it is called curved."""


def is_curved(points: Mapping[int, Quantity]) -> bool:
    """Whether no straight line fits: a task costs something else between the last two sizes than between the first two.

    Where the starts are too few for an interval, the one has to cost twice as much as the other.
    """
    known = [(size, each) for size, each in sorted(points.items()) if each.point is not None]
    if len(known) < 3:
        return False
    first, last = (_slope(*ends) for ends in (known[:2], known[-2:]))
    smaller, larger = sorted((first.point or 0.0, last.point or 0.0), key=abs)
    apart = last.minus(first)
    low, high = apart.interval()
    if low is None or high is None:
        return apart.starts < MIN_STARTS and abs(larger) > PLAIN_TO_SEE * abs(smaller)
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
    work_s, plain_s, other_s = _with_draws(work), _with_draws(plain), _with_draws(other)
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


def mean_ratio(ratios: Sequence[Quantity]) -> Quantity:
    """Return the geometric mean of ratios."""
    known = [each for each in ratios if each.point is not None]
    if not known:
        return missing("no ratio to average")
    point = float(np.exp(np.mean([np.log(each.point or 1.0) for each in known])))
    draws = np.exp(np.mean([np.log(each.draws) for each in known], axis=0))
    return Quantity(point, draws, min(each.n for each in known), min(each.starts for each in known))


def shortest_wait(waits: Sequence[float], period: float) -> float | None:
    """Return L of waits that are L + U(0, P), as waits for the next poll are, where P is known; of few waits, nothing.

    It is the mean less half of the period: the shortest of the waits that were seen would be the shorter the more there are.
    """
    return float(np.mean(waits)) - period / 2 if len(waits) >= MIN_WAITS else None


def median_of(quantities: Sequence[Quantity]) -> Quantity:
    """Return the median of several numbers, of which none may be missing."""
    if not quantities or (lost := [each.why_not for each in quantities if each.point is None]):
        return missing((lost[0] if quantities else None) or "there is nothing to take the median of")
    *draws, point = np.median(_with_draws(quantities), axis=1)
    n, starts = min(each.n for each in quantities), min(each.starts for each in quantities)
    return Quantity(float(point), np.array(draws), n, starts)


DRIFTING: Final = 0.02
"""How rare the order of a series has to be among all orders of its values: the rarest of five are 2 of 120."""

_ORDERS: Final = 5000
"""How many orders are tried where there are too many to try all."""


def instabilities(values: Sequence[float]) -> list[str]:
    """Return the signs that a series of repetitions, in the order of measuring, is not to be trusted."""
    if len(values) < 5:
        return []
    series = np.array(values)
    signs = []
    low, middle, high = np.quantile(series, [0.25, 0.5, 0.75])
    if middle > 0 and (high - low) / middle > 0.3:
        signs.append("spread")
    deviation = np.median(np.abs(series - middle)) / 0.6745
    # Iglewicz and Hoaglin's modified z-score, with their threshold.
    if deviation > 0 and np.any(np.abs(series - middle) / deviation > 3.5):
        signs.append("outliers")
    if _is_drifting(series):
        signs.append("drift")
    return signs


def _is_drifting(series: Array) -> bool:
    """Whether the values rise or fall in the order of measuring, more than in nearly all other orders (Spearman's rho)."""
    values, places, counts = np.unique(series, return_inverse=True, return_counts=True)
    if len(values) < 3:  # one change is an event, and no drift
        return False
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]  # equal values share a rank
    ranks -= ranks.mean()
    apart = np.abs(_orders(len(series)) @ ranks)
    seen = abs(float((np.arange(len(series)) - (len(series) - 1) / 2) @ ranks))
    return float(np.mean(apart >= seen - 1e-9)) <= DRIFTING


@cache
def _orders(n: int) -> Array:
    """Return the places of the values in every order of them, or in a sample of the orders, around zero."""
    middle = (n - 1) / 2
    if n < 8:
        return np.array(list(itertools.permutations(range(n)))) - middle
    return np.random.default_rng(n).permuted(np.tile(np.arange(float(n)), (_ORDERS, 1)), axis=1) - middle


def pytest_stats(values: Sequence[float]) -> dict[str, float | int | str | list[float]]:
    """Return the figures that pytest-benchmark keeps of a series."""
    series = np.array(values)
    low, middle, high = np.quantile(series, [0.25, 0.5, 0.75])
    mean, spread = float(series.mean()), float(series.std(ddof=1)) if len(series) > 1 else 0.0
    fence_low, fence_high = low - 1.5 * (high - low), high + 1.5 * (high - low)
    beyond = int(np.sum((series < fence_low) | (series > fence_high)))
    far = int(np.sum(np.abs(series - mean) > spread)) if spread else 0
    return {
        "min": float(series.min()),
        "max": float(series.max()),
        "mean": mean,
        "stddev": spread,
        "rounds": len(series),
        "median": float(middle),
        "iqr": float(high - low),
        "q1": float(low),
        "q3": float(high),
        "iqr_outliers": beyond,
        "stddev_outliers": far,
        "outliers": f"{far};{beyond}",
        "ld15iqr": float(series[series >= fence_low].min()),
        "hd15iqr": float(series[series <= fence_high].max()),
        "ops": 1 / mean if mean else 0.0,
        "total": float(series.sum()),
        "data": [float(value) for value in values],
        "iterations": 1,
    }
