"""The service tier: what each deployment is set to, and a process for each run of a job."""

from __future__ import annotations

import os
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from conftest import SMALL

from churn_dagster.adapter import settings
from churn_dagster.adapter.location import Location
from churn_dagster.adapter.service import InProcessRuns
from contract.adapter import Reported, Setup, State
from contract.events import Trial
from contract.workload import Node, Workload
from contract_testing import events_of, webhook

PROJECT = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text())
SERVICES = [
    pytest.param(each, profile, id=f"{each['name']}-{profile}")
    for each in PROJECT["tool"]["orchbench"]["deployments"]
    if each["tier"] == "service"
    for profile in each.get("profiles", ["stock"])
]

NOTICED_S = 90
"""The longest until a failure is told: the sensor is asked every 30 s, and may find the run still going on."""


@pytest.mark.parametrize(("deployment", "profile"), SERVICES)
def test_dagster_takes_the_settings(tmp_path: Path, deployment: dict[str, Any], profile: str) -> None:
    """The queue is there and looked at as often as is said, and the executor and the logs are those of the deployment."""
    name = deployment["name"]
    changed = settings.changed(Setup("service", name, profile, 2, tmp_path))
    settings.write_instance(tmp_path, changed)
    location = Location(tmp_path)
    location.prepare(changed)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        queue: Any = instance.run_coordinator
        assert type(queue).__name__ == "QueuedRunCoordinator"
        assert queue.dequeue_interval_seconds == deployment["polls_every_s"][profile]
        assert (type(instance.compute_log_manager).__name__ == "NoOpComputeLogManager") == (name == "multiprocess_no_logs")
    for of_pipelines in (False, True):
        executor = dg.multi_or_in_process_executor.configured(location.executor(of_pipelines=of_pipelines))
        job = dg.Definitions([one], jobs=[dg.define_asset_job("job")], executor=executor).resolve_job_def("job")
        assert dg.validate_run_config(job)


@dg.asset
def one() -> None:
    """Do nothing."""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessRuns]:
    """Servers whose runs make one step after another."""
    home = tmp_path_factory.mktemp("servers")
    engine = InProcessRuns()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHURN_HOME", str(home / "churn"))
        try:
            engine.start(Setup("service", "in_process_runs", "tuned", 2, home))
            engine.deploy_pipelines(["train", "passing"])
            yield engine
        finally:
            engine.stop()


def see_through(engine: InProcessRuns, pipeline: str, parameters: dict[str, Any]) -> tuple[State, Reported]:
    """Run a pipeline, and return how it ended and what Dagster says of it."""
    run = engine.submit_pipeline(pipeline, parameters, Trial("run", ""))
    return engine.wait(run, lambda: True, 120), engine.reported(run)


def test_a_run_is_a_process_and_its_steps_are_not(servers: InProcessRuns, tmp_path: Path) -> None:
    """Tasks that could run at once run one after another, all in the process of their run; another run has another one."""
    servers.deploy([Workload("wide", tuple(Node(f"n{i}", "sleep", (), {"seconds": 0.2}) for i in range(3)))])
    pids = []
    for name in ("first", "second"):
        events = tmp_path / name
        events.mkdir()
        run = servers.submit("wide", Trial(name, str(events)))
        assert servers.wait(run, lambda: True, 120) is State.SUCCEEDED
        seen = events_of(events)
        assert [event["kind"] for event in seen] == ["started", "finished"] * 3
        [pid] = {event["pid"] for event in seen}
        pids.append(pid)
    assert len({*pids, os.getpid()}) == 3


def test_a_value_stays_in_the_process_of_its_run(servers: InProcessRuns) -> None:
    """Steps that share a process can pass what is in memory."""
    state, reported = see_through(servers, "passing", {"size": 100_000, "way": "value"})
    assert (state, reported.attempts) == (State.SUCCEEDED, {"make": 1, "take": 1})


def test_a_value_out_of_its_limits_is_not_tried_again(servers: InProcessRuns) -> None:
    """The resource is made before the first step, and the run fails without a step."""
    state, reported = see_through(servers, "train", {**SMALL, "n_estimators": 0})
    assert (state, reported.attempts) == (State.FAILED, {})


def test_the_daemon_tells_of_each_failed_run_once(servers: InProcessRuns) -> None:
    """The sensor posts one message for a run that was refused, and one for a run without a step."""
    with webhook("/services/hook") as (url, posted):
        see_through(servers, "train", {**SMALL, "min_roc_auc": 1.0, "webhook": url})
        see_through(servers, "train", {**SMALL, "max_depth": 0, "webhook": url})
        deadline = time.monotonic() + NOTICED_S
        while len(posted) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
    assert all("train failed on Dagster" in message["text"] for message in posted)
    assert ["1.000 is asked for" in message["text"] for message in posted] == [True, False]
