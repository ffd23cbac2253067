"""Statistics: known answers, and intervals that behave as intervals should."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pytest
from quantities import quantity, starts_of

from bench.base.stats.lines import line_through
from bench.base.stats.quantity import Quantity, mean_ratio
from bench.base.stats.starts import Resampler, slowest_tenths, trimmed_means


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


def test_the_noise_of_what_was_subtracted_is_no_factor_of_the_rest() -> None:
    """Three small differences may all be above zero by chance; three large ones that differ by factors are not."""
    one = quantity(starts_of(10.0, 10.0, 10.0))
    low, _ = quantity(starts_of(10.1, 10.2, 10.4)).minus(one).interval()
    assert low is not None and low < 0
    low, _ = quantity(starts_of(30.0, 60.0, 120.0)).minus(one).interval()
    assert low is not None and low > 0


def test_a_number_that_is_not_above_zero_has_an_interval_around_it() -> None:
    """As far below as above; times, which are above zero, scatter by factors."""
    low, high = quantity(starts_of(-1.0, 0.0, 1.0)).interval()
    assert low is not None and high is not None and low + high == pytest.approx(0)
    low, high = quantity(starts_of(1.0, 2.0, 4.0)).interval()
    assert low is not None and high is not None and low > 0 and low * high == pytest.approx(4)


SPREADS = {
    "Airflow, service": (0.0, 0.02),
    "Dagster, service": (0.08, 0.08),
    "Prefect, serve": (0.07, 0.07),
    "Prefect, serve, low latency": (0.28, 0.28),
    "library, steady": (0.06, 0.06),
    "library, unsteady": (0.16, 0.16),
    "plain threads": (0.32, 0.32),
}
"""How far starts, and runs of a start, lie apart on the log scale: standard deviations of chains of ten in reports/sample.

Its starts have one such run each, so that only the whole spread is known: half of the variance is taken to be the starts'.
"""

EXPERIMENTS = 1000


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize(("starts", "runs"), [(3, 1), (3, 2), (4, 1), (8, 4)])
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
            "slope": (line_through(points)[0], 1.0),
            "ratio": (points[1].over(reference), 0.85),
        }
        for name, (its, truth) in truths.items():
            low, high = its.interval()
            hits[name] += low is not None and high is not None and low <= truth <= high
    assert min(hits.values()) >= 0.93 * EXPERIMENTS, hits


def test_to_look_after_each_start_is_wrong_more_often() -> None:
    """Who stops at the first interval without 1, where two tools take the same, errs half as often again at least."""
    draw = np.random.default_rng(7)
    wrong: Counter[str] = Counter()
    for experiment in range(EXPERIMENTS):
        one, other = (list(np.exp(draw.normal(0, 0.05, 8))) for _ in range(2))

        def holds(starts: int, experiment: int = experiment, one: list[float] = one, other: list[float] = other) -> bool:
            sides = (quantity(starts_of(*each[:starts]), f"{name}{experiment}") for name, each in (("a", one), ("b", other)))
            low, high = next(sides).over(next(sides)).interval()
            return low is not None and high is not None and low <= 1 <= high

        looks = [holds(starts) for starts in range(3, 9)]
        wrong["planned"] += not looks[-1]
        wrong["stopped"] += not all(looks)
    assert 1.5 * wrong["planned"] <= wrong["stopped"] <= 0.07 * EXPERIMENTS, wrong


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


def test_the_slowest_tenth_is_the_value_that_nine_of_ten_are_not_above() -> None:
    """Of few values it is the largest, and of none there is none."""
    rows = np.array([[*range(1, 21)], [3, 1, 2, *[math.nan] * 17], [math.nan] * 20], dtype=float)
    assert slowest_tenths(rows)[:2].tolist() == [18, 3] and math.isnan(slowest_tenths(rows)[2])


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


def test_mean_ratio_is_geometric() -> None:
    """Twice and half as fast is as fast on the whole."""
    ratios = [quantity({"a": [value] * 2}) for value in (2.0, 0.5)]
    assert mean_ratio(ratios).point == pytest.approx(1)
