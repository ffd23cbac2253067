"""A run that cannot be logged loses nothing, and one line says why, soon."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from conftest import Call, mounted, refusal
from small_runs import suite_of
from tracked_runs import BLOCK, digest

from bench.base.problem import Problem
from bench.export.mlflow import track
from bench.store.folder import RunFolder
from contract.servers import free_port

pytestmark = pytest.mark.xdist_group("tracked")  # as in test_tracking


def test_a_server_that_is_gone_costs_a_run_one_line(
    orchbench: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run ends well and soon, has all of its files, and one line says what failed and how to log it later."""
    (tmp_path / "suite.toml").write_text(suite_of(BLOCK | {"rounds": 1}))
    monkeypatch.delenv("ORCHBENCH_NO_MLFLOW")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://anna:secret@127.0.0.1:{free_port()}")
    done = orchbench("run", "--suite", "suite.toml", "--on", "plain", "--seed", "1", "--out", "run", timeout=30)
    (said,) = [line for line in done.err.splitlines() if line.startswith("orchbench: ")]
    assert done.code == 0 and "Connection refused" in said and "`orchbench track run`" in said
    assert "secret" not in done.err + done.out and "Traceback" not in done.err and "tracked in MLflow:" not in done.out
    assert {"run.json", "results.json", "samples.csv"} <= {path.name for path in (tmp_path / "run").iterdir()}
    assert not (tmp_path / "run" / "mlflow").exists() and not (tmp_path / "mlruns").exists()


@contextmanager
def server(status: int | None) -> Iterator[str]:
    """A server that answers everything with that status; None: one that never answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if status is None:
                time.sleep(60)
            self.send_response(status or 0)
            self.send_header("Retry-After", "60")
            self.end_headers()

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *_arguments: object) -> None:  # noqa: A002
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    Thread(target=listening.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}"
    finally:
        listening.shutdown()


FAILING = {"errors": (500, "500"), "too busy": (429, "429"), "no entry": (401, "401"), "silent": (None, "within 2 s")}


@pytest.mark.parametrize("case", FAILING)
def test_a_failing_server_is_named_soon(case: str, tracked_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors, refusals, and no answer at all end in one line, soon, and leave the run as it is."""
    status, said = FAILING[case]
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    before, began = digest(tracked_copy), time.monotonic()
    with server(status) as uri:
        with pytest.raises(Problem) as problem:
            track(RunFolder(tracked_copy), uri)
        assert uri in str(problem.value) and said in str(problem.value) and len(str(problem.value)) < 500
    assert time.monotonic() - began < 15 and digest(tracked_copy) == before


WRONG = {
    "no such thing": ("abacus://beads", "abacus"),
    "no such host": ("http://no-such-host.invalid", "no-such-host"),
    "no database": ("sqlite:////proc/mlflow.db", "/proc"),
    "a folder as database": ("sqlite:////tmp", "unable to open"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_place_is_named(case: str, tracked_copy: Path, orchbench: Call) -> None:
    """A store that cannot be gets one line and exit code 2, and the run stays as it is."""
    uri, said = WRONG[case]
    before = digest(tracked_copy)
    done = orchbench("track", tracked_copy, "--uri", uri, timeout=30)
    lines = [line for line in done.err.splitlines() if line != "logging the run to MLflow"]
    assert done.code == 2 and len(lines) == 1 and lines[0].startswith("orchbench: ") and said in lines[0], done
    assert digest(tracked_copy) == before


def test_a_folder_that_cannot_be_written_to_is_named(untracked: Path, orchbench: Call, tmp_path: Path) -> None:
    """A run on a read-only file system cannot hold a store, which is said in one line."""
    place = tmp_path / "place"
    shutil.copytree(untracked, place)
    with mounted(place, "--bind", "-o", "ro", untracked):
        done = orchbench("track", place)
    assert done.code == 2 and done.err.count("\n") == 1 and str(place) in done.err, done


def test_only_a_run_is_logged(orchbench: Call, tmp_path: Path) -> None:
    """What is no run is refused by one line."""
    done = orchbench("track", "nowhere")
    assert "nowhere" in refusal(done)
    assert not list(tmp_path.iterdir())
