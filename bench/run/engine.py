"""An engine: whatever is measured is started here. The harness calls; the adapter answers in the tool's environment."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec

from bench.plan.setup import Setup
from bench.plan.tools import Tool
from bench.run import environment
from bench.run.channel import Call, Channel, EngineError, UnsupportedWork
from bench.scenarios import Work
from bench.scenarios.kit.hooks import KeptFiles
from bench.store.records import Reported, Setting
from contract.editions import FIRST
from contract.events import Trial
from contract.tree import descendants

START_LIMIT_S = 180.0
STOP_LIMIT_S = 30.0

GRACE_S = 90.0
"""How long a call may take beyond the limit of a run before the adapter is taken for dead."""

LAST_WORDS = 2000
"""How many bytes at the end of an adapter's log are searched for the last words."""


@dataclass(frozen=True)
class Started:
    """What an engine says about itself when it is ready."""

    versions: dict[str, str]
    settings: list[Setting]


@dataclass(frozen=True)
class Place:
    """Where an engine lives, and which variables the environment has beyond the usual."""

    folder: Path
    """Holds the home and the log."""
    width: int
    """How many tasks may run at once."""
    variables: Mapping[str, str]


class Run:
    """A run that an engine was asked for. One can wait for it, and cancel it meanwhile."""

    def __init__(self, name: str, channel: Channel, submitted: Call, ended: Callable[[], Call]) -> None:
        """Take the call that is under way, and the one that waits for the end."""
        self._name, self._channel, self._submitted, self._ended = name, channel, submitted, ended

    def accepted(self) -> Accepted:
        """Wait until the tool has taken or refused the run."""
        return Accepted(**{"id": "", "refused": ""} | self._submitted.result(GRACE_S))

    def end(self, limit_s: float) -> str:
        """Wait until the run is over, and return the tool's word for how it ended; or `running`, past the limit."""
        state: str = self._ended().result(limit_s + GRACE_S)
        return state

    def cancel(self) -> None:
        """Tell the tool to end the run."""
        self._channel.call("cancel", run=self._name).result(GRACE_S)

    def state(self) -> str:
        """Return what the tool says of the run now."""
        state: str = self._channel.call("state", run=self._name).result(GRACE_S)
        return state

    def reported(self) -> Reported:
        """Return what the tool recorded of it, or why there is nothing; a cross-check must not cost a good run."""
        try:
            answer = self._channel.call("reported", run=self._name).result(GRACE_S)
            return msgspec.convert(answer, Reported)
        except (EngineError, UnsupportedWork, msgspec.ValidationError) as error:
            return Reported(missing_because=str(error))


@dataclass(frozen=True)
class Accepted:
    """What became of a submission."""

    id: str
    """The id of the run in the tool; empty if the tool refused the run."""
    refused: str
    """Why the tool refused it."""
    clock_offset: float
    """Seconds since the epoch minus the monotonic clock."""


class Engine:
    """One adapter process below its keeper, from start() to stop()."""

    def __init__(self, tool: Tool, setup: Setup, place: Place) -> None:
        """Name the engine; nothing is started yet."""
        self._tool, self._setup, self._place = tool, setup, place
        self._home, self._log = place.folder / "home", place.folder / "adapter.log"
        self._left = place.folder / "left_behind.json"
        self.took_up: float | None = None
        """When the engine took up the last run that was noted, by the monotonic clock; None if nobody knows."""
        self._keeper: subprocess.Popen[bytes] | None = None

    # The engine --------------------------------------------------------------------------------------------------------

    def start(self) -> Started:
        """Start the adapter, and let it start the engine of the tool."""
        self._launch()
        self.took_up = None
        self._editions: Mapping[str, int] = FIRST
        for folder in ("engine", "user"):
            (self._home / folder).mkdir(exist_ok=True)
        answer = self._call(
            "start",
            START_LIMIT_S,
            tier=self._setup.tier,
            deployment=self._setup.deployment,
            profile=self._setup.profile,
            width=self._place.width,
            home=str(self._home / "engine"),
        )
        return Started(answer["versions"], msgspec.convert(answer["settings"], list[Setting]))

    def deploy(self, works: Sequence[Work]) -> None:
        """Make the work submittable, as far as the tool has a way to do it."""
        self._call("deploy", START_LIMIT_S, work=[each.to_json() for each in works])

    def start_again(self, works: Sequence[Work]) -> None:
        """Stop the engine, and start it again on what it left."""
        if left := self.stop():
            raise EngineError(f"the engine left {left[0]} when it was to be started again")
        self.start()
        self.deploy(works)

    def edit(self, editions: Mapping[str, int]) -> None:
        """Edit the source of the pipeline whose results are kept and deploy it again, unless it is so already."""
        if (wanted := {**FIRST, **editions}) != self._editions:
            self._call("edit", START_LIMIT_S, editions=wanted)
            self._editions = wanted

    def kept(self) -> KeptFiles:
        """Return the files in which results are kept now."""
        return {path: (size, changed) for path, size, changed in self._call("kept", GRACE_S)}

    def services(self) -> dict[str, int]:
        """Return the processes that a user of the tool would have to keep running, by their names."""
        services: dict[str, int] = self._call("services", GRACE_S)
        return services

    def kill_service(self, name: str) -> None:
        """End a service at once."""
        self._call("kill", GRACE_S, service=name)

    def restart_service(self, name: str) -> None:
        """Start it again; the engine is ready then."""
        self._call("restart", START_LIMIT_S, service=name)

    def stop(self) -> list[str]:
        """Let the adapter stop the engine; return the commands of the processes that are left behind."""
        if self._keeper is None:
            return []
        try:
            self._call("stop", STOP_LIMIT_S)
            self._keeper.wait(STOP_LIMIT_S)
        except (EngineError, subprocess.TimeoutExpired) as error:
            self.kill()
            return [f"it did not stop: {error}"]
        self._close()
        try:
            left: list[str] = json.loads(self._left.read_text())
        except FileNotFoundError:
            return ["something unknown: its keeper was killed"]
        return left

    def kill(self) -> None:
        """End everything at once."""
        if self._keeper is not None and self._keeper.stdin is not None:
            self._keeper.stdin.close()  # the leash
            try:
                self._keeper.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:  # whoever loses the keeper is found by nobody any more
                for pid in (*descendants(self._keeper.pid), self._keeper.pid):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                self._keeper.wait()
            self._close()

    # Runs --------------------------------------------------------------------------------------------------------------

    def unsupported(self, work: Work, runs_at_once: int) -> str:
        """Say why the tool has no way to make so many runs of the work at once; nothing, if it has."""
        reason: str = self._call("unsupported", GRACE_S, work=work.name, runs_at_once=runs_at_once)
        return reason

    def submit(self, asked: Asked) -> Run:
        """Ask for a run. The wait begins first, so that nothing comes between the end of the run and the look at it."""
        name = "/".join(filter(None, (asked.trial.id, asked.trial.run)))
        ended = cache(partial(self._channel.call, "wait", run=name, limit_s=asked.limit_s, closely=asked.closely))
        if not asked.among_others:
            ended()
        submitted = self._channel.call(
            "submit",
            run=name,
            work=asked.work,
            trial=asked.trial.to_dict(),
            parameters=dict(asked.parameters),
            meet=dict(asked.meet),
        )
        return Run(name, self._channel, submitted, ended)

    # What can be seen from outside -------------------------------------------------------------------------------------

    @property
    def root(self) -> int:
        """The process below which all processes of the engine run."""
        return self._running.pid

    @property
    def home(self) -> Path:
        """The folder in which the engine keeps all files."""
        return self._home

    def log_size(self) -> int:
        """Return where the log of the adapter ends now."""
        return self._log.stat().st_size if self._log.exists() else 0

    def log_since(self, offset: int) -> bytes:
        """Return what the adapter and the tool have printed since then."""
        if not self._log.exists():
            return b""
        with self._log.open("rb") as log:
            log.seek(offset)
            return log.read()

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._keeper is None:
            raise EngineError("the engine was not started")
        return self._keeper

    # The adapter's process ---------------------------------------------------------------------------------------------

    def _launch(self) -> None:
        self._left.unlink(missing_ok=True)  # the engine's before, if it is started again
        pipe, theirs = socket.socketpair()
        # Unix sockets allow paths of about 100 bytes; below the home of a run they would be longer.
        self._temporary = tempfile.mkdtemp(prefix="orchbench-")
        env = environment.clean()
        env |= {"HOME": str(self._home / "user"), "TMPDIR": self._temporary, "ORCHBENCH_PIPE": str(theirs.fileno())}
        adapter = [str(self._tool.python), "-m", self._tool.module]
        keeper = [sys.executable, "-m", "bench.run.keeper", str(self._left), self._temporary, *adapter]
        try:
            with self._log.open("ab") as log:
                self._keeper = subprocess.Popen(  # noqa: S603 - our own module
                    keeper,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    env=env | dict(self._place.variables) | {"PYTHONUNBUFFERED": "1"},
                    cwd=self._home,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,  # a Ctrl-C at the terminal is the harness's to handle
                )
        finally:
            theirs.close()
            if self._keeper is None:
                pipe.close()
                shutil.rmtree(self._temporary, ignore_errors=True)
        self._channel = Channel(pipe, self._last_words)

    def _call(self, name: str, limit_s: float, **args: Any) -> Any:
        return self._channel.call(name, **args).result(limit_s)

    def _last_words(self) -> str:
        time.sleep(0.1)  # the last line may still be on the way
        lines = self.log_since(max(0, self.log_size() - LAST_WORDS)).decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it printed nothing"

    def _close(self) -> None:
        self._channel.close()
        if self._keeper is not None and self._keeper.stdin is not None:
            self._keeper.stdin.close()
        self._keeper = None
        shutil.rmtree(self._temporary, ignore_errors=True)  # the keeper has done so, if it lived to


@dataclass(frozen=True)
class Asked:
    """A run, as it is asked for."""

    work: str
    trial: Trial
    """What the run belongs to; the events say so."""
    limit_s: float
    parameters: Mapping[str, Any]
    closely: bool = False
    """Whether to look closely for the end from the start, because the last body may never end."""
    meet: Mapping[str, int] = field(default_factory=dict)
    """By step: how many runs wait for each other at the end of it."""
    among_others: bool = False
    """Whether the wait begins only when somebody asks for the end.

    To look for the ends of fifty runs at once would take the CPU time that is measured, and a minute of the tool's.
    """
