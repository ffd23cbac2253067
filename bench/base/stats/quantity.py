"""A number with its interval, and what is made of several.

A quantity is computed in each resample of the engine starts, and so is every number derived from it: a slope, a ratio, a
crossing. How far a number scatters over the resamples is its standard error, and the interval is that of Student's t for as
many starts: few starts do not show how far others would lie. No interval is a combination of other intervals.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

RESAMPLES = 1000
LEVEL = 0.95

MIN_STARTS = 3
"""How many engine starts an interval takes: two may agree by chance, and then say that all do."""

PLAIN_TO_SEE = 2.0
"""An engine start has a bias that its runs do not show: some per cent, where we looked (docs/method.md).

So what is said by fewer starts has to lie beyond a factor that no such bias comes near.
"""

ORDER = 10.0
"""A difference is known to an order of magnitude if its interval begins no lower than at this part of it."""

Array = np.ndarray


@dataclass(frozen=True)
class Quantity:
    """A number, and what it is in each resample; `why_not` says why there is no number."""

    point: float | None
    draws: Array = field(default_factory=lambda: np.empty(0))
    n: int = 0
    starts: int = 0
    why_not: str | None = None
    subtracted: float = 0.0
    """How much was subtracted, if it is a difference: what is small beside that may be the noise of either side."""

    def interval(self, level: float = LEVEL) -> tuple[float | None, float | None]:
        """Return the interval, or nothing where there are too few starts for one, or it is open."""
        draws = self.draws[~np.isnan(self.draws)]  # a resample may lack the number: not every start has it
        # In a resample without a crossing it lies beyond the measured points, nobody knows how far.
        if self.point is None or self.starts < MIN_STARTS or np.isinf(draws).any():
            return None, None
        # Resamples scatter less than starts do, as if their mean were known.
        reach = student(level, self.starts - 1) * math.sqrt(self.starts / (self.starts - 1))
        if self.is_above_zero and not self._is_small_beside:
            factor = math.exp(reach * float(np.std(np.log(draws))))  # times scatter by factors
            return self.point / factor, self.point * factor
        half = reach * float(np.std(draws))
        return self.point - half, self.point + half

    @property
    def _is_small_beside(self) -> bool:
        """Whether it is a difference smaller than what was subtracted: the noise of that adds, and is no factor of the rest.

        As factors, a few differences that are above zero by chance would say that all others are too.
        """
        return self.point is not None and self.subtracted > abs(self.point)

    @property
    def is_above_zero(self) -> bool:
        """Whether it is above zero in every resample."""
        return self.point is not None and self.point > 0 and not (self.draws <= 0).any()

    @property
    def is_clear(self) -> bool:
        """Whether it is told apart from zero: in every resample, and a difference also beside what was subtracted."""
        if self.point is None or not self.is_above_zero:
            return False
        if self.starts < MIN_STARTS:
            return is_seen_beside(self.subtracted, self.point)
        low, _ = self.interval()
        return not self.subtracted or low is None or is_sized(low, self.point)

    def times(self, factor: float) -> Quantity:
        """Return a multiple of this."""
        if self.point is None:
            return self
        subtracted = self.subtracted * abs(factor)
        return replace(self, point=self.point * factor, draws=self.draws * factor, subtracted=subtracted)

    def plus(self, other: Quantity) -> Quantity:
        """Return the sum of this and the other."""
        if self.point is None or other.point is None:
            return missing(self.why_not or other.why_not or "there is nothing to add")
        subtracted = self.subtracted + other.subtracted
        return Quantity(self.point + other.point, self.draws + other.draws, self.n, self.starts, subtracted=subtracted)

    def minus(self, other: Quantity) -> Quantity:
        """Return the difference of this and the other."""
        if self.point is None or other.point is None:
            return missing(self.why_not or other.why_not or "there is nothing to subtract")
        n, starts = min(self.n, other.n), min(self.starts, other.starts)
        subtracted = self.subtracted + other.subtracted + abs(other.point)
        return Quantity(self.point - other.point, self.draws - other.draws, n, starts, subtracted=subtracted)

    def over(self, other: Quantity) -> Quantity:
        """Return the ratio of this to the other."""
        if self.point is None or other.point is None:
            return missing(self.why_not or other.why_not or "there is nothing to divide")
        if not other.is_clear:
            return missing("the value to divide by is not clearly above zero")
        if not self.is_clear:
            return missing("the value to divide is not clearly above zero")
        draws = self.draws / other.draws
        return Quantity(self.point / other.point, draws, min(self.n, other.n), min(self.starts, other.starts))


def is_seen_beside(subtracted: float, difference: float) -> bool:
    """Whether a difference of few starts is more than noise: one time is then beyond a factor of the other."""
    return difference > 0 and difference > (PLAIN_TO_SEE - 1) * subtracted


def is_sized(low: float, difference: float) -> bool:
    """Whether a difference is known to an order of magnitude, by the lower end of its interval."""
    return low > 0 and difference <= ORDER * low


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


def mean_ratio(ratios: Sequence[Quantity]) -> Quantity:
    """Return the geometric mean of ratios."""
    known = [each for each in ratios if each.point is not None]
    if not known:
        return missing("no ratio to average")
    point = float(np.exp(np.mean([np.log(each.point or 1.0) for each in known])))
    draws = np.exp(np.mean([np.log(each.draws) for each in known], axis=0))
    return Quantity(point, draws, min(each.n for each in known), min(each.starts for each in known))


def median_of(quantities: Sequence[Quantity]) -> Quantity:
    """Return the median of several numbers, of which none may be missing."""
    if not quantities or (lost := [each.why_not for each in quantities if each.point is None]):
        return missing((lost[0] if quantities else None) or "there is nothing to take the median of")
    *draws, point = np.median(with_draws(quantities), axis=1)
    n, starts = min(each.n for each in quantities), min(each.starts for each in quantities)
    return Quantity(float(point), np.array(draws), n, starts)


def with_draws(quantities: Iterable[Quantity]) -> Array:
    """Return a column for each quantity: a row for each resample, and the point in the last row."""
    return np.column_stack([np.append(each.draws, each.point or 0.0) for each in quantities])
