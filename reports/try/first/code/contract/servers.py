"""Starting a tool's servers: a free loopback port, a log file each, and readiness by a question, not by a banner."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contract import listening
from contract.tree import descendants, kill_descendants

HOST = "127.0.0.1"


class NotReady(RuntimeError):
    """A server ended, or did not become ready in time; the message holds the end of the log."""


def free_port() -> int:
    """Return a loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def answers(url: str, timeout_s: float = 1.0) -> bool:
    """Whether a GET of the URL is answered with success."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as response:  # noqa: S310 - our own loopback URL
            return bool(200 <= response.status < 300)
    except (OSError, urllib.error.URLError):
        return False


@dataclass(frozen=True)
class _Command:
    """How a server is started."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path | None


@dataclass
class Servers:
    """The servers of one engine, each with a log under `logs`."""

    logs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _commands: dict[str, _Command] = field(default_factory=dict)

    def start(self, name: str, argv: Sequence[str], env: Mapping[str, str], cwd: Path | None = None) -> None:
        """Start a server in a session of its own."""
        self._commands[name] = _Command(list(argv), dict(env), cwd)
        self.restart(name)

    def restart(self, name: str) -> None:
        """Start a server that has ended again, by the same command."""
        command = self._commands[name]
        self.logs.mkdir(parents=True, exist_ok=True)
        # Only the owner may read it: a server may log where it can be reached, or what it was given to keep others out.
        log = os.open(self.logs / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.running[name] = subprocess.Popen(  # noqa: S603 - the tool's own command
                list(command.argv),
                env=dict(command.env),
                cwd=command.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        finally:
            os.close(log)

    def kill(self, name: str) -> None:
        """End a server and all that it has started at once, as if its container had been killed."""
        server = self.running.pop(name)
        # Found before the first signal: whoever loses a parent is no longer below the server.
        for pid in (server.pid, *descendants(server.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        server.wait()

    def listens(self, name: str, port: int) -> bool:
        """Whether it is this server that listens on the port; to be asked before it is sent anything secret.

        A port that was free may have been taken by somebody else before the server came to it.
        """
        server = self.running.get(name)
        return server is not None and listening.listens(server.pid, HOST, port)

    def wait_until(self, ready: Callable[[], bool], what: str, limit_s: float = 120.0) -> None:
        """Return as soon as `ready()` holds; raise `NotReady` when a server ends or the limit passes."""
        deadline = time.monotonic() + limit_s
        while not ready():
            for name, process in self.running.items():
                if process.poll() is not None:
                    raise NotReady(f"{name} ended with code {process.returncode}: {self._tail(name)}")
            if time.monotonic() > deadline:
                raise NotReady(f"{what} was not ready after {limit_s:.0f} s: {' | '.join(map(self._tail, self.running))}")
            time.sleep(0.05)

    def pids(self) -> dict[str, int]:
        """Return the processes that have to be kept running, by their names."""
        return {name: process.pid for name, process in self.running.items()}

    def stop(self, grace_s: float = 2.0) -> None:
        """End every process below this one: SIGTERM, then SIGKILL for those that stay."""
        kill_descendants(grace_s)
        self.running.clear()

    def _tail(self, name: str) -> str:
        lines = (self.logs / f"{name}.log").read_text(errors="replace").strip().splitlines()
        return " / ".join(lines[-3:]) or "the log is empty"
