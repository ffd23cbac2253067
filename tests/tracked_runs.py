"""A run that was logged to MLflow, the same one before it was, and what MLflow's own client finds."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import ORCHBENCH, call
from small_runs import block, edited, finished_run, results_of, suite_of

from bench.export.mlflow import EXPERIMENT

Logged = Any
"""A run as MLflow's client has it."""

BLOCK = block("overhead", rounds=2, repeat=2, reference_starts=2, control=["plain"], options={"sizes": {"chain": [1, 3]}})

GAP = "nobody has looked"


@pytest.fixture(scope="session")
def untracked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was not logged, and in which a number is missing."""
    folder = tmp_path_factory.mktemp("untracked")
    run = finished_run(folder, suite_of(BLOCK, name="tracked"), "--seed", "1", "--no-mlflow")
    assert not (run / "mlflow").exists()
    with edited(run / "results.json") as results:
        next(row for row in results["estimates"] if row["metric"] == "finish_lag_s").update(
            median=None, low=None, high=None, missing_because=GAP
        )
    return run


@pytest.fixture(scope="session")
def tracked(untracked: Path) -> Path:
    """The same run, logged to its own store."""
    copy = untracked.parent / "tracked"
    shutil.copytree(untracked, copy)
    done = call(ORCHBENCH, "track", copy, cwd=copy.parent, MLFLOW_TRACKING_URI="")
    assert (done.code, done.err.replace("logging the run to MLflow\n", "")) == (0, ""), done
    assert f"tracked in MLflow: sqlite:///{copy}/mlflow/mlflow.db, experiment orchbench" in done.out
    return copy


@pytest.fixture
def tracked_copy(tracked: Path, tmp_path: Path) -> Path:
    """A copy of the logged run, with its store."""
    shutil.copytree(tracked, tmp_path / "copy")
    return tmp_path / "copy"


def client_of(uri: str) -> Any:
    """Return MLflow's own client."""
    from mlflow import MlflowClient  # noqa: PLC0415 - it takes seconds

    return MlflowClient(uri)


def store_of(run: Path) -> str:
    """Return the URI of a run's own store."""
    return f"sqlite:///{run}/mlflow/mlflow.db"


def logged(uri: str) -> tuple[list[Logged], list[Logged]]:
    """Return the parents and the children that MLflow finds in the experiment."""
    client = client_of(uri)
    found = client.search_runs([client.get_experiment_by_name(EXPERIMENT).experiment_id])
    parents = [each for each in found if "mlflow.parentRunId" not in each.data.tags]
    return parents, [each for each in found if "mlflow.parentRunId" in each.data.tags]


def another_store(tracked: Path, place: Path) -> str:
    """Return the URI of a store in which nothing is logged yet; an empty file would take seconds to become one."""
    shutil.copy(tracked / "mlflow" / "mlflow.db", place / "another.db")
    uri = f"sqlite:///{place}/another.db"
    client = client_of(uri)
    client.rename_experiment(client.get_experiment_by_name(EXPERIMENT).experiment_id, "something else")
    return uri


def key_of(row: Mapping[str, str]) -> tuple[str, ...]:
    """Return what makes a child."""
    return tuple(row[key] for key in ("scenario", "orchestrator", "tier", "profile", "deployment"))


def medians(run: Path) -> dict[tuple[tuple[str, ...], str], float]:
    """Return each estimate's numbers, by child and metric."""
    return {
        (key_of(row), f"{row['workload']}.{row['metric']}{suffix}"): row[column]
        for row in results_of(run)["estimates"]
        for suffix, column in (("", "median"), (".low", "low"), (".high", "high"))
        if row[column] is not None
    }


def digest(folder: Path) -> dict[str, str]:
    """Return a hash of each file."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
