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

from churn_prefect.adapter.settings import environment
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

_QUIET_S = 1.0
"""How long nothing new must have been recorded of a run that failed; three times as long while a task seems to run."""

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
        self.wait_until_ready()
        self.client: SyncPrefectClient = get_client(sync_client=True)

    def wait_until_ready(self) -> None:
        """Return when our server listens on its port, and the health check says that it is ready."""
        port, url = int(os.environ["PREFECT_SERVER_API_PORT"]), os.environ["PREFECT_API_URL"]
        self.servers.wait_until(lambda: self.servers.listens("server", port) and answers(f"{url}/ready"), "the API server")

    def start(self, name: str, *arguments: str, module: str = "prefect") -> None:
        """Start a process of the engine in its home, where no configuration file of a user can be found."""
        self.servers.start(name, [sys.executable, "-m", module, *arguments], os.environ, self.home)

    def state(self, flow_run: UUID) -> State:
        """Tell what the API says of a flow run."""
        state = self.client.read_flow_run(flow_run).state
        return STATES.get(state.type.value, State.RUNNING) if state else State.RUNNING

    def reported(self, flow_run: UUID, tasks: Collection[str]) -> Reported:
        """Return what is recorded, once all tasks are; after a failure some never are, so that no news is the end."""
        recorded = self.client.read_flow_run(flow_run)
        succeeded = self.state(flow_run) is State.SUCCEEDED
        deadline = time.monotonic() + _RECORDED_S
        known: dict[str, str | None] = {}
        quiet_since = time.monotonic()
        while True:
            runs = {name: run for name, run in self._task_runs(flow_run).items() if name in tasks}
            states = {name: run.state_name for name, run in runs.items()}
            if states != known:
                known, quiet_since = states, time.monotonic()
            complete = runs.keys() >= set(tasks) and all(run.end_time for run in runs.values())
            settled = runs and all(run.end_time or run.state_name == "NotReady" for run in runs.values())
            quiet = time.monotonic() - quiet_since > _QUIET_S * (1 if settled else 3)
            if complete or (quiet and not succeeded) or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        return Reported(
            _seconds(recorded.created),
            _seconds(recorded.start_time),
            _seconds(recorded.end_time),
            {
                name: (run.start_time.timestamp(), run.end_time.timestamp())
                for name, run in runs.items()
                if run.start_time and run.end_time
            },
            {name: run.run_count for name, run in runs.items() if run.run_count},
            tuple(sorted(name for name, run in runs.items() if run.state_name == "Cached")),
        )

    def _task_runs(self, flow_run: UUID) -> dict[str, TaskRun]:
        """Return what is recorded of the task runs, by the names of their tasks, those of subflows among them."""
        from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
        from prefect.client.schemas.sorting import TaskRunSort

        of_run = FlowRunFilter(id=FlowRunFilterId(any_=self._with_subflows(flow_run)))
        found: dict[str, TaskRun] = {}
        offset = 0
        full = True
        while full:
            page = self.client.read_task_runs(flow_run_filter=of_run, sort=TaskRunSort.ID_DESC, limit=_PAGE, offset=offset)
            # Where a task does not say how its runs are called, Prefect appends a dash and some letters.
            found |= {run.name.partition("-")[0]: run for run in page}
            offset += _PAGE
            full = len(page) == _PAGE
        return found

    def _with_subflows(self, flow_run: UUID) -> list[UUID]:
        from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterParentFlowRunId

        every, parents = [flow_run], [flow_run]
        while parents:
            of_parents = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=parents))
            parents = [each.id for each in self.client.read_flow_runs(flow_run_filter=of_parents)]
            every += parents
        return every

    def stop(self) -> None:
        """Stop every process of the engine."""
        self.servers.stop(_GRACE_S)


def _seconds(time_: datetime | None) -> float | None:
    return time_.timestamp() if time_ else None
