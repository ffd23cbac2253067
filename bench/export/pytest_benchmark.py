"""A run's timings in the format that pytest-benchmark and the tools beside it read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from bench.base import stats
from bench.scenarios import METRICS
from bench.store.records import RunRecord

Row = dict[str, Any]

SECONDS: Mapping[str, float] = {"s": 1.0, "ms": 0.001}
"""Each unit of time, in seconds."""


def document(run: RunRecord, samples: Sequence[Row]) -> Row:
    """Return every timing in the format that `pytest-benchmark compare` reads."""
    series: dict[str, list[Row]] = defaultdict(list)
    for row in samples:
        timing = row["unit"] in SECONDS and not METRICS[row["metric"]].crosscheck
        if row["value"] and not row["control"] and timing:
            subject = "-".join(row[key] for key in ("orchestrator", "tier", "deployment", "profile"))
            series[f"{row['scenario']}/{row['workload']}/{row['metric']}[{subject}]"].append(row)
    return {
        "machine_info": run.host,
        "commit_info": run.git,
        # A rate is made of each: what is zero or less, such as a wait minus the wait that was asked for, has none.
        "benchmarks": [
            _pytest_row(name, rows) for name, rows in series.items() if all(float(row["value"]) > 0 for row in rows)
        ],
        "datetime": run.segments[0].began if run.segments else "",
        "version": "5.2.3",
    }


def _pytest_row(name: str, rows: Sequence[Row]) -> Row:
    first = rows[0]
    return {
        "group": f"{first['scenario']}/{first['tier']}/{first['workload']}/{first['metric']}",
        "name": name,
        "fullname": f"orchbench::{name}",
        "params": {key: first[key] for key in ("orchestrator", "tier", "profile", "deployment")},
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
        "stats": stats.pytest_stats([float(row["value"]) * SECONDS[row["unit"]] for row in rows]),
    }
