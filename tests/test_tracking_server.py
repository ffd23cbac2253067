"""MLflow's own server takes a run as a store of the run's own does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Call
from tracked_runs import another_store, client_of, key_of, logged, medians, mlflow_served

from bench.export.mlflow import track
from bench.store.folder import RunFolder

pytestmark = pytest.mark.xdist_group("tracked")  # as in test_tracking


@pytest.fixture
def mlflow_server(tracked: Path, tmp_path: Path) -> Iterator[str]:
    """MLflow's own server, with a store in which nothing is logged yet."""
    with mlflow_served(another_store(tracked, tmp_path), tmp_path) as uri:
        yield uri


def test_a_server_takes_it(mlflow_server: str, tracked_copy: Path, orchbench: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLFLOW_TRACKING_URI is where a run goes: the server has the same numbers and files, and has them once."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server)
    done = orchbench("track", tracked_copy)
    assert done.code == 0 and f"tracked in MLflow: {mlflow_server}, experiment orchbench\n" in done.out, done
    track(RunFolder(tracked_copy))
    (parent,), children = logged(mlflow_server)
    found = {
        (key_of(child.data.params), key): value
        for child in children
        for key, value in child.data.metrics.items()
        if re.fullmatch(r"\w+\.\w+(\.low|\.high)?", key) and not key.startswith("checks.")
    }
    assert found == medians(tracked_copy)
    names = {each.path for each in client_of(mlflow_server).list_artifacts(parent.info.run_id)}
    assert names >= {"run.json", "results.json", "samples.csv", "events.zip"}
