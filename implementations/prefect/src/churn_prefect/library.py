"""The library tier: a run is a call of the flow in the adapter's process, which tells a real API server of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from churn_prefect.server import Server
from churn_prefect.settings import started
from contract.adapter import Adapter, LocalRuns, Reported, Setup, Started, State, Unsupported
from contract.events import Trial
from contract.workload import Workload


class FlowCall(Adapter):
    """`flow(trial)` in a worker thread, against the engine's server."""

    def __init__(self) -> None:
        self._runs = LocalRuns()
        self._server: Server | None = None
        self._workloads: dict[str, Workload] = {}
        self._flows: dict[str, Any] = {}
        self._flow_runs: dict[str, tuple[UUID, Workload]] = {}

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
        return self._runs.submit(trial.id, lambda: self._call(workload, trial))

    def _call(self, workload: str, trial: Trial) -> None:
        # The state names the flow run, under which the server's records can be found; a plain call does not.
        state = self._flows[workload](trial, return_state=True)
        self._flow_runs[trial.id] = state.state_details.flow_run_id, self._workloads[workload]
        if not state.is_completed():
            raise RuntimeError(f"the flow ended as {state.name}: {state.message}")

    def state(self, run: str) -> State:
        return self._runs.state(run)

    def wait(self, run: str, bodies_done: Callable[[], bool], limit_s: float) -> State:
        return self._runs.wait(run, limit_s)

    def cancel(self, run: str) -> None:
        raise Unsupported("Prefect cancels runs of deployments; nothing watches over a plain call of a flow")

    def reported(self, run: str) -> Reported:
        flow_run, workload = self._flow_runs[run]
        return self._engine.reported(flow_run, len(workload.nodes))

    def stop(self) -> None:
        self._runs.stop()
        if self._server:
            self._server.stop()
            self._server = None
