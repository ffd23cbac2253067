"""SIGINT and SIGTERM as an exception, so that every `finally` on the way out is run."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Interrupted(BaseException):
    """SIGINT or SIGTERM arrived."""

    def __init__(self, number: int, rest: str) -> None:
        """Keep the signal, which decides the exit code, and say what becomes of the rest."""
        super().__init__(f"{signal.Signals(number).name}: {rest}")
        self.exit_code = 128 + number


@contextmanager
def raised(rest: str) -> Iterator[None]:
    """Turn the first of them into `Interrupted`; once is enough, for what follows is the clearing up."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(number, rest)

    before: dict[int, Callable[..., Any] | int | None] = {
        each: signal.signal(each, interrupt) for each in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
