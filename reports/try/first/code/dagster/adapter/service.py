"""The service tier: webserver, daemon, code server, and a process per run.

launchRun -> run queue -> daemon -> code server -> run worker -> with the multiprocess executor, a process for each step
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import dagster as dg

from churn_dagster.adapter import catalogue, settings, shapes, staleness
from churn_dagster.adapter.client import LOCATION, Client, Unexpected
from churn_dagster.adapter.location import Location
from contract.adapter import SLOW_POLL_S, Adapter, Reported, Setup, Started, State
from contract.events import Trial
from contract.pipeline import Pipeline
from contract.servers import HOST, Servers, answers, free_port
from contract.workload import Workload

_STATES: Final = {"SUCCESS": State.SUCCEEDED, "FAILURE": State.FAILED, "CANCELED": State.CANCELLED}

_NOTHING_TO_DO: Final = "nothing-to-do-"
"""What begins the id of a run that was asked for, but not launched: every asset was up to date."""

_STARTING_S: Final = 60.0
"""The longest that a run may be about to start, before it is taken for one that never will."""

_LONGEST_TEMPORARY_FOLDER: Final = 70
"""The code server and the forkserver put Unix sockets below TMPDIR: paths of at most 107 characters."""


class Multiprocess(Adapter):
    """Dagster's three long-running services, driven through the webserver's GraphQL API."""

    _process_per_step = True

    def __init__(self) -> None:
        self._to_undo = ExitStack()
        self._fresh: dict[str, tuple[str, ...]] = {}

    def start(self, setup: Setup) -> Started:
        # The code server leaves a socket behind at each reload, so this folder goes after the servers.
        temporary = Path(self._to_undo.enter_context(tempfile.TemporaryDirectory(prefix="dagster-")))
        if len(str(temporary)) > _LONGEST_TEMPORARY_FOLDER:
            raise ValueError(f"TMPDIR is too long for Dagster's Unix sockets: {tempfile.gettempdir()}")
        self._changed = settings.changed(setup)
        self._home, self._client = setup.home, Client(free_port(), f"/{secrets.token_hex(16)}")
        self._location = Location(setup.home)
        self._configure(temporary / "code")
        # Not in `logs`: what lies in that folder of its home Dagster takes for telemetry to be uploaded.
        self._servers = servers = Servers(setup.home / "server-logs")
        self._to_undo.callback(servers.stop)
        env = {**os.environ, **settings.environment(self._home), "TMPDIR": str(temporary)}
        self._start(servers, temporary / "code", env)
        return Started(settings.VERSIONS, self._changed)

    def _configure(self, socket: Path) -> None:
        settings.write_instance(self._home, self._changed)
        self._location.prepare(self._changed)
        location = {"grpc_server": {"socket": str(socket), "location_name": LOCATION}}
        (self._home / "workspace.yaml").write_text(json.dumps({"load_from": [location]}))

    def _start(self, servers: Servers, socket: Path, env: Mapping[str, str]) -> None:
        def start(name: str, *arguments: str, **variables: str) -> None:
            servers.start(name, [sys.executable, "-m", *arguments], {**env, **variables}, self._home)

        code, workspace = ["-m", "churn_dagster.adapter.definitions"], ["-w", "workspace.yaml"]
        start("code-server", "dagster", "code-server", "start", *code, "--socket", str(socket))
        # The others want it; and processes that create the SQLite files at the same moment break the table of
        # their versions.
        servers.wait_until(socket.exists, "the code server's socket")
        # The prefix is what a login would be. Every user of the machine can read a command line, but no other one variables.
        prefix = {"DAGSTER_WEBSERVER_PATH_PREFIX": self._client.path_prefix}
        start("webserver", "churn_dagster.adapter.webserver", "-h", HOST, "-p", str(self._client.port), *workspace, **prefix)
        start("daemon", "dagster._daemon", "run", *workspace)
        self._wait_until_ready()

    def _wait_until_it_listens(self) -> None:
        self._servers.wait_until(lambda: self._servers.listens("webserver", self._client.port), "the webserver")

    def _wait_until_ready(self) -> None:
        self._wait_until_it_listens()
        self._servers.wait_until(lambda: answers(f"{self._client.url}/server_info"), "the webserver")
        self._servers.wait_until(self._client.location_is_loaded, "the code location")
        self._servers.wait_until(self._client.daemons_are_healthy, "the daemon")

    def services(self) -> Mapping[str, int]:
        return self._servers.pids()

    def kill(self, service: str) -> None:
        self._servers.kill(service)

    def restart(self, service: str) -> None:
        self._servers.restart(service)
        self._wait_until_it_listens()
        self._servers.wait_until(self._client.reloads_location, "the code server")
        self._wait_until_ready()

    def deploy(self, workloads: Sequence[Workload]) -> None:
        self._location.add(workloads)
        # The webserver passes it on to the code server. The daemon need not know: it starts a run by its id.
        self._client.reload_location()

    def submit(self, workload: str, trial: Trial) -> str:
        return self._client.launch(shapes.job_name(workload), shapes.run_config(trial))

    def unsupported(self, work: Workload | Pipeline, runs_at_once: int = 1) -> str:
        return catalogue.unsupported(work, process_per_step=self._process_per_step)

    def deploy_pipelines(self, pipelines_: Sequence[str]) -> None:
        self._location.add_pipelines(pipelines_)
        self._client.reload_location()

    def edit(self, editions: Mapping[str, int]) -> None:
        self._location.edit(editions)
        self._client.reload_location()

    def kept_files(self) -> Sequence[Path]:
        return catalogue.kept_files(self._home)

    def submit_pipeline(self, pipeline: str, parameters: Mapping[str, Any], trial: Trial) -> str:
        job, config = catalogue.request(pipeline, parameters)
        if pipeline != "cached":
            return self._client.launch(job, config)
        # Who writes the file has it observed. A run on the servers would do that as well, in seconds.
        if catalogue.write_value(parameters):
            with dg.DagsterInstance.from_config(str(self._home)) as instance:
                staleness.observe(catalogue.definitions(pipeline, self._location.caching), instance)
        stale, fresh = self._client.stale_and_fresh(job)
        run = self._client.launch(job, config, stale) if stale else f"{_NOTHING_TO_DO}{uuid4()}"
        self._fresh[run] = tuple(catalogue.name_of(asset, job) for asset in fresh)
        return run

    def state(self, run: str) -> State:
        if run.startswith(_NOTHING_TO_DO):
            return State.SUCCEEDED
        return _STATES.get(self._client.status(run), State.RUNNING)

    def cancel(self, run: str) -> None:
        # Dagster refuses to end a run while its process starts, so it is asked again until that has started.
        deadline = time.monotonic() + _STARTING_S
        while True:
            try:
                return self._client.terminate(run)
            except Unexpected:
                if self._client.status(run) != "STARTING" or time.monotonic() > deadline:
                    raise
            time.sleep(SLOW_POLL_S)

    def reported(self, run: str) -> Reported:
        fresh = self._fresh.get(run, ())
        if run.startswith(_NOTHING_TO_DO):
            return Reported(cached=fresh)
        times = self._client.times(run)
        steps = [
            (catalogue.name_of(step["stepKey"], times["jobName"]), step)
            for step in times["stepStats"]
            if step["status"] in catalogue.TRIED
        ]
        return Reported(
            submitted=times["creationTime"],
            started=times["startTime"],
            ended=times["endTime"],
            tasks={
                name: (step["startTime"], step["endTime"]) for name, step in steps if step["startTime"] and step["endTime"]
            },
            attempts={name: len(step["attempts"]) for name, step in steps},
            cached=fresh,
        )

    def stop(self) -> None:
        self._to_undo.close()


class InProcessRuns(Multiprocess):
    """The same with the in-process executor: the run worker makes one step after another."""

    _process_per_step = False
