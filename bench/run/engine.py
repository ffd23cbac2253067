"""A started engine: only here starts what is measured. The harness calls it; the adapter answers in its environment."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from bench.plan.setup import Setup
from bench.plan.tools import Tool
from bench.scenarios import Work
from contract.events import Trial

START_LIMIT_S = 180.0
STOP_LIMIT_S = 30.0
QUIET_S = 3.0
"""How long an engine is left alone before its memory is read: it has just been given its work."""

GRACE_S = 90.0
"""What a run may take beyond its own limit, to be cancelled, before the adapter itself is taken for dead."""

_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""All that an engine sees of the user's environment: no AIRFLOW_HOME, no PREFECT_API_URL, no PYTHONPATH."""


def check_customers(plain: Tool, file: Path) -> str | None:
    """Say what is wrong with a file of customers, by the code that the pipelines check it with; nothing, if it is good."""
    code, said = _ask(plain, "churn_plain", "check", str(file.absolute()))
    if code in (0, 2):
        return said.removeprefix("plain: ").replace(str(file.absolute()), str(file)) if code else None
    raise EngineError(f"the customers could not be checked: {said or f'exit code {code}'}")


def create_mlflow(orchestrator: Tool, uri: str) -> None:
    """Create the MLflow store of a run, which would otherwise be a part of its first training's time."""
    code, said = _ask(orchestrator, "churn.registry", MLFLOW_TRACKING_URI=uri)
    if code:
        raise EngineError(f"the MLflow store could not be created: {said or f'exit code {code}'}")


def _ask(orchestrator: Tool, module: str, *arguments: str, **variables: str) -> tuple[int, str]:
    """Run a module in the tool's environment, undisturbed by the user's; return its exit code and last line."""
    done = subprocess.run(  # noqa: S603 - our own module
        [str(orchestrator.python), "-P", "-m", module, *arguments],
        env=_clean_environment() | variables,
        cwd=orchestrator.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stderr.strip().splitlines()
    return done.returncode, lines[-1] if lines else ""


def _clean_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _KEPT if name in os.environ}


class EngineError(Exception):
    """The engine said that a call failed, or it is gone."""


class UnsupportedWork(Exception):
    """The tool has no way to do what it was asked; the engine is as it was."""


class Engine:
    """One adapter process below its keeper, from start() to stop()."""

    def __init__(self, orchestrator: Tool, setup: Setup, width: int, folder: Path, mlflow: str) -> None:
        """Name it; `folder` holds its home and its log; `mlflow` is where its pipelines record their runs."""
        self._mlflow = mlflow
        self._orchestrator, self._setup, self._width = orchestrator, setup, width
        self._home, self._log, self._left = folder / "home", folder / "adapter.log", folder / "left_behind.json"
        self._keeper: subprocess.Popen[bytes] | None = None

    # The calls ---------------------------------------------------------------------------------------------------------

    def start(self) -> dict[str, Any]:
        """Start the adapter and let it start its engine; return versions and settings."""
        self._launch()
        for folder in ("engine", "user"):
            (self._home / folder).mkdir(exist_ok=True)
        setup = {
            "tier": self._setup.tier,
            "deployment": self._setup.deployment,
            "profile": self._setup.profile,
            "width": self._width,
            "home": str(self._home / "engine"),
        }
        started: dict[str, Any] = self._call("start", START_LIMIT_S, setup)
        return started

    def deploy(self, workloads: Sequence[Work]) -> None:
        """Make the workloads submittable."""
        self._call("deploy", START_LIMIT_S, {"workloads": [each.to_json() for each in workloads]})

    def prepare(self, workload: str) -> int:
        """Do what has to be done before a run of it; return how many kept results were spoiled."""
        spoiled: int = self._call("prepare", START_LIMIT_S, {"workload": workload})
        return spoiled

    def restart(self, workloads: Sequence[Work]) -> None:
        """Stop it, and start it again on what it left."""
        if left := self.stop():
            raise EngineError(f"it left {left[0]} when it was to be started again")
        self.start()
        self.deploy(workloads)

    def run(self, workload: str, trial: Trial, limit_s: float, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Submit a run and see it through."""
        args = {"workload": workload, "trial": trial.to_dict(), "limit_s": limit_s, "parameters": dict(parameters)}
        answer: dict[str, Any] = self._call("run", limit_s + GRACE_S, args)
        return answer

    @contextmanager
    def source(self, faults: Sequence[str], parameters: Mapping[str, Any]) -> Iterator[str]:
        """Serve the run's customers over HTTP, and fail as planned; yield the URL."""
        customers = [f"--{key}={parameters[key]}" for key in ("data", "rows", "seed") if parameters.get(key)]
        with subprocess.Popen(  # noqa: S603 - our own module
            [str(self._orchestrator.python), "-P", "-m", "churn.serve", *customers, *(f"--fail={each}" for each in faults)],
            env=_clean_environment(),
            cwd=self._home,
            stdin=subprocess.PIPE,  # its leash: it ends when this process closes it, or is no more
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C at the terminal is the harness's to handle
            text=True,
        ) as server:
            if server.stdin is None or server.stdout is None or not (url := server.stdout.readline().strip()):
                raise EngineError("the source of the customers did not start")
            try:
                yield url
            finally:
                server.stdin.close()

    def reported(self, run: str) -> dict[str, Any]:
        """Return what the tool itself recorded of a run, or why there is nothing; a cross-check must not cost a good run."""
        try:
            answer: dict[str, Any] = self._call("reported", GRACE_S, {"run": run})
        except EngineError as error:
            return {"missing_because": str(error)}
        return answer

    def stop(self) -> list[str]:
        """Let the adapter stop its engine; return the commands of the processes that it left behind."""
        if self._keeper is None:
            return []
        try:
            self._call("stop", STOP_LIMIT_S, {})
            self._keeper.wait(STOP_LIMIT_S)
        except (EngineError, subprocess.TimeoutExpired) as error:
            self.kill()
            return [f"it did not stop: {error}"]
        self._close()
        left: list[str] = json.loads(self._left.read_text())
        return left

    def kill(self) -> None:
        """End everything at once."""
        if self._keeper is not None and self._keeper.stdin is not None:
            self._keeper.stdin.close()  # the leash
            self._keeper.wait()
            self._close()

    # What can be seen from outside -------------------------------------------------------------------------------------

    def footprint(self) -> dict[str, int]:
        """Return how much memory its processes take together, and how much of the disk its folder does, in bytes."""
        pss = disk = 0
        for process in psutil.Process(self._running.pid).children(recursive=True):
            try:
                pss += process.memory_full_info().pss
            except psutil.Error:
                continue  # it has just ended
        for folder, _, files in os.walk(self._home):
            for file in files:
                with suppress(OSError):
                    disk += Path(folder, file).lstat().st_size
        return {"pss": pss, "disk": disk}

    def listening(self) -> list[str]:
        """Return the addresses on which the engine's processes listen."""
        found: set[str] = set()
        for process in psutil.Process(self._running.pid).children(recursive=True):
            try:
                found |= {
                    f"{c.laddr.ip}:{c.laddr.port}" for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN
                }
            except psutil.Error:
                continue
        return sorted(found)

    def services(self) -> dict[str, Any]:
        """Return what a user of the tool would have to keep running: names, processes and memory, after a quiet while.

        Not what the adapter itself takes, and not what it starts for a single run.
        """
        pids: dict[str, int] = self._call("services", GRACE_S, {})
        if pids:
            time.sleep(QUIET_S)
        processes = 0
        pss = 0
        for pid in pids.values():
            with suppress(psutil.Error):
                service = psutil.Process(pid)
                for process in (service, *service.children(recursive=True)):
                    with suppress(psutil.Error):  # it has just ended
                        pss += process.memory_full_info().pss
                        processes += 1
        return {"services": sorted(pids), "processes": processes, "idle_pss": pss}

    def log_size(self) -> int:
        """Return where the adapter's log ends now."""
        return self._log.stat().st_size if self._log.exists() else 0

    def log_since(self, offset: int) -> bytes:
        """Return what the adapter and its tool have printed since then."""
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

    # The private pipe --------------------------------------------------------------------------------------------------

    def _launch(self) -> None:
        self._pipe, theirs = socket.socketpair()
        self._answers = self._pipe.makefile("rb")
        # Unix sockets allow paths of about 100 bytes; below the home of a run they would be longer.
        self._temporary = tempfile.mkdtemp(prefix="orchbench-")
        env = _clean_environment()
        env |= {"HOME": str(self._home / "user"), "TMPDIR": self._temporary, "ORCHBENCH_PIPE": str(theirs.fileno())}
        env |= {"CHURN_HOME": str(self._home / "churn"), "MLFLOW_TRACKING_URI": self._mlflow}
        adapter = [str(self._orchestrator.python), "-m", self._orchestrator.module]
        keeper = [sys.executable, "-m", "bench.run.keeper", str(self._left), self._temporary, *adapter]
        try:
            with self._log.open("ab") as log:
                self._keeper = subprocess.Popen(  # noqa: S603 - our own module
                    keeper,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    env=env | {"PYTHONUNBUFFERED": "1"},
                    cwd=self._home,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,  # a Ctrl-C at the terminal is the harness's to handle
                )
        finally:
            theirs.close()
            if self._keeper is None:
                self._close()

    def _call(self, call: str, limit_s: float, args: Mapping[str, Any]) -> Any:
        request = json.dumps({"call": call, "args": args}).encode() + b"\n"
        self._pipe.settimeout(limit_s)
        try:
            self._pipe.sendall(request)
            line = self._answers.readline()
        except TimeoutError:
            raise EngineError(f"no answer to {call} within {limit_s:.0f} s") from None
        except OSError as error:
            raise EngineError(f"the adapter is gone ({error.strerror})") from None
        if not line.endswith(b"\n"):
            raise EngineError(f"the adapter ended during {call}: {self._last_words()}")
        answer = json.loads(line)
        if "error" in answer:
            raise EngineError(answer["error"])
        if "unsupported" in answer:
            raise UnsupportedWork(answer["unsupported"])
        return answer["ok"]

    def _last_words(self) -> str:
        time.sleep(0.1)  # its last line may still be on the way
        lines = self.log_since(max(0, self.log_size() - 2000)).decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it printed nothing"

    def _close(self) -> None:
        self._answers.close()
        self._pipe.close()
        if self._keeper is not None and self._keeper.stdin is not None:
            self._keeper.stdin.close()
        self._keeper = None
        shutil.rmtree(self._temporary, ignore_errors=True)  # the keeper has done so, if it lived to
