"""A run that was logged to MLflow, the same one before it was, and what MLflow's own client finds."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import ORCHBENCH, ROOT, call
from small_runs import block, edited, finished_run, results_of, suite_of

from bench.export.mlflow import EXPERIMENT
from contract.servers import HOST, answers, free_port

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


@contextmanager
def mlflow_served(store: str, folder: Path) -> Iterator[str]:
    """MLflow's own server, on a free port of this machine; its keeper ends it with the test, even a killed one."""
    mlflow = ROOT / "implementations/plain/.venv/bin/mlflow"
    assert mlflow.exists(), "MLflow's server is in the environment of plain, which is not set up: call `make setup`"
    port, temporary = free_port(), folder / "temporary"
    temporary.mkdir()
    argv = [sys.executable, "-m", "bench.run.keeper", folder / "left_behind.json", temporary]
    argv += [mlflow, "server", "--host", HOST, "--port", port, "--workers", "1"]
    argv += ["--backend-store-uri", store, "--artifacts-destination", folder / "artifacts"]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(temporary), "MLFLOW_DISABLE_TELEMETRY": "true"}
    env["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"  # half a dozen processes, of which nothing here makes use
    with (folder / "server.log").open("wb") as log:
        env["ORCHBENCH_PIPE"] = str(log.fileno())  # where an adapter would answer its harness; a server answers at its port
        process = subprocess.Popen(
            [*map(str, argv)],
            cwd=folder,
            env=env,
            stdin=subprocess.PIPE,  # the leash: it ends when this process closes it, or is no more
            stdout=log,
            stderr=log,
            pass_fds=(log.fileno(),),
            start_new_session=True,  # a Ctrl-C at the terminal is for pytest, which then closes the leash
        )
    with process:
        deadline = time.monotonic() + 120
        while not answers(f"http://{HOST}:{port}/health", timeout_s=5):
            assert process.poll() is None and time.monotonic() < deadline, (folder / "server.log").read_text()
            time.sleep(0.2)
        yield f"http://{HOST}:{port}"


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
