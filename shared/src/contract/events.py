"""The event log: one JSON line per event, one file per process, written from inside the work.

All processes of one host and boot share `time.monotonic_ns()`, so events of different processes can be put in order.
A line goes out in a single `write` to a file opened with `O_APPEND`, so threads never mix their lines and a killed
process loses at most the line it was writing.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_OPEN_FILES = 32
"""Log files kept open by a process: runs follow each other, so the oldest belongs to a run that is long over."""

_files: dict[tuple[int, str], int] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Trial:
    """One run of one workload: its id, and the folder that its events go to. It travels to every task body."""

    id: str
    events: str

    def to_dict(self) -> dict[str, str]:
        """Return what a tool's own parameter mechanism carries: two strings."""
        return {"id": self.id, "events": self.events}


def emit(trial: Trial, kind: str, node: str = "", data: Mapping[str, Any] | None = None) -> int:
    """Append one event, and return its time."""
    now = time.monotonic_ns()
    pid = os.getpid()
    event = {"t": now, "kind": kind, "node": node, "trial": trial.id, "pid": pid, "tid": threading.get_native_id()}
    if data:
        event["data"] = data
    # The key holds the pid: a forked child must not write into its parent's file.
    file = _files.get((pid, trial.events)) or _open(pid, trial.events)
    os.write(file, json.dumps(event, separators=(",", ":")).encode() + b"\n")
    return now


def named(error: BaseException) -> str:
    """Return an error with its kind, and with what it came from: a library may say less than what it has met."""
    came_from = f" (from {type(error.__cause__).__name__}: {error.__cause__})" if error.__cause__ else ""
    return f"{type(error).__name__}: {error}{came_from}"


def _open(pid: int, folder: str) -> int:
    with _lock:
        if (file := _files.get((pid, folder))) is not None:
            return file
        while len(_files) >= _OPEN_FILES:
            oldest = next(iter(_files))
            os.close(_files.pop(oldest))
        path = os.path.join(folder, f"events-{pid}.jsonl")
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        _files[pid, folder] = file
        return file


class FinishedBodies:
    """Counts the bodies of a trial that have finished, reading only what is new since the last count."""

    def __init__(self, trial: Trial, node: str | None = None) -> None:
        """Start at the beginning of the trial's log; with a node, count only its bodies."""
        self._folder = trial.events
        self._finished = b'"kind":"finished","node":' + (f'"{node}"'.encode() if node else b"")
        self._read: dict[str, int] = {}
        self._count = 0

    def __call__(self) -> int:
        """Return how many `finished` events stand in the log now."""
        with os.scandir(self._folder) as entries:
            for entry in entries:
                known = self._read.get(entry.name, 0)
                # A look must cost next to nothing, also when a hundred processes have written a file each.
                if entry.name.endswith(".jsonl") and entry.stat().st_size > known:
                    with open(entry.path, "rb") as file:
                        file.seek(known)
                        new = file.read()
                    whole = new[: new.rfind(b"\n") + 1]
                    self._read[entry.name] = known + len(whole)
                    self._count += whole.count(self._finished)
        return self._count
