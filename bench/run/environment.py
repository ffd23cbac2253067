"""The environment of a tool. Modules run there that the harness must not import, and they see nothing of the user's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bench.plan.tools import Tool
from bench.run.channel import EngineError

_KEPT: Final = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""All that an engine sees of the user's environment: no AIRFLOW_HOME, no PREFECT_API_URL, no PYTHONPATH."""


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
        done = subprocess.run(  # noqa: S603 - our own module
            self._command(module, arguments),
            env=clean() | variables,
            cwd=self._tool.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = done.stderr.strip().splitlines()
        return "" if done.returncode == 0 else lines[-1] if lines else f"exit code {done.returncode}"

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
            text=True,
        ) as server:
            if server.stdin is None or server.stdout is None or not (line := server.stdout.readline().strip()):
                raise EngineError(f"{module} did not start")
            try:
                yield line
            finally:
                server.stdin.close()

    def _command(self, module: str, arguments: tuple[str, ...]) -> list[str]:
        return [str(self._tool.python), "-P", "-m", module, *arguments]
