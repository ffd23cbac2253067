"""Three runs of plain Python, one that was merged of them, and copies of two that a test may change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import orchbench_in
from small_runs import block, edited, finished_run, suite_of

OVERHEAD = block("overhead", reference_starts=3, control=["plain"], options={"sizes": {"chain": [1, 3]}})
RETRIES = block("retries", reference_starts=1, options={"delay_s": 0.05, "backoff_tries": 2})
SUITES = {
    "first": suite_of(OVERHEAD, RETRIES, name="first"),
    "second": suite_of(OVERHEAD | {"options": {"sizes": {"chain": [1, 3, 5]}}}, name="second"),
    "third": suite_of(RETRIES, name="third"),
}
PARTS = {"first": "run", "second": "run-2", "third": "run-3"}
"""The parts of the merged run, by the folders of the runs: each of these was called `run` when it was measured."""


@pytest.fixture(scope="session")
def unmerged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs of plain Python in a folder, as if nobody had changed the code meanwhile."""
    place = tmp_path_factory.mktemp("runs")
    for name, suite in SUITES.items():
        run = finished_run(tmp_path_factory.mktemp(name), suite)
        with edited(run / "run.json") as record:
            record["git"] = {"id": "c0ffee" * 6, "dirty": False}
        shutil.move(run, place / name)
    return place


@pytest.fixture(scope="session")
def merged(unmerged: Path) -> Path:
    """The three as one."""
    done = orchbench_in(unmerged, "merge", *PARTS, "--out", "merged")
    assert done.code == 0, done.err
    return unmerged / "merged"


@pytest.fixture
def pair(unmerged: Path, tmp_path: Path) -> Path:
    """Copies of two of the runs, to be changed, in an otherwise empty folder."""
    for name in ("first", "second"):
        shutil.copytree(unmerged / name, tmp_path / name)
    return tmp_path
