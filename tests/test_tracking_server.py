"""MLflow's own server takes a run as a store of the run's own does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, Call
from tracked_runs import another_store, client_of, key_of, logged, medians

from bench.export.mlflow import track
from bench.store.folder import RunFolder
from contract.servers import HOST, answers, free_port

pytestmark = pytest.mark.xdist_group("tracked")  # as in test_tracking


@pytest.fixture
def mlflow_server(tracked: Path, tmp_path: Path) -> Iterator[str]:
    """MLflow's own server, on a free port of this machine; its keeper ends it with the test, even a killed one."""
    mlflow = ROOT / "implementations/plain/.venv/bin/mlflow"
    assert mlflow.exists(), "MLflow's server is in the environment of plain, which is not set up: call `make setup`"
    store, port, temporary = another_store(tracked, tmp_path), free_port(), tmp_path / "temporary"
    temporary.mkdir()
    argv = [sys.executable, "-m", "bench.run.keeper", tmp_path / "left_behind.json", temporary]
    argv += [mlflow, "server", "--host", HOST, "--port", port, "--workers", "1"]
    argv += ["--backend-store-uri", store, "--artifacts-destination", tmp_path / "artifacts"]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(temporary), "MLFLOW_DISABLE_TELEMETRY": "true"}
    env["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"  # half a dozen processes, of which nothing here makes use
    with (tmp_path / "server.log").open("wb") as log:
        env["ORCHBENCH_PIPE"] = str(log.fileno())  # where an adapter would answer its harness; a server answers at its port
        process = subprocess.Popen(
            [*map(str, argv)],
            cwd=tmp_path,
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
            assert process.poll() is None and time.monotonic() < deadline, (tmp_path / "server.log").read_text()
            time.sleep(0.2)
        yield f"http://{HOST}:{port}"


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
