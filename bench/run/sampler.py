"""Looks at an engine's memory and disk while a run goes on, and logs what it sees beside the run's own events."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psutil

from bench.run.engine import Engine
from contract.events import Trial, emit

EVERY_S: Final = 0.05
"""A file between two tasks may be there for a tenth of a second only."""


@contextmanager
def sampled(engine: Engine, trial: Trial, *, wanted: bool) -> Iterator[None]:
    """Log a `sampled` event before what is done inside, all the time meanwhile, and after it."""
    if not wanted:
        yield
        return
    over = threading.Event()

    def look() -> None:
        try:
            emit(trial, "sampled", data=engine.footprint())
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
