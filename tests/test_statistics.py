"""Statistics: known answers, and intervals that behave as intervals should."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from bench.base import stats
from bench.base.stats import Quantity, Resampler, trimmed_means


def quantity(values: dict[str, list[float]], label: str = "x") -> Quantity:
    """Return the median of values by start."""
    return Resampler.of(label, dict.fromkeys(sorted(values), 2)).centre_of(values)


def test_a_trimmed_mean_leaves_out_a_tenth_at_either_end() -> None:
    """Of a table with gaps, each row for itself; of five values one of each end, and of fewer none."""
    gap = float("nan")
    table = np.array([[1000.0, *range(1, 19), -1000.0], [5.0, gap, 1.0, 2.0, 100.0, 3.0] + [gap] * 14])
    assert trimmed_means(table) == pytest.approx([np.mean(range(2, 18)), np.mean([2, 3, 5])])
    assert trimmed_means(np.array([[1.0, 2.0, gap, 9.0]])) == pytest.approx([4.0])
    assert np.isnan(trimmed_means(np.array([[gap, gap]])))


def test_a_median_is_the_median() -> None:
    """The point is the plain median of all values, and the interval holds it."""
    its = quantity({"a": [1.0, 2.0, 9.0], "b": [3.0, 4.0]})
    low, high = its.interval()
    assert (its.point, its.n, its.starts) == (3.0, 5, 2)
    assert low is not None and high is not None and low <= 3.0 <= high


def test_a_single_value_has_no_interval() -> None:
    """One run tells nothing about its spread."""
    assert quantity({"a": [1.0]}).interval() == (None, None)


def test_no_value_is_missing_with_a_reason() -> None:
    """An empty series is neither zero nor silent."""
    its = quantity({"a": []})
    assert its.point is None and its.why_not


def test_the_same_data_give_the_same_interval() -> None:
    """Deriving twice gives the same digits."""
    assert quantity({"a": [1.0, 2.0, 3.0]}).interval() == quantity({"a": [1.0, 2.0, 3.0]}).interval()


def test_starts_that_differ_widen_the_interval() -> None:
    """Runs within a start agree, starts do not: the interval must span the starts, however many runs there are."""
    low, high = quantity({"a": [1.0] * 50, "b": [2.0] * 50, "c": [3.0] * 50}).interval()
    assert low == 1.0 and high == 3.0


def test_intervals_cover_the_truth() -> None:
    """Of 200 experiments with eight starts of five runs, some 95 % of the intervals hold the true median."""
    draw = random.Random(7)
    hits = 0
    for experiment in range(200):
        biases = [draw.gauss(0, 1) for _ in range(8)]
        values = {f"s{i}": [10 + bias + draw.gauss(0, 1) for _ in range(5)] for i, bias in enumerate(biases)}
        low, high = quantity(values, f"e{experiment}").interval()
        hits += low is not None and high is not None and low <= 10 <= high
    assert hits >= 174  # a percentile bootstrap of eight starts is a little narrow: 87 % at the least


def test_pairs_tell_no_difference_where_there_is_none() -> None:
    """Where a machine's pace shakes both twins by a third, the ratio's interval is of what is their own, and holds 1."""
    draw = random.Random(11)
    hits, widths = 0, {"pairs": 0.0, "apart": 0.0}
    for experiment in range(200):
        sides: list[dict[str, list[float]]] = [{}, {}]
        for start in range(8):
            bias = [draw.gauss(0, 0.03) for _ in sides]
            paces = [draw.gauss(0, 0.3) for _ in range(4)]
            for side, its in zip(sides, bias, strict=True):
                side[f"s{start}"] = [10 * math.exp(pace + its + draw.gauss(0, 0.05)) for pace in paces]
        for way, labels in (("pairs", ("both", "both")), ("apart", ("one", "other"))):
            one, other = (
                Resampler.of(f"{label}{experiment}", dict.fromkeys(side, 2), trimmed_means).centre_of(side)
                for label, side in zip(labels, sides, strict=True)
            )
            low, high = other.over(one).interval()
            assert low is not None and high is not None
            widths[way] += high - low
            hits += way == "pairs" and low <= 1 <= high
    assert hits >= 174
    assert widths["pairs"] < widths["apart"] / 2


def test_a_line_gives_slope_and_intercept() -> None:
    """A run of 100 ms and 2 ms a task is found, and one wild size in five does not move it."""
    points = {size: quantity({"a": [0.1 + 0.002 * size] * 3}) for size in (1, 10, 50, 100)}
    points[25] = quantity({"a": [9.0] * 3})
    slope, intercept = stats.line(points)
    assert slope.point == pytest.approx(0.002, rel=0.05)
    assert intercept.point == pytest.approx(0.1, rel=0.05)


def test_one_size_makes_no_line() -> None:
    """A slope through one point is missing, with the reason."""
    slope, _ = stats.line({1: quantity({"a": [1.0, 1.0]})})
    assert slope.point is None and slope.why_not == "a line needs at least two sizes"


def test_half_efficiency_is_where_half_the_time_is_work() -> None:
    """With 0.5 s overhead a run, on 5 tasks in a row, tasks of 0.1 s are half of the time."""
    work = [0.001, 0.01, 1.0]
    plain = [quantity({"a": [5 * w] * 3}) for w in work]
    other = [quantity({"a": [0.5 + 5 * w] * 3}) for w in work]
    assert stats.half_efficiency(work, plain, other).point == pytest.approx(0.1)


@pytest.mark.parametrize(("overhead", "said"), [(1e-6, "even the shortest task"), (1e3, "even the longest task")])
def test_half_efficiency_is_not_guessed(overhead: float, said: str) -> None:
    """Without measured points on both sides there is no number, but the reason."""
    work = [0.001, 0.01, 1.0]
    plain = [quantity({"a": [w] * 3}) for w in work]
    other = [quantity({"a": [overhead + w] * 3}) for w in work]
    its = stats.half_efficiency(work, plain, other)
    assert its.point is None and its.why_not is not None and its.why_not.startswith(said)


def test_a_ratio_has_an_interval_of_its_own() -> None:
    """Twice the value is a ratio of two, and the interval holds it."""
    one = quantity({"a": [1.0, 1.1, 0.9, 1.0]}, "one")
    two = quantity({"a": [2.0, 2.2, 1.8, 2.0]}, "two")
    low, high = two.over(one).interval()
    assert two.over(one).point == pytest.approx(2)
    assert low is not None and high is not None and 1.6 < low < 2 < high < 2.5


def test_nothing_is_divided_by_what_may_be_zero() -> None:
    """A reference around zero yields no ratio, with the reason."""
    around_zero = quantity({"a": [-1.0, 0.0, 1.0, 0.1]})
    assert quantity({"a": [1.0, 2.0]}).over(around_zero).why_not == "the value to divide by is not clearly above zero"


def test_mean_ratio_is_geometric() -> None:
    """Twice and half as fast is as fast on the whole."""
    ratios = [quantity({"a": [value] * 2}) for value in (2.0, 0.5)]
    assert stats.mean_ratio(ratios).point == pytest.approx(1)


def test_instability_is_named() -> None:
    """A steady series is quiet; a wild value, a wide spread and a steady rise are named."""
    draw = random.Random(1)
    steady = [1 + draw.gauss(0, 0.01) for _ in range(20)]
    assert stats.instabilities(steady) == []
    assert "outliers" in stats.instabilities([*steady, 5.0])
    assert "spread" in stats.instabilities([draw.uniform(1, 3) for _ in range(20)])
    assert "drift" in stats.instabilities([1 + i / 100 + draw.gauss(0, 0.001) for i in range(20)])
    assert stats.instabilities([1.0] * 20) == []
