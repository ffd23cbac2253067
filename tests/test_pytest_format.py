"""The timings in pytest-benchmark's format are read by the programs that read it."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest
from conftest import ORCHBENCH, Call, call
from small_runs import block, events_of, finished_run, samples_of, stretch, suite_of

pytestmark = pytest.mark.xdist_group("pytest_format")  # the runs are made once

SUITE = suite_of(
    block("overhead", rounds=2, repeat=2, reference_starts=2, options={"sizes": {"chain": [1, 4]}}),
    block("retries", reference_starts=1, limit_s=60, skip=["processes"], options={"backoff_tries": 2}),
)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of plain Python, with waits before retries in it."""
    return finished_run(tmp_path_factory.mktemp("measured"), SUITE)


def series(run: Path) -> dict[str, list[float]]:
    """Return the values of each series of timings, in seconds, by the name that the export gives it."""
    found: dict[str, list[float]] = {}
    for row in samples_of(run):
        if (
            row["unit"] in {"s", "ms"}
            and row["value"]
            and row["control"] == "0"
            and not row["metric"].startswith("reported_")
        ):
            subject = "-".join(row[key] for key in ("orchestrator", "tier", "deployment", "profile"))
            name = f"orchbench::{row['scenario']}/{row['workload']}/{row['metric']}[{subject}]"
            found.setdefault(name, []).append(float(row["value"]) * (1 if row["unit"] == "s" else 0.001))
    return found


def test_pytest_benchmark_compares_two_exports(measured: Path, tmp_path: Path) -> None:
    """Its own command takes two of them, and shows each benchmark of both."""
    for name in ("before", "after"):
        shutil.copy(measured / "pytest-benchmark.json", tmp_path / f"{name}.json")
    argv = [ORCHBENCH.with_name("pytest-benchmark"), "compare", "before.json", "after.json", "--group-by=fullname"]
    done = call(*argv, cwd=tmp_path)
    assert done.code == 0, done.err
    names = [each["fullname"] for each in json.loads((tmp_path / "before.json").read_text())["benchmarks"]]
    assert names and [name for name in names if name not in done.out + done.err] == []


def read_as_github_action_benchmark(text: str) -> list[dict[str, Any]]:
    """Do as its reader for `tool: pytest` does: a value, a range and a remark of each benchmark, by its full name."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON to a browser")

    return [
        {
            "name": each["fullname"],
            "value": each["stats"]["ops"],
            "unit": "iter/sec",
            "range": f"stddev: {each['stats']['stddev']}",
            "extra": (each["stats"]["mean"], each["stats"]["rounds"]),
        }
        for each in json.loads(text, parse_constant=refuse)["benchmarks"]
    ]


def test_github_action_benchmark_reads_it(measured: Path) -> None:
    """Every benchmark has a name of its own and a rate above zero, which is one over the mean of its runs."""
    found = read_as_github_action_benchmark((measured / "pytest-benchmark.json").read_text())
    known = series(measured)
    names = [each["name"] for each in found]
    assert len(set(names)) == len(names) > 10
    for each in found:
        values = known[each["name"]]
        assert each["value"] > 0 and math.isfinite(each["value"])
        assert each["value"] == pytest.approx(1 / fmean(values))
        assert each["extra"] == (pytest.approx(fmean(values)), len(values))
        spread = stdev(values) if len(values) > 1 else 0.0
        assert float(each["range"].removeprefix("stddev: ")) == pytest.approx(spread)


def test_what_has_no_rate_is_left_out(measured: Path, orchbench: Call, tmp_path: Path) -> None:
    """A wait that was shorter than asked for is below zero, so that its series is no benchmark; all others are."""
    early = tmp_path / "early"
    shutil.copytree(measured, early)
    for log in early.glob("trials/*retries_recovers*/events*.jsonl"):
        stretch(log, min(event["t"] for event in events_of(log)), 0.5)
    assert orchbench("report", early).code == 0
    known = series(early)
    below = {name for name, values in known.items() if min(values) <= 0}
    assert {name.split("/")[2].partition("[")[0] for name in below} == {"delay_error_ms"}
    found = read_as_github_action_benchmark((early / "pytest-benchmark.json").read_text())
    assert {each["name"] for each in found} == known.keys() - below
