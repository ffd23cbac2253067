"""Signs of instability: seen where they are, and rarely where they are not."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest
from answers import estimate

from bench.base.stats.instability import instabilities
from bench.report.unstable import counts


@pytest.mark.parametrize("n", [5, 6, 7, 8, 20])
def test_a_drift_is_seen_at_every_number_of_runs(n: int) -> None:
    """A steady rise or fall, of five runs too; and not where the values are mixed, or only one differs."""
    rise = [1 + 0.01 * number for number in range(n)]
    assert "drift" in instabilities(rise) and "drift" in instabilities(rise[::-1])
    assert "drift" not in instabilities(rise[::2] + rise[1::2][::-1])
    assert "drift" not in instabilities([1.0] * (n - 1) + [2.0])


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0], [1.0, 1.2, 2.0, 2.1]])
def test_few_values_show_a_spread_and_nothing_else(values: list[float]) -> None:
    """Three and four are no less apart for being few; their order and their ends may be chance."""
    assert instabilities(values) == ["spread"]
    assert instabilities([1 + value / 100 for value in values]) == []
    assert instabilities([1.0, 3.0]) == []


def test_a_number_of_few_runs_is_not_called_stable() -> None:
    """Readers learn how many numbers are unstable, and of how many others the runs were too few to tell."""
    many, few = estimate("a", 5.0), estimate("a", 5.0, n=4)
    unstable = estimate("a", 5.0, n=4, unstable=["spread"])
    missing, seen = estimate("a", None, n=0), estimate("a", 5.0, n=1, starts=0)
    said = counts([many, few, few, unstable, missing, seen])
    assert re.findall(r"\d+", said)[:3] == ["1", "4", "2"]
    assert counts([many]) == said.replace("1 of 4", "0 of 1").partition(" 2 others")[0]


def test_a_drift_is_rarely_seen_where_there_is_none() -> None:
    """In 2 of 100 series at most, counts with many equal values among them."""
    draw = np.random.default_rng(3)
    for n in (5, 8, 30):
        times = sum("drift" in instabilities(list(draw.normal(1, 0.1, n))) for _ in range(1000))
        counts = sum("drift" in instabilities([float(v) for v in draw.poisson(3, n)]) for _ in range(1000))
        assert times <= 35 and counts <= 35


def test_instability_is_named() -> None:
    """A steady series is quiet; a wild value, a wide spread and a steady rise are named."""
    draw = random.Random(1)
    steady = [1 + draw.gauss(0, 0.01) for _ in range(20)]
    assert instabilities(steady) == []
    assert "outliers" in instabilities([*steady, 5.0])
    assert "spread" in instabilities([draw.uniform(1, 3) for _ in range(20)])
    assert "drift" in instabilities([1 + i / 100 + draw.gauss(0, 0.001) for i in range(20)])
    assert instabilities([1.0] * 20) == []
