"""A process for each run: how the tool says that it ended."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from churn_plain.adapter.service import ProcessPerRun
from contract.adapter import Setup, State
from contract.events import Trial
from contract.workload import Node, Workload

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
