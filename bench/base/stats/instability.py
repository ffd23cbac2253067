"""Signs that a series of repetitions is not to be trusted: spread, outliers, drift."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np

from bench.base.stats.quantity import Array

MIN_SPREAD: Final = 3
"""How many values show a spread. It describes them, and tests nothing: two may lie anywhere."""

MIN_TESTED: Final = 5
"""How many values outliers and a drift take: of four, the rarest order comes in 2 of 24 series that have no drift."""

DRIFTING: Final = 0.02
"""How rare the order of a series has to be among all orders of its values: the rarest of five are 2 of 120."""

_ORDERS: Final = 5000
"""How many orders are tried where there are too many to try all."""


def instabilities(values: Sequence[float]) -> list[str]:
    """Return the signs that a series of repetitions, in the order of measuring, is not to be trusted."""
    if len(values) < MIN_SPREAD:
        return []
    series = np.array(values)
    signs = []
    low, middle, high = np.quantile(series, [0.25, 0.5, 0.75])
    if middle > 0 and (high - low) / middle > 0.3:
        signs.append("spread")
    if len(values) < MIN_TESTED:
        return signs
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
