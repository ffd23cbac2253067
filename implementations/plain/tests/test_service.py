"""A process for each run: how the tool says that it ended."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from churn_plain.adapter.service import ProcessPerRun
from contract.adapter import Setup, State
from contract.events import Trial
from contract.workload import Node, Workload
from contract_testing import webhook

LONG = Workload("long", (Node("a", "sleep", (), {"seconds": 60}),))


def children() -> set[int]:
    """Return the processes that this thread has started and that still run."""
    return set(map(int, Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()))


def test_only_what_was_cancelled_is_called_cancelled(tmp_path: Path) -> None:
    """A run whose process something else kills, such as the kernel for its memory, has failed."""
    engine = ProcessPerRun()
    engine.start(Setup("service", "process", "stock", 1, tmp_path))
    engine.deploy([LONG])
    before = children()
    killed = engine.submit("long", Trial("killed", str(tmp_path)))
    (process,) = children() - before
    cancelled = engine.submit("long", Trial("cancelled", str(tmp_path)))
    os.kill(process, signal.SIGKILL)
    engine.cancel(cancelled)
    assert engine.wait(killed, lambda: True, 10) is State.FAILED
    assert engine.wait(cancelled, lambda: True, 10) is State.CANCELLED


@pytest.mark.parametrize("pipeline", ["train", "train_whole"])
def test_no_argument_of_a_process_is_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pipeline: str) -> None:
    """`ps` shows neither the webhook nor where the customers come from; the run knows both."""
    monkeypatch.setenv("CHURN_HOME", str(tmp_path))
    engine = ProcessPerRun()
    engine.start(Setup("service", "process", "stock", 1, tmp_path))
    engine.deploy_pipelines([pipeline])
    before = children()
    with webhook("/SECRET") as (url, posted):
        secrets = {"webhook": url, "data": "http://127.0.0.1/[?X-Amz-Signature=SECRET"}
        run = engine.submit_pipeline(pipeline, secrets | {"tracking": "files", "rows": 400}, Trial("secret", str(tmp_path)))
        (process,) = children() - before
        while not (arguments := Path(f"/proc/{process}/cmdline").read_bytes()):
            pass  # a process has none until the kernel has loaded its program
        assert engine.wait(run, lambda: True, 60) is State.FAILED
    assert pipeline.encode() in arguments and b"400" in arguments
    assert b"SECRET" not in arguments
    (message,) = posted
    assert f"{pipeline} failed" in message["text"] and "127.0.0.1" in message["text"]
    assert "SECRET" not in message["text"]
