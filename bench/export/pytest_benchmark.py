"""A run's timings in the format that pytest-benchmark and the tools beside it read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bench.scenarios import METRICS
from bench.store.records import RunRecord
from bench.store.rows import Sample

SECONDS: Mapping[str, float] = {"s": 1.0, "ms": 0.001}
"""Each unit of time, in seconds."""


def document(run: RunRecord, samples: Sequence[Sample]) -> dict[str, Any]:
    """Return every timing in the format that `pytest-benchmark compare` reads."""
    series: dict[str, list[Sample]] = defaultdict(list)
    for each in samples:
        timing = each.unit in SECONDS and not METRICS[each.metric].crosscheck
        if each.value is not None and not each.setup.control and timing:
            series[f"{each.scenario}/{each.workload}/{each.metric}[{each.setup.label}]"].append(each)
    timings = {name: [(each.value or 0.0) * SECONDS[each.unit] for each in group] for name, group in series.items()}
    return {
        "machine_info": run.host,
        "commit_info": run.git,
        # A rate is made of each: what is zero or less, such as a wait minus the wait that was asked for, has none.
        "benchmarks": [
            _benchmark(name, group[0], timings[name]) for name, group in series.items() if all(t > 0 for t in timings[name])
        ],
        "datetime": run.segments[0].began if run.segments else "",
        "version": "5.2.3",
    }


def _benchmark(name: str, first: Sample, seconds: Sequence[float]) -> dict[str, Any]:
    setup = first.setup
    return {
        "group": "/".join((first.scenario, setup.tier, first.workload, first.metric, *setup.in_part)),
        "name": name,
        "fullname": f"orchbench::{name}",
        "params": {
            "orchestrator": setup.orchestrator,
            "tier": setup.tier,
            "profile": setup.profile,
            "deployment": setup.deployment,
        },
        "param": None,
        "extra_info": {},
        "options": {
            "disable_gc": False,
            "timer": "monotonic_ns",
            "min_rounds": 1,
            "max_time": 0,
            "min_time": 0,
            "warmup": False,
        },
        "stats": _stats(seconds),
    }


def _stats(values: Sequence[float]) -> dict[str, float | int | str | list[float]]:
    """Return the figures that pytest-benchmark keeps of a series."""
    series = np.array(values)
    low, middle, high = np.quantile(series, [0.25, 0.5, 0.75])
    mean, spread = float(series.mean()), float(series.std(ddof=1)) if len(series) > 1 else 0.0
    fence_low, fence_high = low - 1.5 * (high - low), high + 1.5 * (high - low)
    beyond = int(np.sum((series < fence_low) | (series > fence_high)))
    far = int(np.sum(np.abs(series - mean) > spread)) if spread else 0
    return {
        "min": float(series.min()),
        "max": float(series.max()),
        "mean": mean,
        "stddev": spread,
        "rounds": len(series),
        "median": float(middle),
        "iqr": float(high - low),
        "q1": float(low),
        "q3": float(high),
        "iqr_outliers": beyond,
        "stddev_outliers": far,
        "outliers": f"{far};{beyond}",
        "ld15iqr": float(series[series >= fence_low].min()),
        "hd15iqr": float(series[series <= fence_high].max()),
        "ops": 1 / mean if mean else 0.0,
        "total": float(series.sum()),
        "data": [float(value) for value in values],
        "iterations": 1,
    }
