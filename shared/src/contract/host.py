"""The adapter's side of the private pipe: `serve` reads a call per line, makes it, and answers with a line.

The socket's number arrives in ORCHBENCH_PIPE; stdout and stderr belong to the orchestrator. When the harness goes away,
the pipe ends and so does the adapter.
"""

from __future__ import annotations

import json
import os
import socket
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from contract import pipeline, steps
from contract.adapter import Adapter, Setup, State, Unsupported
from contract.events import FinishedBodies, Trial, emit
from contract.pipeline import Pipeline
from contract.tree import adopt_orphans
from contract.workload import Workload


def serve(deployments: Mapping[str, Callable[[], Adapter]]) -> None:
    """Answer the harness until it says stop or hangs up; `deployments` are the engines that this folder has."""
    adopt_orphans()
    pipe = socket.socket(fileno=int(os.environ.pop("ORCHBENCH_PIPE")))
    pipe.set_inheritable(False)
    calls = _Calls(deployments)
    with pipe, pipe.makefile("r") as requests, pipe.makefile("w") as answers:
        try:
            for line in requests:
                request = json.loads(line)
                answers.write(json.dumps(_answer(calls, request)) + "\n")
                answers.flush()
                if request["call"] == "stop":
                    break
        except BrokenPipeError:
            pass
        finally:
            calls.stop()
    # Not a plain return: a library's non-daemon thread must not keep the process of a stopped engine.
    os._exit(0)


def _answer(calls: _Calls, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"ok": getattr(calls, request["call"])(**request["args"])}
    except Unsupported as reason:
        return {"unsupported": str(reason)}
    except Exception as error:
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}


class _Calls:
    """The calls that the harness may make, in the order in which it makes them."""

    def __init__(self, deployments: Mapping[str, Callable[[], Adapter]]) -> None:
        self._deployments = deployments
        self._adapter: Adapter | None = None
        self._deployed: dict[str, Workload | Pipeline] = {}

    @property
    def _engine(self) -> Adapter:
        if self._adapter is None:
            raise RuntimeError("the engine was not started")
        return self._adapter

    def start(self, **setup: Any) -> dict[str, Any]:
        setup["home"] = Path(setup["home"])
        # Every process of the engine inherits where the steps of the churn pipelines look for the current trial.
        self._current = setup["home"].parent / "current_trial.json"
        os.environ[steps.VARIABLE] = str(self._current)
        self._adapter = self._deployments[setup["deployment"]]()
        return asdict(self._engine.start(Setup(**setup)))

    def deploy(self, workloads: list[str]) -> None:
        work = [pipeline.read(text) for text in workloads]
        if graphs := [each for each in work if isinstance(each, Workload)]:
            self._engine.deploy(graphs)
        if len(graphs) < len(work):
            self._engine.deploy_pipelines()
        self._deployed |= {each.name: each for each in work}

    def run(self, workload: str, trial: dict[str, str], limit_s: float, parameters: dict[str, Any]) -> dict[str, Any]:
        """See a run through: `submitted` is written just before the tool is asked, `settled` when it says it is over."""
        its, work = Trial(**trial), self._deployed[workload]
        if isinstance(work, Pipeline):
            steps.announce(self._current, its, work.faults)
            last, bodies = work.last, 1
        else:
            last, bodies = None, len(work.nodes)
        finished = FinishedBodies(its, last)
        clock_offset = time.time() - time.monotonic()
        emit(its, "submitted")
        if isinstance(work, Pipeline):
            run = self._engine.submit_pipeline(work.pipeline, parameters, its)
        else:
            run = self._engine.submit(workload, its)
        state = self._engine.wait(run, lambda: finished() >= bodies, limit_s)
        if state is State.RUNNING:
            self._give_up(run)
            return {"run": run, "state": "timeout", "clock_offset": clock_offset}
        emit(its, "settled", data={"state": state})
        return {"run": run, "state": state, "clock_offset": clock_offset}

    def _give_up(self, run: str) -> None:
        try:
            self._engine.cancel(run)
        except Exception as error:
            print(f"run {run} could not be cancelled: {error}", flush=True)

    def reported(self, run: str) -> dict[str, Any]:
        return asdict(self._engine.reported(run))

    def stop(self) -> None:
        if self._adapter is not None:
            self._adapter.stop()
            self._adapter = None
