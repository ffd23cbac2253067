"""Two checkouts measured in step: every run of the one right beside the same run of the other.

The pace of a machine changes; that of a virtual one may halve and recover within minutes. Two sides that are measured
minutes apart differ by that. Here both harnesses run at once, each with an engine up, and one stands still while the other
works. They come to each run of the common plan together. Which of them makes a run first is drawn for every run, so that
neither always meets the machine as the other left it.

The referee starts both harnesses and grants the turns. It talks to each harness over a pair of sockets. The harness sends
a line with the step that it has come to, and waits. The referee answers, when the step may be taken, with a line that holds
what both sides share.
"""

from __future__ import annotations

import json
import random
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any, Final, Self

from bench.base.problem import Problem
from bench.base.text import visible

SIDES: Final = ("base", "head")
"""What the head would be merged into, and the head."""

ALONE: Final = ""
"""A step that a side takes without the other side, such as the start of an engine."""

STOP_LIMIT_S: Final = 60.0
"""How long a side that is told to stop may take for it."""


# A side, from inside ---------------------------------------------------------------------------------------------------


class Turns:
    """A harness's place in a duel: the harness works in these turns only."""

    def __init__(self, descriptor: int) -> None:
        """Take the place at the socket of that number, and wait for the first turn."""
        self._socket = socket.socket(fileno=descriptor)
        self._socket.set_inheritable(False)  # an engine that holds it would keep the referee waiting
        self._grants = self._socket.makefile("r")
        self.waited_s = 0.0
        """How long the harness has stood still since then."""
        shared = self._wait(ALONE)
        self.duel: str = shared["duel"]
        """The duel's name, which goes into the run's record."""
        self.cpu_rounds_per_s: float = shared["cpu_rounds_per_s"]
        """The calibration of both: a task of 30 ms is the same work on either side."""

    def take_turn(self, step: str = ALONE) -> None:
        """End the turn, and wait for the next one; the other side comes to the same step."""
        began = time.monotonic()
        self._wait(step)
        self.waited_s += time.monotonic() - began

    def _wait(self, step: str) -> dict[str, Any]:
        try:
            self._socket.sendall(f"{step}\n".encode())
            line = self._grants.readline()
        except OSError:
            line = ""
        if not line:
            raise Problem("the duel of this run is over, and a side cannot go on alone; begin a new duel")
        shared: dict[str, Any] = json.loads(line)
        return shared


# Both, from outside ----------------------------------------------------------------------------------------------------


class Lost(Problem):
    """There is nothing to compare; the exit code says whose fault that is."""

    def __init__(self, because: str, exit_code: int = 2) -> None:
        """Say why."""
        super().__init__(because)
        self.exit_code = exit_code

    @classmethod
    def side(cls, name: str, because: str) -> Self:
        """Return that a side cannot be measured. Only a broken head is the fault of the head."""
        return cls(f"the {name} cannot be measured: {because}", 2 if name == SIDES[0] else 1)


class _Side:
    """A harness under way."""

    def __init__(self, name: str, checkout: Path, folder: Path, options: Sequence[str]) -> None:
        self.name = name
        self.step = ALONE
        self._log = folder.with_suffix(".log")
        self._socket, turns = socket.socketpair()
        self._asks = self._socket.makefile("r")
        places = ("--out", str(folder), "--in-step", str(turns.fileno()))
        command = [command_of(checkout), "run", *options, *places, "--no-mlflow"]
        try:
            with turns:
                self._process = subprocess.Popen(  # noqa: S603 - an orchbench that the caller has named
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    pass_fds=[turns.fileno()],
                )
        except OSError as error:
            raise Lost.side(name, f"{command[0]}: {error.strerror}") from None
        # Both sides print the same progress, so one is shown.
        shown = name == SIDES[-1]
        self._words = threading.Thread(target=self._keep_words, args=(self._process.stderr,), kwargs={"shown": shown})
        self._words.start()

    def _keep_words(self, words: IO[bytes], *, shown: bool) -> None:
        with self._log.open("wb", buffering=0) as log:
            for line in words:
                log.write(line)
                if shown:
                    with suppress(OSError):  # nobody reads on; the side must not stand still for that
                        sys.stderr.write(visible(line.decode(errors="replace"), lines=True))
                        sys.stderr.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """End the side, and all that it has started."""
        self.stop()
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()  # the keeper of the engine sees that, and ends the engine
            self._process.wait()
        self._words.join()

    def stop(self) -> None:
        """Tell the side to stop, if it still runs."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if self._process.poll() is None:
            self._process.terminate()

    def goes_on(self) -> bool:
        """Wait until the side comes to a step or ends; return whether there is a step. Raise where the side failed."""
        try:
            step = self._asks.readline()
        except OSError:
            step = ""
        if step:
            self.step = step.strip()
            return True
        if code := self._process.wait():
            self._words.join()
            raise Lost.side(self.name, self._why(code))
        return False

    def _why(self, code: int) -> str:
        if code < 0:
            return f"signal {-code} ({signal.strsignal(-code)}) ended it; see {self._log}"
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1].removeprefix("orchbench: ") if lines else f"it ended with exit code {code}"

    def take_step(self, shared: str) -> bool:
        """Let the side take the step that it has come to; return whether it comes to another."""
        with suppress(OSError):  # it is over
            self._socket.sendall(shared.encode())
        return self.goes_on()


def command_of(checkout: Path) -> str:
    """Return the path of a checkout's orchbench."""
    command = checkout / ".venv" / "bin" / "orchbench"
    if not command.is_file():
        raise Problem(f"{checkout}: there is no {command.relative_to(checkout)}; run `make setup` in a checkout")
    return str(command.absolute())


def fight(
    checkouts: Sequence[Path], folders: Sequence[Path], options: Sequence[str], seed: int, cpu_rounds_per_s: float
) -> None:
    """Measure both sides, each into its folder; raise `Lost` as soon as one of them cannot be."""
    # Not the seed's own stream, from which the plan is drawn.
    order = random.Random(f"duel {seed}")  # noqa: S311 - a reproducible order, not a secret
    shared = json.dumps({"duel": secrets.token_hex(8), "cpu_rounds_per_s": cpu_rounds_per_s}) + "\n"
    with ExitStack() as stack:
        places = zip(SIDES, checkouts, folders, strict=True)
        sides = [stack.enter_context(_Side(*place, (*options, "--seed", str(seed)))) for place in places]
        stack.callback(_stop, sides)  # both at once, before either is waited for
        # Where neither side can be measured, the head is to blame: the base has passed a pull request.
        left = [side for side in reversed(sides) if side.goes_on()]
        while left:
            left = [side for side in left if _comes_to_the_next_run(side, shared)]
            if len({side.step for side in left}) > 1 or len(left) == 1:
                raise Lost(
                    "the two sides plan different runs, or different work, so no run can be made beside the same run"
                    " of the other side"
                )
            order.shuffle(left)
            left = [side for side in left if side.take_step(shared)]


def _stop(sides: Sequence[_Side]) -> None:
    for side in sides:
        side.stop()


def _comes_to_the_next_run(side: _Side, shared: str) -> bool:
    """Let the side take the steps that it takes alone; return whether it comes to a run, and has not ended."""
    goes_on = True
    while goes_on and side.step == ALONE:
        goes_on = side.take_step(shared)
    return goes_on
