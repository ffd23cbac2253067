"""The event log: one JSON line per event, one file per process, written from inside the work.

A line says when (`t`, the monotonic clock of the host since its boot), what (`kind`, `node`, perhaps `data`), of which run
(`trial`, and `run` where a trial has several) and where (`host`, `boot`, `pid`, `tid`). Processes of one boot share the
clock, so their events can be put in order. A line goes out in a single `write` to a file opened with `O_APPEND`, so threads
never mix their lines and a killed process loses at most the line it was writing.

Two events fall into the time of every task. What all lines of a run have in common is therefore encoded once.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from pathlib import Path
from typing import Any

_OPEN_FILES = 32
"""Log files kept open by a process: runs follow each other, so the oldest belongs to a run that is long over."""

_HOST = os.uname().nodename
_BOOT = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
"""With another boot the clock is another one. Both are looked up here, so that no first event has to wait for it."""

_files: dict[tuple[int, str], int] = {}
_lock = threading.Lock()
_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True)
class Trial:
    """What a run belongs to: the id of a trial, the folder of the trial's events, and which of its runs it is.

    It travels to every task body.
    """

    id: str
    events: str
    run: str = ""
    """Empty where the trial has one run only."""

    def to_dict(self) -> dict[str, str]:
        """Return what a tool's own parameter mechanism carries: three strings."""
        return {"id": self.id, "events": self.events, "run": self.run}


def emit(trial: Trial, kind: str, node: str = "", data: Mapping[str, Any] | None = None) -> int:
    """Append one event, and return the time of it."""
    now = time.monotonic_ns()
    pid = os.getpid()
    extra = f',"data":{_encode(data)}' if data else ""
    run = _of_run(trial.id, trial.run, pid)
    line = f'{{"t":{now},"kind":"{kind}","node":{quoted(node)}{run}{threading.get_native_id()}{extra}}}\n'
    # The key holds the pid: a forked child must not write into the file of the parent.
    os.write(_files.get((pid, trial.events)) or _open(pid, trial.events), line.encode())
    return now


@lru_cache(_OPEN_FILES)
def _of_run(trial: str, run: str, pid: int) -> str:
    """Return the part of a line that all events of a run in one process share, up to the thread."""
    return f',"run":{quoted(run)},"trial":{quoted(trial)},"host":{quoted(_HOST)},"boot":"{_BOOT}","pid":{pid},"tid":'


def named(error: BaseException) -> str:
    """Return an error with the kind and the cause: a library may say less than the error below it."""
    came_from = f" (from {type(error.__cause__).__name__}: {error.__cause__})" if error.__cause__ else ""
    return f"{type(error).__name__}: {error}{came_from}"


def _open(pid: int, folder: str) -> int:
    with _lock:
        if (file := _files.get((pid, folder))) is not None:
            return file
        while len(_files) >= _OPEN_FILES:
            oldest = next(iter(_files))
            os.close(_files.pop(oldest))
        # In two containers two processes may have the same pid.
        path = os.path.join(folder, f"events-{_HOST}-{pid}.jsonl")
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        _files[pid, folder] = file
        return file


class FinishedBodies:
    """Counts the bodies of a run that have finished, reading only what is new since the last count."""

    def __init__(self, trial: Trial, node: str = "") -> None:
        """Start at the beginning of the log; with a node, count only the bodies of that node."""
        self._folder = trial.events
        name = re.escape(quoted(node)) if node else '"[^"]*"'
        run = f',"run":{re.escape(quoted(trial.run))}' if trial.run else ""
        self._finished = re.compile(f'"kind":"finished","node":{name}{run}'.encode())
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
                    self._count += len(self._finished.findall(whole))
        return self._count
