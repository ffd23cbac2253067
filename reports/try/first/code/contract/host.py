"""The adapter's side of the private pipe: `serve` reads a call per line, makes it, and answers with a line.

Calls have ids. The main thread makes them one after another, in the order in which they arrive. Only a `wait` has a thread
of its own, so that the harness can cancel a run, kill a service or ask for more runs meanwhile.

The socket's number arrives in ORCHBENCH_PIPE; stdout and stderr belong to the orchestrator. When the harness goes away,
the pipe ends and so does the adapter.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from contract import pipeline, steps
from contract.adapter import Adapter, Refused, Setup, State, Unsupported
from contract.events import FinishedBodies, Trial, emit, named
from contract.pipeline import Pipeline
from contract.tree import adopt_orphans
from contract.workload import Workload

REFUSED = "refused"
"""The state of a run that the tool did not take."""


def serve(deployments: Mapping[str, Callable[[], Adapter]]) -> None:
    """Answer the harness until it says stop or hangs up; `deployments` are the engines that this folder has."""
    adopt_orphans()
    pipe = socket.socket(fileno=int(os.environ.pop("ORCHBENCH_PIPE")))
    pipe.set_inheritable(False)
    calls = _Calls(deployments)
    with pipe, pipe.makefile("r") as requests, pipe.makefile("w") as answers:
        answer = _Answers(answers)
        try:
            for line in requests:
                request = json.loads(line)
                call = (getattr(calls, request["call"]), request["args"], request["id"])
                if request["call"] == "wait":
                    threading.Thread(target=answer, args=call, daemon=True).start()
                    continue
                answer(*call)
                if request["call"] == "stop":
                    break
        except BrokenPipeError:
            pass
        finally:
            calls.stop()
    # Not a plain return: a library's non-daemon thread must not keep the process of a stopped engine.
    os._exit(0)


class _Answers:
    """Makes a call, and writes the answer in one piece."""

    def __init__(self, answers: TextIO) -> None:
        self._answers, self._lock = answers, threading.Lock()

    def __call__(self, call: Callable[..., object], args: Mapping[str, Any], number: int) -> None:
        try:
            answer: dict[str, object] = {"ok": call(**args)}
        except Unsupported as reason:
            answer = {"unsupported": str(reason)}
        except Exception as error:
            traceback.print_exc()
            answer = {"error": named(error)}
        with self._lock:
            self._answers.write(json.dumps({"id": number} | answer) + "\n")
            self._answers.flush()


@dataclass
class _Run:
    """A run that the harness has named, and perhaps not asked for yet: a `wait` may be there before the `submit`."""

    asked: threading.Event = field(default_factory=threading.Event)
    id: str = ""
    """The id of the run in the tool; empty if the tool refused it."""
    trial: Trial | None = None
    bodies_done: Callable[[], bool] = lambda: False
    """Whether all bodies have finished, so that the end of the run is near."""


class _Calls:
    """The calls that the harness may make."""

    def __init__(self, deployments: Mapping[str, Callable[[], Adapter]]) -> None:
        self._deployments = deployments
        self._adapter: Adapter | None = None
        self._deployed: dict[str, Workload | Pipeline] = {}
        self._runs: dict[str, _Run] = {}

    @property
    def _engine(self) -> Adapter:
        if self._adapter is None:
            raise RuntimeError("the engine was not started")
        return self._adapter

    # The engine --------------------------------------------------------------------------------------------------------

    def start(self, **setup: Any) -> dict[str, Any]:
        setup["home"] = Path(setup["home"])
        # Every process of the engine inherits where the steps of the churn pipelines look for the current trial.
        self._current = setup["home"].parent / "current_trial.json"
        os.environ[steps.VARIABLE] = str(self._current)
        self._adapter = self._deployments[setup["deployment"]]()
        return asdict(self._engine.start(Setup(**setup)))

    def deploy(self, work: list[str]) -> None:
        every = [pipeline.read(text) for text in work]
        self._deployed |= {each.name: each for each in every}
        able = [each for each in every if not self._engine.unsupported(each)]
        if graphs := [each for each in able if isinstance(each, Workload)]:
            self._engine.deploy(graphs)
        if pipelines := list(dict.fromkeys(each.pipeline for each in able if isinstance(each, Pipeline))):
            self._engine.deploy_pipelines(pipelines)

    def edit(self, editions: dict[str, int]) -> None:
        self._engine.edit(editions)

    def kept(self) -> list[tuple[str, int, int]]:
        """Return the files in which results are kept now: path, size, and time of the last change."""
        files = self._engine.kept_files()
        return [(str(file), (about := file.stat()).st_size, about.st_mtime_ns) for file in files]

    def services(self) -> dict[str, int]:
        return dict(self._engine.services())

    def kill(self, service: str) -> None:
        self._engine.kill(service)

    def restart(self, service: str) -> None:
        self._engine.restart(service)

    def stop(self) -> None:
        if self._adapter is not None:
            self._adapter.stop()
            self._adapter = None

    # Runs --------------------------------------------------------------------------------------------------------------

    def submit(
        self, run: str, work: str, trial: dict[str, str], parameters: dict[str, Any], meet: dict[str, int]
    ) -> dict[str, Any]:
        """Write `submitted`, and ask the tool for a run at once. A run that the tool refuses is over immediately."""
        owner, to_run = Trial(**trial), self._deployed[work]
        asked_for = self._run(run)
        if reason := self._engine.unsupported(to_run):
            asked_for.asked.set()
            raise Unsupported(reason)
        asked_for.trial = owner
        if isinstance(to_run, Pipeline):
            # The file is one for all runs of the trial, so a step does not say which of them it belongs to.
            whole = Trial(owner.id, owner.events)
            steps.announce(self._current, whole, to_run.faults, meet)
            finished, bodies = FinishedBodies(whole, to_run.last), max(meet.values(), default=1)
        else:
            finished, bodies = FinishedBodies(owner), len(to_run.nodes)
        asked_for.bodies_done = lambda: finished() >= bodies
        clock_offset = time.time() - time.monotonic()
        emit(owner, "submitted")
        try:
            asked_for.id = self._submit(to_run, parameters, owner)
        except Refused as reason:
            emit(owner, "settled", data={"state": REFUSED, "error": str(reason)})
            traceback.print_exc()  # only now: printing takes as long as some refusals, whose time is measured
            return {"refused": str(reason), "clock_offset": clock_offset}
        finally:
            asked_for.asked.set()
        return {"id": asked_for.id, "clock_offset": clock_offset}

    def wait(self, run: str, limit_s: float, closely: bool) -> str:
        """Write `settled` when the tool says that the run is over, and return how it ended; or `running`, past the limit."""
        awaited = self._run(run)
        deadline = time.monotonic() + limit_s
        if not awaited.asked.wait(limit_s):
            return State.RUNNING  # the tool has not even taken it yet
        if not awaited.id or awaited.trial is None:
            return REFUSED
        bodies_done = (lambda: True) if closely else awaited.bodies_done
        state = self._engine.wait(awaited.id, bodies_done, max(0.0, deadline - time.monotonic()))
        if state is not State.RUNNING:
            emit(awaited.trial, "settled", data={"state": state})
        return state

    def state(self, run: str) -> str:
        return self._engine.state(self._run(run).id)

    def cancel(self, run: str) -> None:
        """Write `cancelling`, and tell the tool to end the run."""
        asked_for = self._run(run)
        if asked_for.trial is not None:
            emit(asked_for.trial, "cancelling")
        self._engine.cancel(asked_for.id)

    def reported(self, run: str) -> dict[str, Any]:
        return asdict(self._engine.reported(self._run(run).id))

    def unsupported(self, work: str, runs_at_once: int) -> str:
        return self._engine.unsupported(self._deployed[work], runs_at_once)

    def _run(self, name: str) -> _Run:
        # Both the main thread and that of a `wait` may come first; setdefault is one step for all threads.
        return self._runs.setdefault(name, _Run())

    def _submit(self, work: Workload | Pipeline, parameters: dict[str, Any], trial: Trial) -> str:
        if isinstance(work, Pipeline):
            return self._engine.submit_pipeline(work.pipeline, parameters, trial)
        return self._engine.submit(work.name, trial)
