"""A port may be taken by somebody else between the look and the use: a password is sent to our own server, or to nobody."""

from __future__ import annotations

import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import stand_in

from bench.plan.setup import Setup, setups_of
from bench.plan.tools import Tool, discover
from bench.run import conformance
from bench.run.channel import EngineError
from contract.servers import HOST, Servers, free_port

LISTEN = "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); time.sleep(3600)"
"""A server, as a script."""

AS_A_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {LISTEN!r}, sys.argv[1]])"
"""A server whose child listens, as those of some tools do."""


class Stranger(ThreadingHTTPServer):
    """Somebody who has taken a port, and who says yes to everything."""

    def __init__(self) -> None:
        """Take a port."""
        super().__init__((HOST, 0), _Handler)
        self.told: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Stranger)
        self.server.told.append(f"{self.requestline} {self.headers}")
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    """Somebody who listens where one of our servers is to listen."""
    with Stranger() as stranger:
        yield stranger
        stranger.shutdown()


def services() -> Iterator[tuple[Tool, Setup]]:
    """Return each tool in each deployment of its service tier; plain Python has no server."""
    for tool in discover().values():
        yield from ((tool, each) for each in setups_of(tool) if each.tier == "service" and not each.is_plain)


@pytest.mark.slow("an engine each, which waits for a port that it does not get")
@pytest.mark.parametrize(("tool", "setup"), [pytest.param(*each, id=each[1].label) for each in services()])
def test_a_stranger_is_told_nothing(tool: Tool, setup: Setup, stranger: Stranger, tmp_path: Path) -> None:
    """The engine does not start, and who has the port instead of the server is not even asked whether he is ready."""
    copy = tmp_path / tool.name
    shutil.copytree(tool.folder, copy, ignore=shutil.ignore_patterns(".venv", "__pycache__"))
    stand_in(copy / ".venv", tool.python, copy / "src")
    taken = f"from contract import servers\nservers.free_port = lambda: {stranger.server_port}\n"
    (copy / "src" / "sitecustomize.py").write_text(taken)
    unlucky = discover(tmp_path)[tool.name]
    with pytest.raises(EngineError), conformance.started(unlucky, setup, tmp_path / "start"):
        pass
    assert stranger.told == []


@pytest.mark.parametrize("script", [LISTEN, AS_A_CHILD], ids=["itself", "its child"])
def test_a_server_is_known_by_its_processes(script: str, tmp_path: Path) -> None:
    """It listens from when it or a child of it does until it is killed, and again when it is started again."""
    servers, port = Servers(tmp_path), free_port()
    servers.start("ours", [sys.executable, "-c", script, str(port)], {})
    try:
        servers.wait_until(lambda: servers.listens("ours", port), "ours", limit_s=30)
        assert not servers.listens("another", port) and not servers.listens("ours", free_port())
        servers.kill("ours")
        assert not servers.listens("ours", port)
        servers.restart("ours")
        servers.wait_until(lambda: servers.listens("ours", port), "ours", limit_s=30)
    finally:
        servers.kill("ours")


def test_a_port_that_is_only_bound_is_not_listened_on(tmp_path: Path) -> None:
    """Nor is one that somebody else listens on ours, although our server runs."""
    servers, port = Servers(tmp_path), free_port()
    servers.start("ours", [sys.executable, "-c", "import time; time.sleep(3600)"], {})
    try:
        with closing(socket.socket()) as another:
            another.bind((HOST, port))
            assert not servers.listens("ours", port)
            another.listen()
            assert not servers.listens("ours", port)
    finally:
        servers.kill("ours")


def test_what_a_server_logs_is_for_its_owner(tmp_path: Path) -> None:
    """The log of a server may name what keeps others out of it, such as a path: nobody else may read it."""
    servers = Servers(tmp_path / "logs")
    servers.start("ours", [sys.executable, "-c", "print(1)"], {})
    servers.running["ours"].wait(30)
    assert (tmp_path / "logs" / "ours.log").stat().st_mode & 0o777 == 0o600
