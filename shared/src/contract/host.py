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

from contract import editions as editions_
from contract import pipeline, steps
from contract.adapter import Adapter, Setup, State, Unsupported
from contract.events import FinishedBodies, Trial, emit, named
from contract.pipeline import Pipeline
from contract.tree import adopt_orphans
from contract.workload import Workload

REFUSED = "refused"
"""The state of a run that the tool did not take: it was never one."""


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
        return {"error": named(error)}


class _Calls:
    """The calls that the harness may make, in the order in which it makes them."""

    def __init__(self, deployments: Mapping[str, Callable[[], Adapter]]) -> None:
        self._deployments = deployments
        self._adapter: Adapter | None = None
        self._deployed: dict[str, Workload | Pipeline] = {}
        self._unsupported: dict[str, str] = {}
        self._editions: Mapping[str, int] = editions_.FIRST

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
        self._deployed |= {each.name: each for each in work}
        self._unsupported |= {each.name: reason for each in work if (reason := self._engine.unsupported(each))}
        able = [each for each in work if each.name not in self._unsupported]
        if graphs := [each for each in able if isinstance(each, Workload)]:
            self._engine.deploy(graphs)
        if pipelines := list(dict.fromkeys(each.pipeline for each in able if isinstance(each, Pipeline))):
            self._engine.deploy_pipelines(pipelines)

    def services(self) -> dict[str, int]:
        return dict(self._engine.services())

    def prepare(self, workload: str) -> int:
        """Do what has to be done before the run, and say how many files were spoiled.

        The harness has already restarted the engine, if that was asked for.
        """
        work = self._supported(workload)
        if not isinstance(work, Pipeline):
            return 0
        time.sleep(work.before.wait_s)
        editions = {**editions_.FIRST, **work.before.editions}
        if work.pipeline == "cached" and editions != self._editions:
            self._engine.edit(editions)
            self._editions = editions
        spoiled = self._engine.kept_files() if work.before.spoil else ()
        for file in spoiled:
            file.unlink() if work.before.spoil == "delete" else file.write_bytes(b"\0 this is not a result")
        return len(spoiled)

    def run(self, workload: str, trial: dict[str, str], limit_s: float, parameters: dict[str, Any]) -> dict[str, Any]:
        """See a run through: `submitted` is written just before the tool is asked, `settled` when it says it is over."""
        its, work = Trial(**trial), self._supported(workload)
        if isinstance(work, Pipeline):
            steps.announce(self._current, its, work.faults, {next(iter(work.steps)): work.at_once})
            finished, bodies, times = FinishedBodies(its, work.last), work.at_once, work.at_once
        else:
            finished, bodies, times = FinishedBodies(its), len(work.nodes), 1
        kept = self._kept(work)
        clock_offset = time.time() - time.monotonic()
        emit(its, "submitted")
        try:
            runs = [self._submit(work, parameters, its) for _ in range(times)]
        except Unsupported:
            raise
        except Exception as error:
            if not (isinstance(work, Pipeline) and work.may_be_refused):
                raise
            emit(its, "settled", data={"state": REFUSED, "error": named(error)})
            return {"run": "", "state": REFUSED, "clock_offset": clock_offset}
        # The worst of them, if there are several: a success is one only if all are.
        deadline = time.monotonic() + limit_s
        # Where the parameters are wrong the last body never ends, and the end must be seen as closely as elsewhere.
        closely = isinstance(work, Pipeline) and work.may_be_refused
        states = [
            self._engine.wait(run, lambda: closely or finished() >= bodies, max(0.0, deadline - time.monotonic()))
            for run in runs
        ]
        state = next((each for each in states if each is not State.SUCCEEDED), State.SUCCEEDED)
        if State.RUNNING in states:
            for run in runs:
                self._give_up(run)
            return {"run": runs[0], "state": "timeout", "clock_offset": clock_offset}
        emit(its, "settled", data={"state": state})
        # Written by this run: new files, and old ones that are not as they were.
        new = sum(size for file, (size, changed) in self._kept(work).items() if kept.get(file) != (size, changed))
        return {"run": runs[0], "state": state, "clock_offset": clock_offset, "kept_bytes": new}

    def _supported(self, workload: str) -> Workload | Pipeline:
        if reason := self._unsupported.get(workload):
            raise Unsupported(reason)
        return self._deployed[workload]

    def _submit(self, work: Workload | Pipeline, parameters: dict[str, Any], trial: Trial) -> str:
        if isinstance(work, Pipeline):
            return self._engine.submit_pipeline(work.pipeline, parameters, trial)
        return self._engine.submit(work.name, trial)

    def _kept(self, work: Workload | Pipeline) -> dict[Path, tuple[int, int]]:
        """Return size and time of change of each file in which results are kept."""
        kept = self._engine.kept_files() if isinstance(work, Pipeline) and work.pipeline == "cached" else ()
        return {file: ((about := file.stat()).st_size, about.st_mtime_ns) for file in kept}

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
