"""Whether one number of two runs has changed: by the ratio, and where there is none, by the difference."""

from __future__ import annotations

import pytest
from quantities import quantity, starts_of

from bench.compare.judging import effect_of, judge
from bench.scenarios import METRICS

AROUND_ZERO = [-0.4, 0.3, -0.1, 0.2, 0.0, -0.3, 0.1, 0.4]
CASES: dict[str, tuple[str, list[float], list[float], str]] = {
    "a body that runs now": ("bodies_run", [0] * 6, [1] * 6, "worse"),
    "a body that runs no more": ("bodies_run", [1] * 6, [0] * 6, "better"),
    "a body that never runs": ("bodies_run", [0] * 6, [0] * 6, "same"),
    "one more attempt of many, in every run": ("attempts", [100] * 6, [101] * 6, "worse"),
    "one body less at once": ("max_concurrency", [3] * 6, [2] * 6, "worse"),
    "a count that varies": ("attempts", [1, 2, 1, 2, 1, 2], [2, 1, 2, 1, 2, 2], "same"),
    "a wait that is late now": ("delay_error_ms", AROUND_ZERO, [each + 50 for each in AROUND_ZERO], "worse"),
    "a wait that is cut short no more": (
        "delay_error_ms",
        [each - 50 for each in AROUND_ZERO],
        AROUND_ZERO,
        "worse",
    ),
    "noise around zero": ("delay_error_ms", AROUND_ZERO, [-each for each in AROUND_ZERO], "same"),
    "less than a clock can tell": ("delay_error_ms", [-0.01] * 6, [0.06] * 6, "same"),
    "a tenth below zero": ("per_run_ms", [-100.0] * 6, [-92.0] * 6, "same"),
    "half of it below zero": ("per_run_ms", [-100.0] * 6, [-50.0] * 6, "worse"),
    "nothing stored, and now something": ("stored_bytes", [0] * 6, [5000] * 6, "worse"),
    "a ratio": ("makespan_s", [1.0, 1.01] * 3, [1.3, 1.31] * 3, "worse"),
    "a ratio within what is let pass": ("makespan_s", [1.0, 1.01] * 3, [1.05, 1.06] * 3, "same"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_has_no_ratio_is_judged(case: str) -> None:
    """Counts by any change of what was the same in every run, times by a difference that is clearly none of chance."""
    name, before, after, expected = CASES[case]
    first, second = quantity(starts_of(*before), "before"), quantity(starts_of(*after), "after")
    assert judge(METRICS[name], first, second, effect_of(first, second, 0.99), 0.1, 0.05) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(AROUND_ZERO, [each + 50 for each in AROUND_ZERO], "worse"), ([-100.0] * 6, [-50.0] * 6, "same")],
)
def test_no_floor_hides_what_came_of_nothing(before: list[float], after: list[float], expected: str) -> None:
    """A floor of 200 % is two thirds of the larger value: all of it lies beyond that, and half does not."""
    first, second = quantity(starts_of(*before), "before"), quantity(starts_of(*after), "after")
    effect = effect_of(first, second, 0.99)
    assert effect.by == "difference"
    assert judge(METRICS["delay_error_ms"], first, second, effect, 0.1, 2.0) == expected
