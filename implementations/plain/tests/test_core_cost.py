"""The core's cost grows with the number of customers and no faster, and features cost what their arithmetic costs."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from churn import customers, models, scoring
from churn.features import Features, training_set
from churn.parameters import Training

pytestmark = [pytest.mark.alone, pytest.mark.slow(reason="it makes ten million customers")]

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)

STEEPEST = 1.1
"""Of the line through the logarithms of time and size: 1 is linear."""


def slope(call: Callable[[int], Any], prepare: Callable[[int], Any] = int) -> float:
    """Return how steeply the time grows with the size; each time is the best of several calls, against noise."""
    best = []
    for size in SIZES:
        given = prepare(size)
        times = []
        for _ in range(3 if size < 10**6 else 2):
            gc.collect()
            began = time.perf_counter()
            call(given)
            times.append(time.perf_counter() - began)
        best.append(min(times))
    return float(np.polyfit(np.log(SIZES), np.log(best), 1)[0])


def made(size: int) -> pd.DataFrame:
    return customers.generate(size, 7)


@pytest.mark.parametrize("size", SIZES[:3])
@pytest.mark.parametrize("part", ["generate", "features", "score"])
def test_core(benchmark: Any, part: str, size: int) -> None:
    """How long each part takes, for a reader who compares versions."""
    table = made(size)
    features, model = Features().fit(table), winner()
    calls: dict[str, Callable[[], object]] = {
        "generate": lambda: customers.generate(size, 7),
        "features": lambda: features.transform(table),
        "score": lambda: scoring.score(model, table),
    }
    benchmark.pedantic(calls[part], rounds=3, warmup_rounds=1)


def winner() -> Any:
    parameters = Training()
    return models.train("logistic_regression", training_set(made(5000), parameters.held_out, 7), parameters)


def test_generation_scales_linearly() -> None:
    """Ten million customers take at most a thousand times as long as ten thousand, and a bit."""
    assert slope(made) <= STEEPEST


def test_features_scale_linearly() -> None:
    """So do their features."""
    features = Features().fit(made(10_000))
    assert slope(features.transform, made) <= STEEPEST


def test_scoring_scales_linearly() -> None:
    """So does scoring them."""
    model = winner()
    assert slope(lambda table: scoring.score(model, table), made) <= STEEPEST


def test_features_need_at_most_four_times_the_memory_of_the_customers() -> None:
    """The peak of all allocations while features are computed, the result among them, over the size of the table."""
    table = made(1_000_000)
    features = Features().fit(table)
    gc.collect()
    tracemalloc.start()
    try:
        features.transform(table)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= 4 * table.memory_usage(index=False).sum()


def test_features_cost_what_they_cost_in_numpy() -> None:
    """At a million customers they take at most one and a half times as long as the same arithmetic in NumPy."""
    table = made(1_000_000)
    features = Features().fit(table)
    ours, numpys = [], []
    for _ in range(7):  # in turns, so that whatever else the machine does hits both
        began = time.perf_counter()
        frame = features.transform(table)
        between = time.perf_counter()
        arrays = by_hand({name: table[name].to_numpy() for name in customers.MEASURES}, features.quintiles_)
        ours.append(between - began)
        numpys.append(time.perf_counter() - between)
    for name, values in arrays.items():
        np.testing.assert_array_equal(frame[name].to_numpy(), values)
    assert median(ours) <= 1.5 * median(numpys)


def by_hand(c: dict[str, NDArray[Any]], edges: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    r = 5 - np.searchsorted(edges["recency_days"], c["recency_days"]).astype(np.int8)
    f = 1 + np.searchsorted(edges["frequency"], c["frequency"]).astype(np.int8)
    m = 1 + np.searchsorted(edges["monetary_value"], c["monetary_value"]).astype(np.int8)
    return {
        "recency_frequency_ratio": c["recency_days"] / (c["frequency"] + 1.0),
        "monetary_per_order": c["monetary_value"] / (c["total_orders"] + 1.0),
        "order_frequency": c["total_orders"] / (c["days_since_signup"] + 1.0),
        "support_per_order": c["support_tickets"] / (c["total_orders"] + 1.0),
        "r_score": r,
        "f_score": f,
        "m_score": m,
        "rfm_score": r + f + m,
    }
