"""The environment of a tool. Modules run there that the harness must not import, and they see nothing of the user's."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bench.plan.tools import Tool
from bench.run.channel import EngineError

_KEPT: Final = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""All that an engine sees of the user's environment: no AIRFLOW_HOME, no PREFECT_API_URL, no PYTHONPATH."""


ASK_LIMIT_S: Final = 600.0
"""How long a module may take to its end: to make an empty MLflow store takes half a minute on a cold disk."""

READY_LIMIT_S: Final = 180.0
"""How long a module may take until it is ready to serve."""

END_LIMIT_S: Final = 10.0
"""How long it may take to end when its leash is let go."""


_VERSIONS: Final = """
import json, sys
from importlib.metadata import PackageNotFoundError, version
def found(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None
print(json.dumps({name: found(name) for name in sys.argv[1:]}))
"""


def clean() -> dict[str, str]:
    """Return the variables that everything in a tool's environment starts with."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ}


class ToolEnvironment:
    """See `bench.scenarios.kit.hooks.Environment`."""

    def __init__(self, tool: Tool) -> None:
        """Take the environment of the tool."""
        self._tool = tool

    def ask(self, module: str, *arguments: str, **variables: str) -> str:
        """Run a module to its end; return why it failed, in one line, or nothing."""
        try:
            done = subprocess.run(  # noqa: S603 - our own module
                self._command(module, arguments),
                env=clean() | variables,
                cwd=self._tool.folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=ASK_LIMIT_S,
            )
        except subprocess.TimeoutExpired:
            return f"{module} was not over after {ASK_LIMIT_S:g} s"
        lines = done.stderr.strip().splitlines()
        return "" if done.returncode == 0 else lines[-1] if lines else f"exit code {done.returncode}"

    def lacks(self) -> Iterator[str]:
        """Say what the environment lacks of what the tool's folder asks for. Its Python is asked, and imports nothing."""
        if lack := self._tool.missing():
            yield lack
            return
        names = [name for name, _ in map(_parts, self._tool.dependencies)]
        try:
            done = subprocess.run(  # noqa: S603 - our own code
                [str(self._tool.python), "-I", "-c", _VERSIONS, *names],
                env=clean(),
                capture_output=True,
                text=True,
                check=True,
                timeout=READY_LIMIT_S,
            )
            found: dict[str, str | None] = json.loads(done.stdout)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            yield f"{self._tool.python} does not run ({error})"
            return
        for name, pinned in map(_parts, self._tool.dependencies):
            if (version := found.get(name)) is None:
                yield f"{name} is not in the environment {self._tool.python.parent.parent}"
            elif pinned and version != pinned:
                yield f"{name} is {version} in the environment {self._tool.python.parent.parent}, and has to be {pinned}"

    @contextmanager
    def serve(self, module: str, *arguments: str) -> Iterator[str]:
        """Start a module that prints one line when it is ready, and yield the line. The module ends with the context."""
        with subprocess.Popen(  # noqa: S603 - our own module
            self._command(module, arguments),
            env=clean(),
            cwd=self._tool.folder,
            stdin=subprocess.PIPE,  # the leash: the module ends when this process closes it, or dies
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C at the terminal is the harness's to handle
        ) as server:
            try:
                yield _first_line(server, module)
            finally:
                _let_go(server)

    def _command(self, module: str, arguments: tuple[str, ...]) -> list[str]:
        return [str(self._tool.python), "-P", "-m", module, *arguments]


def _parts(requirement: str) -> tuple[str, str]:
    """Return the name of a requirement, and the version where exactly one is asked for."""
    name, _, rest = requirement.partition(";")[0].partition("==")
    return re.split(r"[^\w.-]", name.strip(), maxsplit=1)[0], rest.strip()


def _first_line(server: subprocess.Popen[bytes], module: str) -> str:
    if server.stdout is None:
        raise ValueError("the output of the server is not piped")
    deadline = time.monotonic() + READY_LIMIT_S
    said = b""
    while b"\n" not in said:
        ready, _, _ = select.select([server.stdout], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise EngineError(f"{module} was not ready after {READY_LIMIT_S:g} s")
        if not (more := os.read(server.stdout.fileno(), 4096)):
            raise EngineError(f"{module} did not start")
        said += more
    return said.partition(b"\n")[0].decode()


def _let_go(server: subprocess.Popen[bytes]) -> None:
    if server.stdin is not None:
        server.stdin.close()
    try:
        server.wait(END_LIMIT_S)
    except subprocess.TimeoutExpired:
        server.kill()
