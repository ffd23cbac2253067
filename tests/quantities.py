"""Quantities of made-up values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.base.stats.quantity import Quantity
from bench.base.stats.starts import Resampler


def quantity(values: Mapping[str, Sequence[float]], label: str = "x") -> Quantity:
    """Return the median of values by start."""
    return Resampler.of(label, dict.fromkeys(sorted(values), 2)).centre_of(values)


def starts_of(*values: float) -> dict[str, list[float]]:
    """Return values of which each was measured in an engine start of its own."""
    return {f"s{number}": [value] for number, value in enumerate(values)}
