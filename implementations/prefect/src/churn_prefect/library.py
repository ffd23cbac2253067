"""The library tier: a run is a call of the flow in the adapter's process, which tells a real API server of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from churn_prefect.server import Server
from churn_prefect.settings import started
from contract.adapter import Adapter, LocalRuns, Reported, Setup, Started, State, Unsupported
from contract.events import Trial
from contract.pipeline import STEPS
from contract.workload import Workload


class FlowCall(Adapter):
    """`flow(...)` in a worker thread, against the engine's server."""

    def __init__(self) -> None:
        self._runs = LocalRuns()
        self._server: Server | None = None
        self._workloads: dict[str, Workload] = {}
        self._flows: dict[str, Any] = {}
        self._flow_runs: dict[str, tuple[UUID, list[str]]] = {}

    @property
    def _engine(self) -> Server:
        if self._server is None:
            raise RuntimeError("the engine was not started")
        return self._server

    def start(self, setup: Setup) -> Started:
        self._width = setup.width
        self._server = Server(setup)
        return started(setup)

    def deploy(self, workloads: Sequence[Workload]) -> None:
        from churn_prefect import shapes

        self._workloads |= {workload.name: workload for workload in workloads}
        self._flows |= {workload.name: shapes.build(workload, self._width) for workload in workloads}

    def submit(self, workload: str, trial: Trial) -> str:
        tasks = [node.id for node in self._workloads[workload].nodes]
        return self._runs.submit(trial.id, lambda: self._call(self._flows[workload], trial, trial, tasks))

    def deploy_pipelines(self) -> None:
        # A flow that can be called is all that this tier needs.
        from churn_prefect import inference, training

        self._pipelines = {"train": training.train, "infer": inference.infer}

    def submit_pipeline(self, pipeline: str, parameters: Mapping[str, Any], trial: Trial) -> str:
        flow, tasks = self._pipelines[pipeline], list(STEPS[pipeline])
        # Checked here, as a server does it for a submission; the call would only fail after it had begun.
        chosen = flow.validate_parameters({"parameters": dict(parameters)})["parameters"]
        return self._runs.submit(trial.id, lambda: self._call(flow, chosen, trial, tasks))

    def _call(self, flow: Any, argument: object, trial: Trial, tasks: list[str]) -> None:
        # The state names the flow run, under which the server's records can be found; a plain call does not.
        state = flow(argument, return_state=True)
        self._flow_runs[trial.id] = state.state_details.flow_run_id, tasks
        if not state.is_completed():
            raise RuntimeError(f"the flow ended as {state.name}: {state.message}")

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
