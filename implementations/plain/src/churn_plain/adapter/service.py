"""The service tier: a process per run, as cron or a shell script would start it. There is no server."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from churn.parameters import SECRETS, arguments, environment
from churn_plain.adapter import catalogue, shapes
from churn_plain.adapter.base import Plain
from churn_plain.pipelines.settings import THREADS
from contract.adapter import State, Unsupported
from contract.events import Trial
from contract.tree import kill_descendants
from contract.workload import Workload

CHURN: Final = ("train", "infer")


_NO_SERVICE: Final = "no service has to be kept running: each run is a process of its own"


class ProcessPerRun(Plain):
    """A submission starts `python -m churn_plain.adapter.service`, and its exit code is the run's state."""

    def __init__(self) -> None:
        self._runs: dict[str, subprocess.Popen[bytes]] = {}
        self._cancelled: set[str] = set()

    def deploy(self, workloads: Sequence[Workload]) -> None:
        for workload in workloads:
            self._file(workload.name).write_text(workload.to_json())

    def submit(self, workload: str, trial: Trial) -> str:
        argv = [
            sys.executable,
            "-m",
            __name__,
            str(self._file(workload)),
            json.dumps(trial.to_dict()),
            str(self._width),
        ]
        return self._start(argv, trial)

    def submit_pipeline(self, pipeline: str, parameters: Mapping[str, Any], trial: Trial) -> str:
        secrets = environment(parameters)
        if pipeline in CHURN:
            # A reader's own command line, as churn_plain/__main__.py has it.
            return self._start([sys.executable, "-m", "churn_plain", *arguments(pipeline, parameters)], trial, secrets)
        values = json.dumps({name: value for name, value in parameters.items() if name not in SECRETS})
        return self._start([sys.executable, "-m", catalogue.__name__, pipeline, values, str(self._caching)], trial, secrets)

    def _start(self, argv: Sequence[str], trial: Trial, secrets: Mapping[str, str] | None = None) -> str:
        run = f"{trial.id}-{len(self._runs)}"
        env = {**os.environ, THREADS: str(self._width), **(secrets or {})}
        self._runs[run] = subprocess.Popen(argv, stdin=subprocess.DEVNULL, env=env)  # noqa: S603 - our own module
        return run

    def state(self, run: str) -> State:
        match self._runs[run].poll():
            case None:
                return State.RUNNING
            case 0:
                return State.SUCCEEDED
            case _:
                # Not every process that a signal ends was cancelled: the kernel ends some for their memory.
                return State.CANCELLED if run in self._cancelled else State.FAILED

    def wait(self, run: str, bodies_done: Callable[[], bool], limit_s: float) -> State:
        # The operating system tells when a process ends. Popen.wait() with a limit would look in steps of up to 50 ms.
        if (state := self.state(run)) is not State.RUNNING:
            return state
        try:
            process = os.pidfd_open(self._runs[run].pid)
        except ProcessLookupError:  # another thread has cancelled the run, and read how it ended
            return self.state(run)
        try:
            ended = select.poll()
            ended.register(process, select.POLLIN)
            if not ended.poll(limit_s * 1000):
                return State.RUNNING
        finally:
            os.close(process)
        self._runs[run].wait()  # another thread that has cancelled the run may be about to read how it ended
        return self.state(run)

    def cancel(self, run: str) -> None:
        self._cancelled.add(run)
        self._runs[run].terminate()
        self._runs[run].wait()

    def kill(self, service: str) -> None:
        raise Unsupported(_NO_SERVICE)

    def restart(self, service: str) -> None:
        raise Unsupported(_NO_SERVICE)

    def stop(self) -> None:
        kill_descendants()

    def _file(self, workload: str) -> Path:
        return self._home / f"{workload}.json"


def main() -> None:
    """Be the process of one run."""
    workload, trial, width = sys.argv[1:]
    graph = Workload.from_json(Path(workload).read_text())
    with ThreadPoolExecutor(int(width)) as pool:
        shapes.run(graph, Trial(**json.loads(trial)), None if graph.is_chain else pool)


if __name__ == "__main__":
    main()
