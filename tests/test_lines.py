"""Lines and crossings: known answers, and no number where there is none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from quantities import quantity, starts_of

from bench.base.stats.lines import half_efficiency, is_curved, line_through
from bench.base.stats.quantity import Quantity, exact, missing


def seen(work: Sequence[float]) -> list[Quantity]:
    """Return how long tasks were seen to take, in one way only."""
    return [exact(w, 3, 3) for w in work]


def test_no_crossing_where_more_work_took_less_time() -> None:
    """A machine that changed its pace leaves no axis to read a crossing off."""
    plain = [quantity({"a": [5 * w] * 3}) for w in (0.10, 0.08, 0.30)]
    other = [quantity({"a": [0.25 + 5 * w] * 3}) for w in (0.10, 0.08, 0.30)]
    found = half_efficiency(seen([0.10, 0.08, 0.30]), plain, other)
    assert found.point is None and found.why_not


def test_a_line_gives_slope_and_intercept() -> None:
    """A run of 100 ms and 2 ms a task is found, and one wild size in five does not move it."""
    points = {size: quantity({"a": [0.1 + 0.002 * size] * 3}) for size in (1, 10, 50, 100)}
    points[25] = quantity({"a": [9.0] * 3})
    slope, intercept = line_through(points)
    assert slope.point == pytest.approx(0.002, rel=0.05)
    assert intercept.point == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize(
    ("seconds", "slope_is_clear", "height_is_clear"),
    [
        ({1: 0.0, 10: 9.0}, True, True),
        ({1: 5.0, 10: 7.0}, False, True),
        ({10: 18.0, 20: 37.0}, True, False),
    ],
)
def test_a_line_of_one_start_is_told_beside_its_first_point(
    seconds: dict[int, float], slope_is_clear: bool, height_is_clear: bool
) -> None:
    """A rise that is small beside it is no slope, and what a long way back leaves of it is no height."""
    slope, height = line_through({size: quantity(starts_of(its)) for size, its in seconds.items()}, 1)
    height = height.plus(quantity(starts_of(0.5)))  # the wait, as in a run of one task
    assert (slope.is_clear, height.is_clear) == (slope_is_clear, height_is_clear)
    many = line_through({size: quantity(starts_of(its, its, its)) for size, its in seconds.items()}, 1)
    assert many[0].is_clear


def test_a_line_of_what_a_tool_lacks_is_lacking_for_the_same_reason() -> None:
    """Where only some sizes are missing, it names the first of them."""
    lost = missing("unsupported: it has no store")
    assert line_through({1: lost, 9: lost})[0].why_not == lost.why_not
    some = line_through({1: quantity({"a": [1.0]}), 9: lost})[0].why_not
    assert some and "9" in some and some != lost.why_not


def test_what_is_small_beside_what_was_subtracted_is_in_no_ratio() -> None:
    """Two runs of one start each differ by chance: the ratio of such differences is nobody's."""
    before, after, thrice = (quantity(starts_of(its)) for its in (10.0, 16.0, 30.0))
    assert after.minus(before).over(before).point is before.over(after.minus(before)).point is None
    assert thrice.minus(before).times(2).over(before).point == pytest.approx(4)


def test_sizes_next_to_each_other_say_nothing_of_the_slope() -> None:
    """A line over five sizes, of which three are within a hundredth of the range, is that of the large ones."""
    seconds = {1: 0.011, 100: 0.012, 1000: 0.025, 16000: 0.176, 64000: 0.155}
    slope, _ = line_through({size: quantity(starts_of(its)) for size, its in seconds.items()})
    assert slope.point == pytest.approx((0.155 - 0.011) / 64000, rel=0.1)


def test_a_difference_of_unknown_size_is_in_no_ratio() -> None:
    """Starts that agree on nothing but its sign do not say how large it is; those that differ by half do."""
    flat = quantity(starts_of(1.0, 1.0, 1.0))
    wild, tame = (line_through({1: flat, 10: quantity(starts_of(*its))})[0] for its in ((1.001, 1.05, 4.0), (2.5, 3.0, 4.0)))
    assert wild.is_above_zero and wild.over(flat).point is None
    assert tame.over(flat).point is not None


def test_one_size_makes_no_line() -> None:
    """A slope through one point is missing, with the reason."""
    slope, _ = line_through({1: quantity({"a": [1.0, 1.0]})})
    assert slope.point is None and slope.why_not == "a line needs at least two sizes"


def test_half_efficiency_goes_by_what_was_seen() -> None:
    """Tasks that were planned for 0.1 s and took 0.05 s are tasks of 0.05 s."""
    plain = [quantity({"a": [5 * w] * 3}) for w in (0.0005, 0.005, 0.5)]
    other = [quantity({"a": [0.25 + 5 * w] * 3}) for w in (0.0005, 0.005, 0.5)]
    assert half_efficiency(seen([0.0005, 0.005, 0.5]), plain, other).point == pytest.approx(0.05)


def test_half_efficiency_is_where_half_the_time_is_work() -> None:
    """With 0.5 s overhead a run, on 5 tasks in a row, tasks of 0.1 s are half of the time."""
    work = [0.001, 0.01, 1.0]
    plain = [quantity({"a": [5 * w] * 3}) for w in work]
    other = [quantity({"a": [0.5 + 5 * w] * 3}) for w in work]
    assert half_efficiency(seen(work), plain, other).point == pytest.approx(0.1)


@pytest.mark.parametrize(("overhead", "said"), [(1e-6, "even the shortest task"), (1e3, "even the longest task")])
def test_half_efficiency_is_not_guessed(overhead: float, said: str) -> None:
    """Without measured points on both sides there is no number, but the reason."""
    work = [0.001, 0.01, 1.0]
    plain = [quantity({"a": [w] * 3}) for w in work]
    other = [quantity({"a": [overhead + w] * 3}) for w in work]
    its = half_efficiency(seen(work), plain, other)
    assert its.point is None and its.why_not is not None and its.why_not.startswith(said)


def test_a_crossing_beyond_the_points_leaves_the_interval_open() -> None:
    """Where a start does not cross, nobody knows how far the interval reaches."""
    work = [0.001, 0.01, 1.0]
    plain = [quantity(starts_of(w, w, w)) for w in work]
    steady = [quantity(starts_of(0.1 + w, 0.11 + w, 0.12 + w)) for w in work]
    wild = [quantity(starts_of(0.1 + w, 0.11 + w, 9.0 + w)) for w in work]
    assert half_efficiency(seen(work), plain, steady).interval() != (None, None)
    its = half_efficiency(seen(work), plain, wild)
    assert its.point is not None and its.interval() == (None, None)


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
            assert is_curved(points) == curved
    noisy = {size: quantity(starts_of(1.0, 1.0 + 0.1 * (size % 3), 1.3)) for size in (1, 10, 50, 101)}
    assert not is_curved(noisy)
