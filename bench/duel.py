"""Two checkouts measured in step: every run of the one right beside the same run of the other.

A machine's pace changes, a virtual one's to half and back within minutes, so that two sides measured minutes apart differ by
it. Here both are under way at once, each with its engine up, and one stands still while the other makes a run. Which of
them goes first is drawn anew for each step: neither always meets the machine as the other left it.

The referee starts both harnesses and gives the turns; a harness takes them at its seat. Between them is a pair of sockets: a
byte from the seat says that it stands still, and the duel's name, which goes into the run's record, that it may go on.
"""

from __future__ import annotations

import random
import secrets
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

from bench.problem import Problem

SIDES: Final = ("base", "head")
"""What the head would be merged into, and the head."""


class Seat:
    """A harness's place in a duel: all that it does is done in its turns."""

    def __init__(self, descriptor: int) -> None:
        """Take the place at the socket of that number."""
        self._socket = socket.socket(fileno=descriptor)
        self._socket.set_inheritable(False)  # an engine that holds it would keep the referee waiting
        self._grants = self._socket.makefile("r")
        self.duel = ""
        """The duel's name."""
        self.waited_s = 0.0

    def take_turn(self) -> None:
        """End the turn, if it is one, and wait for the next."""
        began = time.monotonic()
        try:
            self._socket.sendall(b".")
            self.duel = self._grants.readline().strip()
        except OSError:
            self.duel = ""
        if not self.duel:
            raise Problem("the duel that this run is a side of is over; it cannot be gone on with alone")
        self.waited_s += time.monotonic() - began


class Lost(Exception):
    """A side could not be measured."""

    def __init__(self, side: str, because: str) -> None:
        """Name it, with what it said last."""
        super().__init__(f"the {side} cannot be measured: {because}")
        self.side = side


class _Side:
    """A harness under way, as the referee sees it."""

    def __init__(self, name: str, checkout: Path, folder: Path, options: Sequence[str]) -> None:
        self.name = name
        self._log = folder.with_suffix(".log")
        self._socket, seat = socket.socketpair()
        places = ("--out", str(folder), "--in-step", str(seat.fileno()))
        command = [command_of(checkout), "run", *options, *places, "--no-mlflow"]
        # Both tell the same of how it goes: to see one is enough.
        shown = name == SIDES[-1]
        with seat, self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - an orchbench that the caller has named
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=None if shown else log, pass_fds=(seat.fileno(),)
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """See to it that nothing of it is left."""
        self._socket.close()
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait()

    def asks(self) -> bool:
        """Wait until it stands still or has ended; return whether it asks for another turn."""
        if self._socket.recv(1):
            return True
        if code := self._process.wait():
            lines = self._log.read_text(errors="replace").strip().splitlines()
            raise Lost(self.name, lines[-1] if lines else f"orchbench ended with exit code {code}, as it says above")
        return False

    def take_turn(self, duel: str) -> bool:
        """Let it make its next step; return whether it asks for another."""
        self._socket.sendall(f"{duel}\n".encode())
        return self.asks()


def command_of(checkout: Path) -> str:
    """Return the path of a checkout's orchbench."""
    command = checkout / ".venv" / "bin" / "orchbench"
    if not command.is_file():
        raise Problem(f"{checkout}: there is no {command.relative_to(checkout)}; run `make setup` in a checkout")
    return str(command.absolute())


def fight(checkouts: Sequence[Path], folders: Sequence[Path], options: Sequence[str], seed: int) -> None:
    """Measure both sides, each into its folder; raise `Lost` as soon as one of them cannot be."""
    order = random.Random(seed)  # noqa: S311 - a reproducible order, not a secret
    duel = secrets.token_hex(8)
    with ExitStack() as stack:
        places = zip(SIDES, checkouts, folders, strict=True)
        sides = [stack.enter_context(_Side(*place, (*options, "--seed", str(seed)))) for place in places]
        asking = [side for side in sides if side.asks()]
        while asking:
            order.shuffle(asking)
            asking = [side for side in asking if side.take_turn(duel)]
