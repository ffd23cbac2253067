"""The service tier: an API server, and a process that polls it and starts a process per flow run."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from churn_prefect.adapter import catalogue
from churn_prefect.adapter.server import Server
from churn_prefect.adapter.settings import started
from contract.adapter import Adapter, Refused, Reported, Setup, Started, State, Unsupported
from contract.editions import FIRST
from contract.events import Trial
from contract.pipeline import Pipeline
from contract.workload import Workload

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment

WORKLOAD, PIPELINE = "orchbench", "churn"
"""What deployments are called; Prefect's full name of one is `flow/deployment`."""

POOL = "orchbench"
"""The name of the work pool and of its worker."""

_FLOW_FILE = '''\
"""The flow of one workload, as the process of a flow run imports it."""

from pathlib import Path

from churn_prefect.adapter.shapes import build, {runner}
from contract.workload import Workload

flow = build(Workload.from_json(Path(__file__).with_suffix(".json").read_text()), {runner}({width}))
'''

_PIPELINE_FILE = '''\
"""A pipeline with another task runner, as the process of a flow run imports it."""

from prefect.task_runners import ProcessPoolTaskRunner

from {module} import {name}

flow = {name}.with_options(task_runner=ProcessPoolTaskRunner(max_workers={width}))
'''


class _Service(Adapter):
    """Submits through the API, and asks it for states; how flow runs get processes is up to the subclass."""

    _runner = "threads"
    """What makes the task runner of a flow: a function in shapes.py."""

    def __init__(self) -> None:
        self._server: Server | None = None
        self._tasks = {f"{name}/{PIPELINE}": tasks for name, tasks in catalogue.TASKS.items()}
        self._deployed: dict[str, UUID] = {}
        self._submitted: dict[str, str] = {}

    @property
    def _engine(self) -> Server:
        if self._server is None:
            raise RuntimeError("the engine was not started")
        return self._server

    def start(self, setup: Setup) -> Started:
        self._width = setup.width
        self._flows = setup.home / "flows"
        self._flows.mkdir(exist_ok=True)
        self._server = Server(setup)
        self._start_runner()
        return started(setup)

    def services(self) -> Mapping[str, int]:
        return self._engine.servers.pids()

    def kill(self, service: str) -> None:
        self._engine.servers.kill(service)

    def restart(self, service: str) -> None:
        since = datetime.now(UTC)
        self._engine.servers.restart(service)
        self._engine.wait_until_ready()
        self._engine.servers.wait_until(lambda: self._is_looking(since), "what starts flow runs")

    @abstractmethod
    def _is_looking(self, since: datetime) -> bool:
        """Whether what starts flow runs has looked for new ones since then."""

    def deploy(self, workloads: Sequence[Workload]) -> None:
        for workload in workloads:
            file = self._flows / workload.name
            file.with_suffix(".json").write_text(workload.to_json())
            file.with_suffix(".py").write_text(_FLOW_FILE.format(runner=self._runner, width=self._width))
            self._tasks[f"{workload.name}/{WORKLOAD}"] = [node.id for node in workload.nodes]
        self._add([f"{workload.name}/{WORKLOAD}" for workload in workloads])

    def unsupported(self, work: Workload | Pipeline, runs_at_once: int = 1) -> str:
        return ""

    def deploy_pipelines(self, pipelines_: Sequence[str]) -> None:
        self.edit(FIRST)
        self._add([f"{name}/{PIPELINE}" for name in pipelines_])

    def edit(self, editions: Mapping[str, int]) -> None:
        # A flow run's process loads the flow from the file: nothing has to be deployed again.
        catalogue.write_caching(self._flows, editions)

    def kept_files(self) -> Sequence[Path]:
        return catalogue.kept_files()

    def _add(self, names: Sequence[str]) -> None:
        self._deploy(names)
        for name in names:
            self._deployed[name] = self._engine.client.read_deployment_by_name(name).id

    @abstractmethod
    def _start_runner(self) -> None: ...

    @abstractmethod
    def _deploy(self, names: Sequence[str]) -> None: ...

    def submit(self, workload: str, trial: Trial) -> str:
        return self._submit(f"{workload}/{WORKLOAD}", {"trial": trial.to_dict()})

    def submit_pipeline(self, pipeline: str, parameters: Mapping[str, Any], trial: Trial) -> str:
        return self._submit(f"{pipeline}/{PIPELINE}", {"parameters": dict(parameters)})

    def _submit(self, name: str, parameters: dict[str, Any]) -> str:
        from prefect.exceptions import PrefectHTTPStatusError

        try:
            run = self._engine.client.create_flow_run_from_deployment(self._deployed[name], parameters=parameters)
        except PrefectHTTPStatusError as error:
            if error.response.status_code != HTTPStatus.CONFLICT:  # what the server answers to parameters that are wrong
                raise
            raise Refused(error.response.json()["detail"]) from error
        self._submitted[str(run.id)] = name
        return str(run.id)

    def state(self, run: str) -> State:
        return self._engine.state(UUID(run))

    def cancel(self, run: str) -> None:
        from prefect.states import Cancelling

        self._engine.client.set_flow_run_state(UUID(run), Cancelling())

    def reported(self, run: str) -> Reported:
        return self._engine.reported(UUID(run), self._tasks[self._submitted[run]])

    def stop(self) -> None:
        if self._server:
            self._server.stop()
            self._server = None


class Serve(_Service):
    """One process in `prefect.serve()`, which has to be started anew for every new flow."""

    def _start_runner(self) -> None:
        # There is nothing to serve yet: the process starts with the first deployment, and its start is a part of
        # what deploying costs, because that is how it is for a user.
        pass

    def _deploy(self, names: Sequence[str]) -> None:
        if old := self._engine.servers.running.pop("serve", None):
            old.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                old.wait(5)
            old.kill()
            old.wait()
        since = datetime.now(UTC)
        # Each once, also if it was deployed before, and in the order of their coming.
        self._engine.start("serve", str(self._flows), *dict.fromkeys([*self._deployed, *names]), module=__name__)
        self._engine.servers.wait_until(lambda: all(self._is_polled(name, since) for name in names), "serve()")

    def _is_looking(self, since: datetime) -> bool:
        return all(self._is_polled(name, since) for name in self._deployed)

    def _is_polled(self, name: str, since: datetime) -> bool:
        from prefect.exceptions import ObjectNotFound

        try:
            deployment = self._engine.client.read_deployment_by_name(name)
        except ObjectNotFound:
            return False
        return deployment.last_polled is not None and deployment.last_polled > since


class ServeProcesses(Serve):
    """The same with another task runner: tasks that are submitted run in a pool of processes, which each flow run starts."""

    _runner = "processes"

    def cancel(self, run: str) -> None:
        # Nothing that is asked for a cancelled run may go on, and a body in the pool does, for as long as it takes.
        raise Unsupported(
            "Prefect ends the process of the flow run, and leaves the pool's: a task that has begun goes on there"
        )

    def deploy_pipelines(self, pipelines_: Sequence[str]) -> None:
        for name in set(pipelines_) & catalogue.MODULES.keys():
            module = catalogue.MODULES[name].rpartition(".")[0]
            text = _PIPELINE_FILE.format(width=self._width, module=module, name=name)
            (self._flows / _own_file(name)).write_text(text)
        super().deploy_pipelines(pipelines_)


class Worker(_Service):
    """A process work pool and its worker, which learns of new deployments from the server."""

    _options: ClassVar[Mapping[str, Any]] = {}
    """What else a deployment is made with."""

    def _start_runner(self) -> None:
        since = datetime.now(UTC)
        self._engine.start("worker", "worker", "start", "--pool", POOL, "--type", "process", "--name", POOL)
        self._engine.servers.wait_until(lambda: self._is_looking(since), "the worker")

    def _is_looking(self, since: datetime) -> bool:
        from prefect.exceptions import ObjectNotFound

        try:
            self._engine.client.read_work_pool(POOL)
        except ObjectNotFound:
            return False
        workers = self._engine.client.read_workers_for_work_pool(POOL, offset=0, limit=1)
        # The worker of an engine that was stopped a moment ago still counts as online.
        return any(worker.last_heartbeat_time and worker.last_heartbeat_time > since for worker in workers)

    def _deploy(self, names: Sequence[str]) -> None:
        from prefect import deploy

        deployments = _deployments(self._flows, names, **self._options)
        deploy(*deployments, work_pool_name=POOL, print_next_steps_message=False)


class WorkerCommand(Worker):
    """The worker starts the command that the deployment names, and not a supervisor that finds out what to start."""

    _options: ClassVar = {"job_variables": {"command": shlex.join([sys.executable, "-m", "prefect.engine"])}}


def _own_file(pipeline: str) -> str:
    # No workload can have this name, because of the dash.
    return f"{PIPELINE}-{pipeline}.py"


def _deployments(folder: Path, names: Sequence[str], **options: Any) -> list[RunnerDeployment]:
    return [_deployment(folder, *name.split("/"), **options) for name in names]


def _deployment(folder: Path, flow_name: str, name: str, **options: Any) -> RunnerDeployment:
    from prefect import flow
    from prefect.flows import load_flow_from_entrypoint
    from prefect.types.entrypoint import EntrypointType

    found: Any
    if name == WORKLOAD:
        file = f"{flow_name}.py:flow"
    elif (folder / _own_file(flow_name)).exists():
        file = f"{_own_file(flow_name)}:flow"
    elif flow_name in catalogue.MODULES:
        found = load_flow_from_entrypoint(catalogue.entrypoint(flow_name, folder))
        module = EntrypointType.MODULE_PATH
        return found.to_deployment(name, entrypoint_type=module, **options)  # type: ignore[no-any-return]
    else:
        file = f"{catalogue.CACHING}:{flow_name}"
    found = flow.from_source(str(folder), file)
    return found.to_deployment(name, **options)  # type: ignore[no-any-return]


def main() -> None:
    """Be the process that serves the flows of a folder, as a user's script with `serve()` at its end."""
    from prefect import serve

    folder, *names = sys.argv[1:]
    # Prefect's how-to "Run flows in local processes" asks for the flag where restarts are expected, as they are here.
    serve(*_deployments(Path(folder), names), pause_on_shutdown=False)


if __name__ == "__main__":
    main()
