"""What can be seen of an engine from outside: memory, disk, ports, and what a user has to keep running."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psutil

from bench.run.engine import Engine
from bench.store.records import Upkeep
from contract.events import Trial, emit

QUIET_S: Final = 3.0
"""How long an engine is left alone before the memory is read: it has only just got the work."""

EVERY_S: Final = 0.05
"""A file between two tasks may be there for a tenth of a second only."""


def footprint(engine: Engine) -> dict[str, int]:
    """Return how much memory the processes of the engine take, and how much disk the home takes, in bytes."""
    pss = disk = 0
    for process in _processes(engine):
        with suppress(psutil.Error):  # it has just ended
            pss += process.memory_full_info().pss
    for folder, _, files in os.walk(engine.home):
        for file in files:
            with suppress(OSError):
                disk += Path(folder, file).lstat().st_size
    return {"pss": pss, "disk": disk}


def cpu_s(engine: Engine) -> float:
    """Return how much CPU time the processes of the engine have taken so far, also those that have ended.

    The time of a process that ended is kept by the process that waited for it, and so on up to the adapter.
    """
    spent = 0.0
    for process in _processes(engine):
        with suppress(psutil.Error):  # it has just ended
            times = process.cpu_times()
            spent += times.user + times.system + times.children_user + times.children_system
    return spent


def listening(engine: Engine) -> list[str]:
    """Return the addresses on which the processes of the engine listen."""
    addresses: set[str] = set()
    for process in _processes(engine):
        with suppress(psutil.Error):
            for connection in process.net_connections("inet"):
                if connection.status == psutil.CONN_LISTEN:
                    addresses.add(f"{connection.laddr.ip}:{connection.laddr.port}")
    return sorted(addresses)


def upkeep(engine: Engine) -> Upkeep:
    """Return what a user of the tool would have to keep running: names, processes and memory, after a quiet while.

    The adapter itself does not count, and neither does what it starts for a single run.
    """
    services = engine.services()
    if services:
        time.sleep(QUIET_S)
    processes = pss = 0
    for pid in services.values():
        with suppress(psutil.Error):
            service = psutil.Process(pid)
            for process in (service, *service.children(recursive=True)):
                with suppress(psutil.Error):  # it has just ended
                    pss += process.memory_full_info().pss
                    processes += 1
    return Upkeep(sorted(services), processes, pss)


@contextmanager
def sampled(engine: Engine, trial: Trial, *, wanted: bool) -> Iterator[None]:
    """Log `sampled` events: one before the body of the `with`, one after it, and many meanwhile."""
    if not wanted:
        yield
        return
    over = threading.Event()

    def look() -> None:
        try:
            emit(trial, "sampled", data=footprint(engine))
        except psutil.Error:
            over.set()  # the engine is gone, and whoever called it will say so

    def watch() -> None:
        while not over.wait(EVERY_S):
            look()

    look()
    watcher = threading.Thread(target=watch, name="footprint", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        look()


def _processes(engine: Engine) -> list[psutil.Process]:
    return psutil.Process(engine.root).children(recursive=True)
