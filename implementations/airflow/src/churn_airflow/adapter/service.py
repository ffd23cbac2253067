"""The service tier: api-server, scheduler and dag-processor, driven through the REST API; LocalExecutor, SQLite."""

from __future__ import annotations

import json
import secrets
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx

from churn_airflow.adapter import catalogue, dag_files, settings
from churn_airflow.adapter.command import argv, call, environment
from contract.adapter import Adapter, Refused, Reported, Setting, Setup, Started, State
from contract.events import Trial
from contract.pipeline import Pipeline
from contract.servers import HOST, NotReady, Servers, free_port
from contract.workload import Workload

_USER: Final = "admin"
"""The one user of the simple auth manager, as Airflow's defaults have it."""

_PASSWORDS: Final = "simple_auth_manager_passwords.json.generated"
"""Airflow writes a generated password here at its first start, and prints it. Ours is there before, and not printed."""

_DEPLOY_LIMIT_S: Final = 120.0

_STATES: Final = {"success": State.SUCCEEDED, "failed": State.FAILED}


class LocalExecutor(Adapter):
    """The servers that Airflow's documentation lists, each a process; the scheduler forks the workers of the tasks."""

    _dags_of = catalogue.DAGS
    _way = "value"

    def __init__(self) -> None:
        self._servers: Servers | None = None
        self._api = httpx.Client()
        self._cancelled: set[str] = set()

    def start(self, setup: Setup) -> Started:
        self._port = free_port()
        changed = self._settings(setup)
        settings.write_config(setup.home, changed, self._port)
        password = secrets.token_urlsafe(24)
        with settings.private_file(setup.home / _PASSWORDS) as file:
            json.dump({_USER: password}, file)
        self._dags = setup.home / "dags"
        self._dags.mkdir(exist_ok=True)
        self._home = setup.home
        call(self._home, "db", "migrate")
        self._began = time.time()
        self._servers = Servers(setup.home / "logs")
        env = environment(setup.home)
        self._servers.start("api-server", argv("api-server"), env)
        self._servers.start("scheduler", argv("scheduler", "--skip-serve-logs"), env)
        self._servers.start("dag-processor", argv("dag-processor"), env)
        self._api = httpx.Client(base_url=f"http://{HOST}:{self._port}", timeout=30, trust_env=False)
        self._servers.wait_until(self._healthy, "airflow")
        token = self._call("POST", "/auth/token", {"username": _USER, "password": password})["access_token"]
        self._api.headers["Authorization"] = f"Bearer {token}"
        return Started(settings.VERSIONS, changed)

    def _settings(self, setup: Setup) -> tuple[Setting, ...]:
        return settings.of_service(setup)

    def _healthy(self) -> bool:
        if not self._running.listens("api-server", self._port):
            return False
        try:
            health = self._call("GET", "/api/v2/monitor/health")
        except httpx.HTTPError:
            return False
        # On a home that has been used, the last heartbeats of servers that are gone count as health for a while.
        beats = [_seconds(health[part][f"latest_{part}_heartbeat"]) or 0.0 for part in ("scheduler", "dag_processor")]
        parts = ("metadatabase", "scheduler", "dag_processor")
        return min(beats) > self._began and all(health[part]["status"] == "healthy" for part in parts)

    def services(self) -> Mapping[str, int]:
        return self._servers.pids() if self._servers else {}

    def kill(self, service: str) -> None:
        self._running.kill(service)

    def restart(self, service: str) -> None:
        self._began = time.time()
        self._running.restart(service)
        self._running.wait_until(self._healthy, "airflow")

    @property
    def _running(self) -> Servers:
        if self._servers is None:
            raise RuntimeError("the engine was not started")
        return self._servers

    def deploy(self, workloads: Sequence[Workload]) -> None:
        written = time.time()
        for workload in workloads:
            dag_files.write(workload, self._dags)
        self._publish([workload.name for workload in workloads], written)

    def unsupported(self, work: Workload | Pipeline, runs_at_once: int = 1) -> str:
        return catalogue.unsupported(work, self._way)

    def deploy_pipelines(self, pipelines_: Sequence[str]) -> None:
        written = time.time()
        dags = [dag for pipeline in pipelines_ for dag in self._dags_of[pipeline]]
        for dag in dags:
            dag_files.write_pipeline(dag, self._dags)
        self._publish(dags, written)

    def edit(self, editions: Mapping[str, int]) -> None:
        written = time.time()
        dag_files.write_caching(self._dags, editions)
        self._publish([dag_files.CACHING], written)

    def kept_files(self) -> Sequence[Path]:
        return catalogue.kept_files()

    def _publish(self, dags: list[str], written: float) -> None:
        if not dags:
            return
        try:
            call(self._home, "dags", "reserialize")
        except subprocess.CalledProcessError:
            # The dag-processor was about to record the same new asset, and the second to do so fails (UNIQUE constraint).
            call(self._home, "dags", "reserialize")
        self._wait_until_parsed(dags, written)
        # The dag-processor looks for new files every 300 s, and would parse none of these until then. Asked for one of them,
        # it looks at once, and parses all of them every 30 s from now on, as it does where they have been for a while.
        token = self._call("GET", f"/api/v2/dags/{dags[0]}")["file_token"]
        self._api.put(f"/api/v2/parseDagFile/{token}").raise_for_status()

    def _wait_until_parsed(self, missing: list[str], since: float) -> None:
        deadline = time.monotonic() + _DEPLOY_LIMIT_S
        while missing := [name for name in missing if not self._parsed_since(name, since)]:
            if time.monotonic() > deadline:
                errors = self._call("GET", "/api/v2/importErrors")["import_errors"]
                raise NotReady(f"Airflow has not parsed {', '.join(missing)}; import errors: {errors}")
            time.sleep(0.1)

    def _parsed_since(self, name: str, then: float) -> bool:
        answer = self._api.get(f"/api/v2/dags/{name}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return False
        parsed = _seconds(answer.raise_for_status().json()["last_parsed_time"])
        return parsed is not None and parsed > then

    def submit(self, workload: str, trial: Trial) -> str:
        return self._trigger(workload, {"trial": trial.to_dict()})

    def submit_pipeline(self, pipeline: str, parameters: Mapping[str, Any], trial: Trial) -> str:
        return self._trigger(catalogue.dag_of(self._dags_of[pipeline], parameters), dict(parameters))

    def _trigger(self, dag: str, conf: dict[str, Any]) -> str:
        runs = f"/api/v2/dags/{dag}/dagRuns"
        answer = self._api.post(runs, json={"logical_date": None, "conf": conf})
        if answer.status_code == httpx.codes.BAD_REQUEST:
            raise Refused(answer.json()["detail"].partition("\n")[0])
        return f"{runs}/{answer.raise_for_status().json()['dag_run_id']}"

    def state(self, run: str) -> State:
        state = _STATES.get(self._call("GET", run)["state"], State.RUNNING)
        # Airflow knows no cancelled run: one cancels by marking it as failed. With a teardown it goes on until that is over,
        # and ends as a success if its last task was skipped, not killed.
        return State.CANCELLED if state is not State.RUNNING and run in self._cancelled else state

    def cancel(self, run: str) -> None:
        self._cancelled.add(run)  # first, because somebody may be waiting for the run meanwhile
        self._call("PATCH", run, {"state": "failed"})

    def reported(self, run: str) -> Reported:
        dag_run = self._call("GET", run)
        tasks = {catalogue.node(task["task_id"]): task for task in self._tasks(run)}
        times = {name: (_seconds(task["start_date"]), _seconds(task["end_date"])) for name, task in tasks.items()}
        return Reported(
            submitted=_seconds(dag_run["queued_at"]),
            started=_seconds(dag_run["start_date"]),
            ended=_seconds(dag_run["end_date"]),
            tasks={name: (start, end) for name, (start, end) in times.items() if start and end},
            attempts={name: task["try_number"] for name, task in tasks.items() if task["try_number"]},
        )

    def _tasks(self, run: str) -> Iterator[dict[str, Any]]:
        seen, total = 0, 1
        while seen < total:
            page = self._call("GET", f"{run}/taskInstances?limit=100&offset={seen}")
            yield from page["task_instances"]
            seen, total = seen + len(page["task_instances"]), page["total_entries"]

    def stop(self) -> None:
        self._api.close()
        if self._servers:
            # Nothing in the home will be read again, so there is little to be graceful about.
            self._servers.stop(grace_s=1.0)

    def _call(self, method: str, url: str, content: object = None) -> Any:
        return self._api.request(method, url, json=content).raise_for_status().json()


class LocalExecutorTaskFlow(LocalExecutor):
    """The same, with the churn pipelines in TaskFlow style."""

    _dags_of = catalogue.TASKFLOW


class LocalExecutorObjects(LocalExecutor):
    """The same, with object storage for the XComs."""

    _way = "store"

    def _settings(self, setup: Setup) -> tuple[Setting, ...]:
        return (*settings.of_service(setup), *settings.OBJECTS)


def _seconds(time_stamp: str | None) -> float | None:
    return datetime.fromisoformat(time_stamp).timestamp() if time_stamp else None
