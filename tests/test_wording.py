"""How a number is put into words."""

from __future__ import annotations

import pytest
from answers import estimate

from bench.derive.reading import reading


@pytest.mark.parametrize(
    ("metric", "median", "low", "high", "kind", "text"),
    [
        ("per_level_ms", -512.0, None, None, "noise", "lost in noise"),
        ("per_level_ms", 107.0, None, None, "value", "107 ms"),
        ("per_level_ms", 107.0, -3.0, 200.0, "noise", "lost in noise"),
        ("per_level_ms", -5.0, -9.0, -1.0, "noise", "none: curved"),
        ("retry_cost_s", -1.7, None, None, "noise", "lost in noise"),
        ("retry_cost_s", 0.4, -0.1, 0.9, "noise", "lost in noise"),
        ("retry_cost_s", -0.4, -0.9, -0.1, "noise", "lost in noise"),
        ("delay_error_ms", -512.0, None, None, "value", "-512 ms"),
    ],
)
def test_a_cost_below_zero_is_none(
    metric: str, median: float, low: float | None, high: float | None, kind: str, text: str
) -> None:
    """A slope of single runs may come out so, and is no number then; a wait may well be shorter than was asked for."""
    row = estimate("airflow", median, metric=metric, low=low, high=high, n=1 if low is None else 20)
    found = reading(row)
    assert (found.kind, found.text) == (kind, text)
