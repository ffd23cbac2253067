"""The API server of an engine: starting it, and reading what it recorded of a run."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from churn_prefect.settings import environment
from contract.adapter import Reported, Setup, State
from contract.servers import Servers, answers

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import TaskRun

STATES = {
    "COMPLETED": State.SUCCEEDED,
    "FAILED": State.FAILED,
    "CRASHED": State.FAILED,
    "CANCELLED": State.CANCELLED,
}
"""Prefect's final states; all others are still running for us."""

_GRACE_S = 3.0
"""A server without work takes 2 s from SIGTERM to its end."""

_RECORDED_S = 15.0
"""How long we wait for the task runs to be recorded: their engine sends them as events, which lag behind."""

_PAGE = 200
"""The most that the API returns at once."""


class Server:
    """One `prefect server start` on a free port, with its database below the home."""

    def __init__(self, setup: Setup) -> None:
        """Start the server, and return when its health check says that it is ready."""
        self.home: Path = setup.home
        # Prefect reads its settings once, when it is first imported, and several of its threads see only those. So
        # they are in place before; that is why this folder imports Prefect inside of functions.
        os.environ.update(environment(setup))
        self.servers = Servers(setup.home / "logs")
        self.start("server", "server", "start")
        from prefect.client.orchestration import get_client

        # The import above takes 2 s, which the server needs longer than.
        self.servers.wait_until(lambda: answers(f"{os.environ['PREFECT_API_URL']}/ready"), "the API server")
        self.client: SyncPrefectClient = get_client(sync_client=True)

    def start(self, name: str, *arguments: str, module: str = "prefect") -> None:
        """Start a process of the engine in its home, where no configuration file of a user can be found."""
        self.servers.start(name, [sys.executable, "-m", module, *arguments], os.environ, self.home)

    def state(self, flow_run: UUID) -> State:
        """Tell what the API says of a flow run."""
        state = self.client.read_flow_run(flow_run).state
        return STATES.get(state.type.value, State.RUNNING) if state else State.RUNNING

    def reported(self, flow_run: UUID, tasks: Collection[str]) -> Reported:
        """Return the recorded times, once those of all tasks are there; after a failure some never come."""
        recorded = self.client.read_flow_run(flow_run)
        succeeded = self.state(flow_run) is State.SUCCEEDED
        deadline = time.monotonic() + (_RECORDED_S if succeeded else 1.0)
        while not (runs := self._ended(flow_run)).keys() >= set(tasks) and time.monotonic() < deadline:
            time.sleep(0.1)
        # A task run whose result came from the cache never started.
        times = {
            name: (run.start_time.timestamp(), run.end_time.timestamp())
            for name, run in runs.items()
            if name in tasks and run.start_time and run.end_time
        }
        return Reported(_seconds(recorded.created), _seconds(recorded.start_time), _seconds(recorded.end_time), times)

    def _ended(self, flow_run: UUID) -> dict[str, TaskRun]:
        """Return the task runs that are recorded as over, by the names of their tasks, those of subflows among them."""
        from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId, FlowRunFilterParentFlowRunId
        from prefect.client.schemas.sorting import TaskRunSort

        of_parent = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[flow_run]))
        subflows = [each.id for each in self.client.read_flow_runs(flow_run_filter=of_parent)]
        of_run = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run, *subflows]))
        ended: dict[str, TaskRun] = {}
        offset = 0
        full = True
        while full:
            page = self.client.read_task_runs(flow_run_filter=of_run, sort=TaskRunSort.ID_DESC, limit=_PAGE, offset=offset)
            # Where a task does not say how its runs are called, Prefect appends a dash and some letters.
            ended |= {run.name.partition("-")[0]: run for run in page if run.end_time}
            offset += _PAGE
            full = len(page) == _PAGE
        return ended

    def stop(self) -> None:
        """Stop every process of the engine."""
        self.servers.stop(_GRACE_S)


def _seconds(time_: datetime | None) -> float | None:
    return time_.timestamp() if time_ else None
