"""Engine starts, resampled: the centre of a setup's runs, with an interval that knows how far its starts lie apart.

Runs that share an engine start are not independent, so that a start counts as one observation: the centre of its runs.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.base.stats.quantity import RESAMPLES, Array, Quantity, missing

TRIMMED = 0.1
"""The share of values that a trimmed mean leaves out at either end."""

MIN_TRIMMED = 5
"""Of fewer values, none is left out."""

Centre = Callable[[Array], Array]
"""From a table to one value for each row; a cell without a value is NaN."""


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
