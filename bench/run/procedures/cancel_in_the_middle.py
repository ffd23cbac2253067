"""A run that the tool is told to cancel while a body is busy: what the tool calls it then, and whether the body is gone."""

from __future__ import annotations

import os
import time
from pathlib import Path

from bench.run.procedures.scene import Scene
from bench.scenarios.kit.procedures import CancelInTheMiddle

GONE_LIMIT_S = 30.0
"""How long the process of a body may outlive the call before it counts as left behind."""


def carry_out(scene: Scene, asked: CancelInTheMiddle) -> None:
    """Cancel the run, and look for the process of the body until it is gone."""
    scene.check_supported()
    scene.wait_for_phase()
    run = scene.submit()
    if scene.accepted(run).refused:
        scene.see_through(run)
        return
    process = scene.wait_until_begun(asked.busy).attempts[asked.busy][-1].pid
    before = time.monotonic()
    run.cancel()
    scene.facts["cancel_s"] = time.monotonic() - before
    # Before anything is asked of the tool, so that the time holds no answer of the tool.
    while is_alive(process) and time.monotonic() < before + GONE_LIMIT_S:
        time.sleep(0.05)
    scene.facts["gone_s"] = None if is_alive(process) else time.monotonic() - before
    scene.see_through(run)


def is_alive(pid: int) -> bool:
    """Whether there is a process of that number that still runs."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
