"""The library tier: a run is a call of the flow in the adapter's process, which tells a real API server of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from churn_prefect.adapter import catalogue
from churn_prefect.adapter.server import Server
from churn_prefect.adapter.settings import started
from contract.adapter import Adapter, LocalRuns, Reported, Setup, Started, State, Unsupported
from contract.editions import FIRST
from contract.events import Trial
from contract.pipeline import Pipeline
from contract.workload import Workload

if TYPE_CHECKING:
    from prefect import Flow


class FlowCall(Adapter):
    """`flow(...)` in a worker thread, against the engine's server."""

    def __init__(self) -> None:
        self._runs = LocalRuns()
        self._server: Server | None = None
        self._tasks: dict[str, Collection[str]] = {}
        self._flows: dict[str, Any] = {}
        self._pipelines: dict[str, Any] = {}
        self._submitted = 0
        self._flow_runs: dict[str, tuple[UUID, Collection[str]]] = {}

    @property
    def _engine(self) -> Server:
        if self._server is None:
            raise RuntimeError("the engine was not started")
        return self._server

    def start(self, setup: Setup) -> Started:
        self._home, self._width = setup.home, setup.width
        self._server = Server(setup)
        return started(setup)

    def services(self) -> Mapping[str, int]:
        return self._engine.servers.pids()

    def deploy(self, workloads: Sequence[Workload]) -> None:
        for workload in workloads:
            self._tasks[workload.name] = [node.id for node in workload.nodes]
            self._flows[workload.name] = self._build(workload)

    def _build(self, workload: Workload) -> Flow[..., Any]:
        from churn_prefect.adapter.shapes import build, threads

        return build(workload, threads(self._width))

    def submit(self, workload: str, trial: Trial) -> str:
        return self._submit(self._flows[workload], {"trial": trial}, trial, self._tasks[workload])

    def unsupported(self, work: Workload | Pipeline, runs_at_once: int = 1) -> str:
        return ""

    def deploy_pipelines(self, pipelines_: Sequence[str]) -> None:
        # A flow that can be called is all that this tier needs.
        self._pipelines |= {name: self._load(name) for name in pipelines_ if name in catalogue.MODULES}
        self.edit(FIRST)

    def edit(self, editions: Mapping[str, int]) -> None:
        catalogue.write_caching(self._home, editions)
        self._pipelines["cached"] = self._load("cached")

    def _load(self, pipeline: str) -> Flow[..., Any]:
        from prefect.flows import load_flow_from_entrypoint

        return load_flow_from_entrypoint(catalogue.entrypoint(pipeline, self._home))

    def kept_files(self) -> Sequence[Path]:
        return catalogue.kept_files()

    def submit_pipeline(self, pipeline: str, parameters: Mapping[str, Any], trial: Trial) -> str:
        # Prefect looks at the parameters when the flow run begins: a call with wrong ones is a run that fails.
        return self._submit(self._pipelines[pipeline], {"parameters": dict(parameters)}, trial, catalogue.TASKS[pipeline])

    def _submit(self, flow: Any, arguments: Mapping[str, object], trial: Trial, tasks: Collection[str]) -> str:
        # A trial may be more than one run.
        self._submitted += 1
        run = f"{trial.id}-{self._submitted}"
        return self._runs.submit(run, lambda: self._call(flow, arguments, run, tasks))

    def _call(self, flow: Any, arguments: Mapping[str, object], run: str, tasks: Collection[str]) -> None:
        # The state names the flow run, under which the server's records can be found; a plain call does not.
        state = self._end(flow, arguments)
        self._flow_runs[run] = state.state_details.flow_run_id, tasks
        if not state.is_completed():
            raise RuntimeError(f"the flow ended as {state.name}: {state.message}")

    def _end(self, flow: Any, arguments: Mapping[str, object]) -> Any:
        return flow(**arguments, return_state=True)

    def state(self, run: str) -> State:
        return self._runs.state(run)

    def wait(self, run: str, bodies_done: Callable[[], bool], limit_s: float) -> State:
        return self._runs.wait(run, limit_s)

    def cancel(self, run: str) -> None:
        raise Unsupported("Prefect cancels runs of deployments; nothing watches over a plain call of a flow")

    def reported(self, run: str) -> Reported:
        return self._engine.reported(*self._flow_runs[run])

    def stop(self) -> None:
        self._runs.stop()
        if self._server:
            self._server.stop()
            self._server = None


class AsyncFlowCall(FlowCall):
    """`asyncio.run(flow(...))`: an asynchronous flow of asynchronous tasks."""

    def _build(self, workload: Workload) -> Flow[..., Any]:
        from churn_prefect.adapter.gathering import build

        return build(workload, self._width)

    def _end(self, flow: Any, arguments: Mapping[str, object]) -> Any:
        return asyncio.run(super()._end(flow, arguments))


class Calls(FlowCall):
    """Tasks are called one after another, as functions are: what one gets without `.submit()`."""

    def _build(self, workload: Workload) -> Flow[..., Any]:
        from churn_prefect.adapter.shapes import build, threads

        return build(workload, threads(self._width), called=True)


class ProcessPool(FlowCall):
    """Tasks run in a pool of processes, which every flow run starts and stops."""

    def _build(self, workload: Workload) -> Flow[..., Any]:
        from churn_prefect.adapter.shapes import build, processes

        return build(workload, processes(self._width))

    def _load(self, pipeline: str) -> Flow[..., Any]:
        from prefect.task_runners import ProcessPoolTaskRunner

        return super()._load(pipeline).with_options(task_runner=ProcessPoolTaskRunner(max_workers=self._width))
