"""SIGINT and SIGTERM as an exception, so that every `finally` on the way out runs."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """SIGINT or SIGTERM arrived."""

    def __init__(self, number: int, rest: str) -> None:
        """Keep the signal, which decides the exit code, and what becomes of the rest of the work."""
        super().__init__(f"{signal.Signals(number).name}: {rest}")
        self.exit_code = 128 + number


@contextmanager
def raised(rest: str) -> Iterator[None]:
    """Turn the first signal into `Interrupted`, and ignore those that come later: nothing may interrupt the clearing up."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        for handled in SIGNALS:
            signal.signal(handled, signal.SIG_IGN)
        raise Interrupted(number, rest)

    before: dict[int, Callable[..., Any] | int | None] = {handled: signal.signal(handled, interrupt) for handled in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
