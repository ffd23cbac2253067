"""Owning a whole process tree, orphans included (Linux).

The tools' servers fork, daemonise and start sessions of their own; a signal to the process that we started reaches few
of them. A subreaper inherits every orphan below it, so the descendants of one are all that was ever started.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Make this process the parent of every orphan among its descendants."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this system cannot adopt orphaned processes (Linux 3.4 or newer can)")


def descendants(root: int | None = None) -> list[int]:
    """Return the living processes below `root` (this process, if none is given), parents first."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                stat = Path(entry.path, "stat").read_text()
                state, parent = stat.rpartition(")")[2].split()[:2]
                if state not in "ZX":
                    children.setdefault(int(parent), []).append(int(entry.name))
    below: list[int] = []
    queue = [root or os.getpid()]
    while queue:
        processes = children.get(queue.pop(0), [])
        below += processes
        queue += processes
    return below


def command(pid: int) -> str:
    """Return the process's command line, or nothing when it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return ""


def kill_descendants(grace_s: float = 0.0) -> list[str]:
    """End all that runs below this process; return the commands of those that did not go within `grace_s` of a SIGTERM."""
    if grace_s:
        _signal(descendants(), signal.SIGTERM)
        deadline = time.monotonic() + grace_s
        while descendants() and time.monotonic() < deadline:
            _reap()
            time.sleep(0.02)
    stubborn = [command(pid) for pid in descendants()]
    # Again and again, because a process may start another one between the look and the signal.
    while alive := descendants():
        _signal(alive, signal.SIGKILL)
        _reap()
        time.sleep(0.01)
    # A killed process stays a zombie until the last of its threads is gone; left to init, it would still be seen.
    deadline = time.monotonic() + 2
    while _reap() and time.monotonic() < deadline:
        time.sleep(0.01)
    return stubborn


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _reap() -> bool:
    """Take the exit codes of the children that have ended; return whether there are others."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True
