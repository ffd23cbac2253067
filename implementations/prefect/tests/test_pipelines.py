"""The churn pipelines: as `python -m churn_prefect`, and as flows that are called against a real API server."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import re
import subprocess
import sys
import threading
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from conftest import run, watched
from pydantic import ValidationError

from churn import customers, features, models, scoring, source
from churn.parameters import LIMITS, Inference, Training
from churn_prefect.adapter.library import FlowCall
from churn_prefect.pipelines.parameters import CommonParameters, InferenceParameters, TrainingParameters
from contract.adapter import State
from contract.events import Trial
from contract.pipeline import STEPS
from contract.tree import command as command_of
from contract.tree import descendants
from contract_testing import webhook

JSON = {"Content-Type": "application/json"}

SMALL = {"rows": 400, "n_estimators": 10, "tracking": "files"}
"""Quick to train on; the models are what they are."""


def on(_engine: FlowCall) -> dict[str, str]:
    """Return the variables by which a user names a server of their own: the engine has put them in place."""
    return {key: value for key, value in os.environ.items() if key.startswith("PREFECT_")}


def command(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m churn_prefect` from some folder; where the environment names no server, Prefect starts its own."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "ORCHBENCH_"))}
    argv = [sys.executable, "-m", "churn_prefect", *map(str, arguments)]
    return subprocess.run(
        argv, env=clean | environment, cwd="/tmp", check=False, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize(("core", "ours"), [(Training, TrainingParameters), (Inference, InferenceParameters)])
def test_the_parameters_are_those_of_the_core(core: type, ours: type[CommonParameters]) -> None:
    """Prefect's parameters have the core's names, defaults and limits, in the core's order."""
    assert list(ours.model_fields) == [each.name for each in dataclasses.fields(core)]
    assert ours().to_core() == core()
    properties = ours.model_json_schema()["properties"]
    for name in properties.keys() & LIMITS.keys():
        assert (properties[name]["minimum"], properties[name]["maximum"]) == LIMITS[name]


@pytest.mark.parametrize(
    ("name", "beyond"), [(name, end + by) for name, ends in LIMITS.items() for end, by in zip(ends, (-1, 1), strict=True)]
)
def test_nothing_is_accepted_beyond_the_limits(name: str, beyond: float) -> None:
    """One more than the most, and one less than the least, is no value of a parameter."""
    kind = TrainingParameters if name in TrainingParameters.model_fields else InferenceParameters
    with pytest.raises(ValidationError, match=name):
        kind(**{name: beyond})


@pytest.mark.parametrize("wrong", [{"n_estimators": "many"}, {"held_out": 0.9}, {"trees": 5}], ids=str)
def test_a_call_with_wrong_parameters_is_a_run_that_fails(
    engine: FlowCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]
) -> None:
    """No step begins, Prefect has recorded a run without tasks, and the webhook hears which parameter it was."""
    events = watched(tmp_path / "wrong", monkeypatch)
    with webhook("/services/hook") as (url, posted):
        submitted = engine.submit_pipeline("train", {**wrong, "webhook": url}, Trial("wrong", ""))
        assert engine.wait(submitted, lambda: False, 60) is State.FAILED
    assert events() == []
    reported = engine.reported(submitted)
    assert reported.submitted is not None and reported.attempts == {}
    [message] = posted
    assert f"parameters.{next(iter(wrong))}" in message["text"]


def test_an_api_refuses_wrong_parameters_before_there_is_a_run(engine: FlowCall) -> None:
    """A server answers 409 to a submission with a value out of its limits or a name that nobody knows."""
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectHTTPStatusError

    deployment = engine._pipelines["train"].to_deployment("refusing")  # noqa: SLF001
    with get_client(sync_client=True) as client:
        for wrong in ({"held_out": 0.9}, {"trees": 5}):
            with pytest.raises(PrefectHTTPStatusError) as refusal:
                client.create_flow_run_from_deployment(deployment.apply(), parameters={"parameters": wrong})
            assert refusal.value.response.status_code == HTTPStatus.CONFLICT


@pytest.mark.usefixtures("engine")  # Prefect may only be imported once the engine has set its environment
def test_the_scheduler_knows_when_a_nightly_run_is_due() -> None:
    """The server's own look for the next runs of a cron finds them; with an older `whenever` it fails."""
    from prefect.server.schemas.schedules import CronSchedule

    start = datetime(2026, 11, 26, 12, tzinfo=UTC)
    dates = asyncio.run(CronSchedule(cron="0 3 * * *").get_dates(2, start=start))
    assert [date.timestamp() - start.timestamp() for date in dates] == [15 * 3600, 39 * 3600]


def test_the_command_predicts_what_the_core_does(engine: FlowCall, home: Path) -> None:
    """Training without a server and inference with one, each a command, give the core's own predictions to the last bit."""
    trained = command("train", "--rows=400", "--n-estimators=10", "--experiment=test")
    assert (trained.returncode, trained.stdout.strip()) == (0, "1"), trained.stderr
    scored = command("infer", "--rows=400", **on(engine))
    assert scored.returncode == 0, scored.stderr

    chosen = Training(rows=400, n_estimators=10)
    table = customers.validate(customers.load("", 400, chosen.seed), "")
    data = features.training_set(table, chosen.held_out, chosen.seed)
    trained_here = {kind: models.train(kind, data, chosen) for kind in models.KINDS}
    best = models.select([models.Candidate(kind, models.evaluate(each, data), "") for kind, each in trained_here.items()])
    new = customers.validate(customers.load("", 400, chosen.seed, labelled=False), "", labelled=False)
    expected = scoring.save(scoring.score(trained_here[best.kind], new), home / "expected.csv")
    assert Path(scored.stdout.strip()).read_bytes() == expected.read_bytes()


def test_broken_data_ends_the_command_with_one_line(engine: FlowCall, home: Path, tmp_path: Path) -> None:
    """Exit code 2, one line that says what is wrong, and nothing registered."""
    broken = tmp_path / "broken.csv"
    customers.generate(100, 1).assign(age=-1).drop(columns="frequency").to_csv(broken, index=False)
    ended = command("train", "--tracking=files", f"--data={broken}", **on(engine))
    assert (ended.returncode, ended.stdout) == (2, "")
    wrong_age = "age: 100 values are impossible (age is from 0 to 130), the first is row 1 (-1)"
    assert ended.stderr == f"prefect: {broken}: column frequency is missing; {wrong_age}\n"
    assert list(home.rglob("*@*")) == []


def test_nobody_else_drives_the_temporary_server(home: Path) -> None:
    """While a command runs, the server that Prefect has started for it refuses whoever does not know the password."""
    refused: list[int] = []

    class Source(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ports = {found[1] for pid in descendants() if (found := re.search(r"--port (8\d{3})\b", command_of(pid)))}
            for port in ports:  # Prefect takes one of the 8000s, the engine of the other tests takes a higher one
                with pytest.raises(HTTPError) as refusal:
                    urlopen(Request(f"http://127.0.0.1:{port}/api/flow_runs/filter", b"{}", JSON))
                refused.append(refusal.value.code)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(customers.generate(400, 1).to_csv(index=False).encode())

    with HTTPServer(("127.0.0.1", 0), Source) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        ended = command("train", "--n-estimators=10", "--tracking=files", f"--data={url}", CHURN_HOME=str(home))
        server.shutdown()
    assert (ended.returncode, refused) == (0, [401]), ended


def test_a_source_that_fails_twice_is_survived(engine: FlowCall) -> None:
    """A 500 and a truncated answer cost retries, and no more."""
    content = customers.generate(400, 1).to_csv(index=False).encode()
    with source.serving(content, ["500", "truncated"]) as url:
        assert run(engine, "train", {**SMALL, "data": url}) is State.SUCCEEDED


def test_a_file_that_is_not_there_is_not_asked_for_again(
    engine: FlowCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad data would only come again, so that it fails the run at its first attempt."""
    events = watched(tmp_path, monkeypatch)
    assert run(engine, "train", {**SMALL, "data": "/nowhere.csv"}, "nowhere") is State.FAILED
    assert [(event["kind"], event["node"]) for event in events()] == [("started", "load"), ("failed", "load")]


@pytest.mark.parametrize(("path", "key"), [("/services/hook", "text"), ("/api/webhooks/1/discord", "content")])
def test_a_refused_model_is_not_registered_and_somebody_hears_of_it(
    engine: FlowCall, home: Path, path: str, key: str
) -> None:
    """The gate fails the run, and the webhook gets one message in Slack's or in Discord's format."""
    with webhook(path) as (url, posted):
        assert run(engine, "train", {**SMALL, "min_roc_auc": 1.0, "webhook": url}) is State.FAILED
    [message] = posted
    assert list(message) == [key]
    assert "train failed on Prefect" in message[key]
    assert "1.000 is asked for" in message[key]
    assert list(home.rglob("*@*")) == []


@pytest.mark.parametrize("least", [0.0, 1.0])
def test_the_gate_shows_what_it_decides_by(engine: FlowCall, least: float) -> None:
    """The run has an artifact with the best model's metric and what is asked for, whether the model passes or not."""
    from prefect.artifacts import Artifact

    asked = f"asked for {least:.3f}"
    assert run(engine, "train", {**SMALL, "min_roc_auc": least}) is (State.FAILED if least else State.SUCCEEDED)
    artifact = Artifact.get("gate")
    assert artifact is not None and "roc_auc" in str(artifact.data) and asked in str(artifact.data)


def test_the_preparation_is_a_part_of_the_flow(engine: FlowCall) -> None:
    """Its tasks are recorded in the run of the flow that calls it, and there is no other flow run."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowFilter, FlowFilterName

    submitted = engine.submit_pipeline("train", SMALL, Trial("prepared", ""))
    assert engine.wait(submitted, lambda: False, 60) is State.SUCCEEDED
    assert {"load", "validate"} <= engine.reported(submitted).attempts.keys()
    with get_client(sync_client=True) as client:
        assert client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=["prepare"]))) == []


def test_unchanged_features_are_not_made_again(engine: FlowCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run skips the step even if other parameters changed, and a run with another split does not."""
    ran: list[list[str]] = []
    for number, changed in enumerate(({}, {"n_estimators": 12}, {"held_out": 0.3})):
        events = watched(tmp_path / str(number), monkeypatch)
        assert run(engine, "train", {**SMALL, "seed": 11, **changed}, f"cache-{number}") is State.SUCCEEDED
        ran.append(sorted(event["node"] for event in events() if event["kind"] == "finished"))
    every = sorted(STEPS["train"])
    assert ran == [every, sorted(set(every) - {"features"}), every]


def test_a_retried_task_leaves_one_mlflow_run(
    engine: FlowCall, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that is trained twice, because its task failed after its work was done, is recorded once."""
    from mlflow import MlflowClient

    events = watched(tmp_path, monkeypatch, train_random_forest=1)
    assert run(engine, "train", {**SMALL, "tracking": "mlflow"}, "retried") is State.SUCCEEDED
    assert "failed" in {event["kind"] for event in events()}
    client = MlflowClient(f"sqlite:///{home}/mlflow/mlflow.db")
    [experiment] = [each for each in client.search_experiments() if each.name == "churn"]
    recorded = client.search_runs([experiment.experiment_id])
    assert sorted(each.data.tags["model"] for each in recorded) == sorted(models.KINDS)
    assert {each.data.params["orchestrator"] for each in recorded} == {"prefect"}


def test_a_missing_champion_is_named(engine: FlowCall) -> None:
    """Inference before any training fails, and says what to do."""
    with webhook("/services/hook") as (url, posted):
        assert run(engine, "infer", {"rows": 50, "tracking": "files", "webhook": url}) is State.FAILED
    assert "train one first" in posted[0]["text"]
