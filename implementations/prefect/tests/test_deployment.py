"""The deployment of both pipelines, started as a user starts it, beside a real server with all its services."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from churn_prefect.adapter.library import FlowCall

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

TRAIN, INFER = "train/daily", "infer/with_each_champion"

LIMIT_S = 120


@pytest.fixture
def client(engine: FlowCall, monkeypatch: pytest.MonkeyPatch) -> Iterator[SyncPrefectClient]:
    """Serve both pipelines, and return what asks the server; afterwards nobody serves them, and no trigger is left."""
    from prefect.exceptions import ObjectNotFound

    server = engine._engine  # noqa: SLF001

    def polled(name: str) -> bool:
        try:
            return server.client.read_deployment_by_name(name).last_polled is not None
        except ObjectNotFound:
            return False

    monkeypatch.setenv("PREFECT_RUNNER_POLL_FREQUENCY", "1")
    server.start("deployment", module="churn_prefect.pipelines.deployment")
    try:
        server.servers.wait_until(lambda: polled(TRAIN) and polled(INFER), "the deployment")
        yield server.client
    finally:
        server.servers.kill("deployment")
    for deployment in map(server.client.read_deployment_by_name, (TRAIN, INFER)):
        server.client.delete_resource_owned_automations(f"prefect.deployment.{deployment.id}")
        server.client.delete_deployment(deployment.id)


def test_an_inference_follows_each_new_champion(client: SyncPrefectClient, home: Path) -> None:
    """It scores with that champion. A training that is refused starts none, and an inference starts no other one."""
    assert trained(client, model="refused", min_roc_auc=1.0) == "Failed"
    assert trained(client, model="first") == "Completed"
    inferences(client, 1)
    assert trained(client, model="second") == "Completed"
    told = [(run.state_name, run.parameters) for run in inferences(client, 2)]
    champions = [{"model": model, "alias": "champion", "tracking": "files"} for model in ("first", "second")]
    assert told == [("Completed", {"parameters": champion}) for champion in champions]
    assert sorted(file.name for file in (home / "predictions").iterdir()) == ["first.csv", "second.csv"]


def test_a_restart_keeps_the_schedule(engine: FlowCall, client: SyncPrefectClient) -> None:
    """The training is due every night, also once whoever served it has been stopped."""
    serving = engine._engine.servers.running["deployment"]  # noqa: SLF001
    serving.terminate()
    serving.wait(LIMIT_S)
    deployment = client.read_deployment_by_name(TRAIN)
    assert (deployment.paused, [schedule.active for schedule in deployment.schedules]) == (False, [True])


def trained(client: SyncPrefectClient, **parameters: Any) -> str:
    """Run a small training, and return how it ended."""
    small = {"rows": 400, "n_estimators": 10, "tracking": "files", **parameters}
    deployment = client.read_deployment_by_name(TRAIN).id
    run = client.create_flow_run_from_deployment(deployment, parameters={"parameters": small})
    deadline = time.monotonic() + LIMIT_S
    while not (state := client.read_flow_run(run.id).state) or not state.is_final():
        assert time.monotonic() < deadline, "the training does not end"
        time.sleep(0.2)
    return str(state.name)


def inferences(client: SyncPrefectClient, least: int) -> list[FlowRun]:
    """Return all runs of the inference in the order of their creation, once so many have ended."""
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId

    of_inference = DeploymentFilter(id=DeploymentFilterId(any_=[client.read_deployment_by_name(INFER).id]))
    deadline = time.monotonic() + LIMIT_S
    while True:
        runs = client.read_flow_runs(deployment_filter=of_inference)
        if sum(run.state is not None and run.state.is_final() for run in runs) >= least:
            return sorted(runs, key=lambda run: run.created)
        assert time.monotonic() < deadline, "no inference follows"
        time.sleep(0.2)
