"""Statistics: known answers, and intervals that behave as intervals should."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from bench.base import stats
from bench.base.stats import Quantity, Resampler, trimmed_means


def quantity(values: Mapping[str, Sequence[float]], label: str = "x") -> Quantity:
    """Return the median of values by start."""
    return Resampler.of(label, dict.fromkeys(sorted(values), 2)).centre_of(values)


def starts_of(*values: float) -> dict[str, list[float]]:
    """Return values of which each was measured in an engine start of its own."""
    return {f"s{number}": [value] for number, value in enumerate(values)}


def test_a_trimmed_mean_leaves_out_a_tenth_at_either_end() -> None:
    """Of a table with gaps, each row for itself; of five values one of each end, and of fewer none."""
    gap = float("nan")
    table = np.array([[1000.0, *range(1, 19), -1000.0], [5.0, gap, 1.0, 2.0, 100.0, 3.0] + [gap] * 14])
    assert trimmed_means(table) == pytest.approx([np.mean(range(2, 18)), np.mean([2, 3, 5])])
    assert trimmed_means(np.array([[1.0, 2.0, gap, 9.0]])) == pytest.approx([4.0])
    assert np.isnan(trimmed_means(np.array([[gap, gap]])))


def test_an_engine_start_counts_once() -> None:
    """The point is the median of the starts' medians, however many runs each has."""
    its = quantity({"a": [1.0, 2.0, 9.0], "b": [3.0, 4.0], "c": [8.0] * 20})
    assert (its.point, its.n, its.starts) == (3.5, 25, 3)


@pytest.mark.parametrize("values", [{"a": [1.0]}, {"a": [1.0, 2.0, 3.0, 4.0, 5.0]}, {"a": [1.0] * 9, "b": [1.1] * 9}])
def test_fewer_than_three_starts_have_no_interval(values: dict[str, list[float]]) -> None:
    """However many runs they have: nobody knows how far a third would lie."""
    assert quantity(values).interval() == (None, None)
    assert quantity(values | {"c": [2.0], "d": [1.5]}).interval() != (None, None)


def test_no_value_is_missing_with_a_reason() -> None:
    """An empty series is neither zero nor silent."""
    its = quantity({"a": []})
    assert its.point is None and its.why_not


def test_the_same_data_give_the_same_interval() -> None:
    """Deriving twice gives the same digits."""
    assert quantity(starts_of(1.0, 2.0, 3.0)).interval() == quantity(starts_of(1.0, 2.0, 3.0)).interval()


def test_starts_that_differ_widen_the_interval() -> None:
    """Runs within a start agree, starts do not: the interval goes beyond the starts, however many runs there are."""
    low, high = quantity({"a": [1.0] * 50, "b": [2.0] * 50, "c": [3.0] * 50}).interval()
    assert low is not None and high is not None and low < 1 and high > 3


def test_a_number_that_is_not_above_zero_has_an_interval_around_it() -> None:
    """As far below as above; times, which are above zero, scatter by factors."""
    low, high = quantity(starts_of(-1.0, 0.0, 1.0)).interval()
    assert low is not None and high is not None and low + high == pytest.approx(0)
    low, high = quantity(starts_of(1.0, 2.0, 4.0)).interval()
    assert low is not None and high is not None and low > 0 and low * high == pytest.approx(4)


SPREADS = {
    "Airflow, service": (0.0, 0.008),
    "Dagster, service": (0.026, 0.07),
    "Prefect, serve": (0.29, 0.19),
    "library, steady": (0.04, 0.05),
    "library, unsteady": (0.11, 0.25),
}
"""How far starts, and runs of a start, lie apart on the log scale: standard deviations in reports/sample."""

EXPERIMENTS = 1000


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize(("starts", "runs"), [(3, 1), (3, 2), (5, 1), (8, 4)])
def test_intervals_cover_the_truth(starts: int, runs: int, spread: str) -> None:
    """At least 93 of 100 intervals of medians, slopes and ratios, at the numbers of starts that the suites give."""
    draw = np.random.default_rng(7)
    between, within = SPREADS[spread]
    names = [f"s{number}" for number in range(starts)]
    hits: Counter[str] = Counter()
    for experiment in range(EXPERIMENTS):
        resampler = Resampler.of(f"tool {experiment}", dict.fromkeys(names, 2))
        biases = dict(zip(names, draw.normal(0, between, starts), strict=True))

        def measured(truth: float, resampler: Resampler, biases: Mapping[str, float]) -> Quantity:
            noise = {name: draw.normal(0, within, runs) for name in biases}
            return resampler.centre_of({name: list(truth * np.exp(bias + noise[name])) for name, bias in biases.items()})

        points = {size: measured(0.7 + size, resampler, biases) for size in (1, 10, 30)}
        plain = Resampler.of(f"plain {experiment}", dict.fromkeys("abcdefgh", 2))
        reference = measured(2.0, plain, dict(zip("abcdefgh", draw.normal(0, 0.04, 8), strict=True)))
        truths = {
            "median": (points[1], 1.7),
            "slope": (stats.line(points)[0], 1.0),
            "ratio": (points[1].over(reference), 0.85),
        }
        for name, (its, truth) in truths.items():
            low, high = its.interval()
            hits[name] += low is not None and high is not None and low <= truth <= high
    assert min(hits.values()) >= 0.93 * EXPERIMENTS, hits


def test_the_same_rounds_are_drawn_at_every_width() -> None:
    """Also where a start of one width failed and was made again later: what ran side by side is divided by each other."""
    widths = {"a1": 1, "a2": 2, "b1": 1, "b2": 2, "c1": 1, "c2": 2, "a2-again": 2}
    widths.pop("a2")
    rounds = {"a1": 1, "b1": 2, "b2": 2, "c1": 3, "c2": 3, "a2-again": 1}
    resampler = Resampler.of("x", widths, rounds=rounds)
    pace = {1: 1.0, 2: 10.0, 3: 100.0}
    one, two = (
        resampler.centre_of({start: [factor * pace[rounds[start]]] for start in widths if widths[start] == width})
        for width, factor in ((1, 2.0), (2, 1.0))
    )
    assert set(np.round(one.over(two).draws, 9)) == {2.0}


def test_no_crossing_where_more_work_took_less_time() -> None:
    """A machine that changed its pace leaves no axis to read a crossing off."""
    plain = [quantity({"a": [5 * w] * 3}) for w in (0.10, 0.08, 0.30)]
    other = [quantity({"a": [0.25 + 5 * w] * 3}) for w in (0.10, 0.08, 0.30)]
    found = stats.half_efficiency(seen([0.10, 0.08, 0.30]), plain, other)
    assert found.point is None and found.why_not


def test_the_slowest_tenth_is_the_value_that_nine_of_ten_are_not_above() -> None:
    """Of few values it is the largest, and of none there is none."""
    rows = np.array([[*range(1, 21)], [3, 1, 2, *[math.nan] * 17], [math.nan] * 20], dtype=float)
    assert stats.slowest_tenths(rows)[:2].tolist() == [18, 3] and math.isnan(stats.slowest_tenths(rows)[2])


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
    assert hits >= 186
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


def seen(work: Sequence[float]) -> list[Quantity]:
    """Return how long tasks were seen to take, in one way only."""
    return [stats.exact(w, 3, 3) for w in work]


def test_half_efficiency_goes_by_what_was_seen() -> None:
    """Tasks that were planned for 0.1 s and took 0.05 s are tasks of 0.05 s."""
    plain = [quantity({"a": [5 * w] * 3}) for w in (0.0005, 0.005, 0.5)]
    other = [quantity({"a": [0.25 + 5 * w] * 3}) for w in (0.0005, 0.005, 0.5)]
    assert stats.half_efficiency(seen([0.0005, 0.005, 0.5]), plain, other).point == pytest.approx(0.05)


def test_half_efficiency_is_where_half_the_time_is_work() -> None:
    """With 0.5 s overhead a run, on 5 tasks in a row, tasks of 0.1 s are half of the time."""
    work = [0.001, 0.01, 1.0]
    plain = [quantity({"a": [5 * w] * 3}) for w in work]
    other = [quantity({"a": [0.5 + 5 * w] * 3}) for w in work]
    assert stats.half_efficiency(seen(work), plain, other).point == pytest.approx(0.1)


@pytest.mark.parametrize(("overhead", "said"), [(1e-6, "even the shortest task"), (1e3, "even the longest task")])
def test_half_efficiency_is_not_guessed(overhead: float, said: str) -> None:
    """Without measured points on both sides there is no number, but the reason."""
    work = [0.001, 0.01, 1.0]
    plain = [quantity({"a": [w] * 3}) for w in work]
    other = [quantity({"a": [overhead + w] * 3}) for w in work]
    its = stats.half_efficiency(seen(work), plain, other)
    assert its.point is None and its.why_not is not None and its.why_not.startswith(said)


def test_a_ratio_has_an_interval_of_its_own() -> None:
    """Twice the value is a ratio of two, and the interval holds it."""
    one, two = quantity(starts_of(1.0, 1.1, 0.9, 1.0), "one"), quantity(starts_of(2.0, 2.2, 1.8, 2.0), "two")
    low, high = two.over(one).interval()
    assert two.over(one).point == pytest.approx(2)
    assert low is not None and high is not None and 1.5 < low < 2 < high < 2.7


def test_nothing_is_divided_by_what_may_be_zero() -> None:
    """A reference around zero yields no ratio, with the reason; and neither does what is itself around zero."""
    around_zero, above = quantity(starts_of(-1.0, 0.0, 1.0, 0.1)), quantity(starts_of(1.0, 2.0, 1.5))
    assert above.over(around_zero).point is None and above.over(around_zero).why_not
    assert around_zero.over(above).point is None and around_zero.over(above).why_not


def test_a_crossing_beyond_the_points_leaves_the_interval_open() -> None:
    """Where a start does not cross, nobody knows how far the interval reaches."""
    work = [0.001, 0.01, 1.0]
    plain = [quantity(starts_of(w, w, w)) for w in work]
    steady = [quantity(starts_of(0.1 + w, 0.11 + w, 0.12 + w)) for w in work]
    wild = [quantity(starts_of(0.1 + w, 0.11 + w, 9.0 + w)) for w in work]
    assert stats.half_efficiency(seen(work), plain, steady).interval() != (None, None)
    its = stats.half_efficiency(seen(work), plain, wild)
    assert its.point is not None and its.interval() == (None, None)


def test_mean_ratio_is_geometric() -> None:
    """Twice and half as fast is as fast on the whole."""
    ratios = [quantity({"a": [value] * 2}) for value in (2.0, 0.5)]
    assert stats.mean_ratio(ratios).point == pytest.approx(1)


def test_a_line_that_bends_is_curved() -> None:
    """If a task costs more where there are many, beyond what the starts lie apart; of two starts, twice as much."""
    bent = {size: [0.1 + 0.002 * size + 0.00002 * size**2] for size in (1, 10, 50, 100)}
    straight = {size: [0.1 + 0.002 * size] for size in (1, 10, 50, 100)}
    for values, curved in ((bent, True), (straight, False)):
        for starts in (1, 3):
            points = {
                size: quantity(starts_of(*(its * 1.01**n for its in of for n in range(starts))))
                for size, of in values.items()
            }
            assert stats.is_curved(points) == curved
    noisy = {size: quantity(starts_of(1.0, 1.0 + 0.1 * (size % 3), 1.3)) for size in (1, 10, 50, 101)}
    assert not stats.is_curved(noisy)


@pytest.mark.parametrize("n", [5, 6, 7, 8, 20])
def test_a_drift_is_seen_at_every_number_of_runs(n: int) -> None:
    """A steady rise or fall, of five runs too; and not where the values are mixed, or only one differs."""
    rise = [1 + 0.01 * number for number in range(n)]
    assert "drift" in stats.instabilities(rise) and "drift" in stats.instabilities(rise[::-1])
    assert "drift" not in stats.instabilities(rise[::2] + rise[1::2][::-1])
    assert "drift" not in stats.instabilities([1.0] * (n - 1) + [2.0])


def test_a_drift_is_rarely_seen_where_there_is_none() -> None:
    """In 2 of 100 series at most, counts with many equal values among them."""
    draw = np.random.default_rng(3)
    for n in (5, 8, 30):
        times = sum("drift" in stats.instabilities(list(draw.normal(1, 0.1, n))) for _ in range(1000))
        counts = sum("drift" in stats.instabilities([float(v) for v in draw.poisson(3, n)]) for _ in range(1000))
        assert times <= 35 and counts <= 35


def test_instability_is_named() -> None:
    """A steady series is quiet; a wild value, a wide spread and a steady rise are named."""
    draw = random.Random(1)
    steady = [1 + draw.gauss(0, 0.01) for _ in range(20)]
    assert stats.instabilities(steady) == []
    assert "outliers" in stats.instabilities([*steady, 5.0])
    assert "spread" in stats.instabilities([draw.uniform(1, 3) for _ in range(20)])
    assert "drift" in stats.instabilities([1 + i / 100 + draw.gauss(0, 0.001) for i in range(20)])
    assert stats.instabilities([1.0] * 20) == []
