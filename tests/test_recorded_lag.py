"""The recording lag: how long after its last task a tool's own records have the end of every task."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from small_runs import edited

from bench.derive.measured import measured_parts
from bench.derive.results import derive
from bench.store.folder import RunFolder


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A copy of a run of all tools."""
    return shutil.copytree(ROOT / "reports/try/first", tmp_path / "run")


def of(run: Path, metric: str) -> dict[str, float]:
    """Return the values of a metric by trial."""
    folder = RunFolder(run)
    [whole] = measured_parts(folder, folder.run())
    samples = [row for row in derive(whole).samples if row.metric == metric and not row.warmup]
    return {row.trial: row.value for row in samples if row.value is not None}


def records(run: Path) -> Iterator[dict[str, Any]]:
    """Yield what each trial's record says of its run, to be changed."""
    for path in run.glob("trials/*/trial.json"):
        with edited(path) as trial:
            yield from trial["runs"]


def test_records_are_complete_once_the_run_is_over(kept: Path) -> None:
    """Each run of a tool has the lag, which is no shorter than that until the run is over; plain Python has no records."""
    lags, ends = of(kept, "recorded_lag_s"), of(kept, "finish_lag_s")
    assert {trial.split("-")[1] for trial in lags} == {"airflow", "dagster", "prefect"}
    assert all(lag >= ends[trial] for trial, lag in lags.items())


def test_records_that_are_read_later_lag_as_much_more(kept: Path) -> None:
    """A second, where they were read a second later."""
    before = of(kept, "recorded_lag_s")
    for run in records(kept):
        if "recorded" in run:
            run["recorded"] += 1_000_000_000
    assert of(kept, "recorded_lag_s") == {trial: pytest.approx(lag + 1) for trial, lag in before.items()}


def test_records_without_a_task_have_no_lag(kept: Path) -> None:
    """Nobody knows when the missing one was recorded."""
    for run in records(kept):
        run.get("reported", {}).get("tasks", {}).pop("n0", None)
    assert of(kept, "recorded_lag_s") == {}
