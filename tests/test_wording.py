"""How a number is put into words."""

from __future__ import annotations

import pytest
from answers import changed, estimate

from bench.derive.reading import reading


@pytest.mark.parametrize(
    ("median", "subtracted", "kind"),
    [(1.2, 1.0, "value"), (0.8, 1.0, "noise"), (0.4, 0.0, "value"), (0.0, 0.0, "noise"), (-3.0, 1.0, "noise")],
)
@pytest.mark.parametrize("metric", ["per_mb_ms", "ahead_per_task_ms", "per_run_ms", "retry_cost_s"])
def test_a_cost_of_few_starts_is_read_beside_what_was_subtracted(
    metric: str, median: float, subtracted: float, kind: str
) -> None:
    """As much has to be there: noise is above zero as often as below. An interval decides for itself."""
    few = estimate("airflow", median, metric=metric, subtracted=subtracted, low=None, high=None, n=1, starts=1)
    assert reading(few).kind == kind
    assert reading(changed(few, low=0.2, high=2.0, starts=3)).kind == "value"
    assert reading(changed(few, metric="transition_ms", subtracted=0.0)).kind == "value"


@pytest.mark.parametrize(("median", "kind"), [(-20.0, "noise"), (20.0, "noise"), (-80.0, "value"), (80.0, "value")])
def test_a_difference_of_few_starts_is_told_by_its_size(median: float, kind: str) -> None:
    """What overlaps may be below zero; what is small beside the two times is noise on either side."""
    few = estimate("dagster", median, metric="overlap_ms", subtracted=50.0, low=None, high=None, n=1, starts=1)
    assert reading(few).kind == kind


@pytest.mark.parametrize(
    ("metric", "median", "low", "high", "kind", "text"),
    [
        ("per_mb_ms", -512.0, None, None, "noise", "lost in noise"),
        ("per_mb_ms", 107.0, None, None, "value", "107 ms"),
        ("per_mb_ms", 107.0, -3.0, 200.0, "noise", "lost in noise"),
        ("per_mb_ms", -5.0, -9.0, -1.0, "noise", "none: curved"),
        ("per_mb_ms", 0.1, 0.0005, 20.0, "noise", "lost in noise"),
        ("per_mb_ms", 0.1, 0.02, 0.5, "value", "100 us"),
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
