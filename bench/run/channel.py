"""The private pipe to an adapter: a line for each call and each answer, with an id in both, so that calls may overlap."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from typing import Any

SEND_LIMIT_S = 90
"""How long a call may wait until the adapter reads it."""


class EngineError(Exception):
    """The engine said that a call failed, or it is gone."""


class UnsupportedWork(Exception):
    """The tool has no way to do what it was asked; the engine is as it was."""


class Call:
    """A call that was made, and is perhaps not answered yet."""

    def __init__(self, name: str) -> None:
        """Keep the name, for the message when the answer takes too long."""
        self._name = name
        self._answer: Future[Any] = Future()

    def answered(self, answer: dict[str, Any]) -> None:
        """Take the answer."""
        if "error" in answer:
            self._answer.set_exception(EngineError(answer["error"]))
        elif "unsupported" in answer:
            self._answer.set_exception(UnsupportedWork(answer["unsupported"]))
        else:
            self._answer.set_result(answer["ok"])

    def lost(self, because: str) -> None:
        """Fail the call, because there will be no answer."""
        self._answer.set_exception(EngineError(f"the adapter ended during {self._name}: {because}"))

    def result(self, limit_s: float) -> Any:
        """Wait for the answer, and return it, or raise what it says."""
        try:
            return self._answer.result(limit_s)
        except TimeoutError:
            raise EngineError(f"no answer to {self._name} within {limit_s:.0f} s") from None


class Channel:
    """The harness's end of the pipe; a thread takes the answers as they come."""

    def __init__(self, pipe: socket.socket, last_words: Callable[[], str]) -> None:
        """Listen; `last_words` returns what the adapter printed last, for the message when it ends too early."""
        self._pipe, self._last_words = pipe, last_words
        # Not settimeout(), which would hold for the answers too: a run may take hours.
        pipe.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_LIMIT_S, 0))
        self._numbers = count(1)
        self._open: dict[int, Call] = {}
        self._lock = threading.Lock()
        self._is_over = False
        self._listener = threading.Thread(target=self._listen, name="answers", daemon=True)
        self._listener.start()

    def call(self, name: str, **args: Any) -> Call:
        """Make a call, and return without waiting for the answer."""
        call = Call(name)
        with self._lock:
            if self._is_over:
                raise EngineError(f"the adapter is gone: {self._last_words()}")
            number = next(self._numbers)
            self._open[number] = call
            try:
                self._pipe.sendall(json.dumps({"id": number, "call": name, "args": args}).encode() + b"\n")
            except OSError as error:
                del self._open[number]
                raise EngineError(f"the adapter is gone ({error.strerror})") from None
        return call

    def close(self) -> None:
        """Hang up. Calls without an answer fail."""
        with suppress(OSError):  # the other end has
            self._pipe.shutdown(socket.SHUT_RDWR)
        self._listener.join()
        self._pipe.close()

    def _listen(self) -> None:
        with self._pipe.makefile("rb") as answers, suppress(OSError):  # the adapter is gone, or this end was closed
            for line in answers:
                if line.endswith(b"\n"):
                    answer = json.loads(line)
                    with self._lock:
                        call = self._open.pop(answer["id"])
                    call.answered(answer)
        with self._lock:
            self._is_over = True
            left = list(self._open.values())
            self._open.clear()
        if left:
            because = self._last_words()
            for call in left:
                call.lost(because)
