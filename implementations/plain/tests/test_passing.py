"""Passing a frame through plain Python costs what the bare copy of it costs: the instrument adds nothing to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
import pytest

from churn.patterns import Passing, frame
from churn_plain.pipelines.passing import passing
from contract import steps
from contract.events import Trial

SIZE = 16_000_000
TIMES = 9


@pytest.fixture
def passed_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], float]]:
    """A run of the pipeline, by which a frame goes from one step to the next as a file; it returns how long that took."""
    current = tmp_path / "current.json"
    monkeypatch.setenv(steps.VARIABLE, str(current))
    monkeypatch.setenv("CHURN_HOME", str(tmp_path / "home"))
    with ThreadPoolExecutor(2) as pool:

        def run() -> float:
            folder = tmp_path / f"trial-{time.monotonic_ns()}"
            folder.mkdir()
            steps.announce(current, Trial("t", str(folder)), {})
            passing(Passing(SIZE, "file"), pool)
            return _between_steps(folder)

        yield run


def _between_steps(folder: Path) -> float:
    events = [pd.read_json(path, lines=True) for path in folder.glob("events-*.jsonl")]
    table: Any = pd.concat(events).set_index(["node", "kind"])["t"]
    return float(table["take", "started"] - table["make", "finished"]) / 1e9


@pytest.mark.alone
def test_a_frame_is_passed_as_fast_as_its_parquet_file_is_written_and_read(
    passed_s: Callable[[], float], tmp_path: Path
) -> None:
    """Within a tenth of the bare write and read of the same frame, measured in turns."""
    table = frame(SIZE)
    bare: list[float] = []
    ours: list[float] = []
    for number in range(TIMES):
        path = tmp_path / f"bare-{number}.parquet"
        began = time.perf_counter()
        table.to_parquet(path)
        pd.read_parquet(path)
        bare.append(time.perf_counter() - began)
        path.unlink()
        ours.append(passed_s())
    assert median(ours) == pytest.approx(median(bare), rel=0.1), (ours, bare)
