"""The churn pipelines: as `python -m churn_dagster`, and as jobs that are executed with a real instance."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from conftest import SMALL, Perform
from dagster._utils.tags import TagConcurrencyLimitsCounter

from churn import customers, features, models, scoring, source
from churn.parameters import LIMITS, Inference, Training
from churn_dagster.__main__ import use_home
from churn_dagster.adapter import catalogue
from churn_dagster.adapter.library import InProcess
from churn_dagster.pipelines import inference, whole
from churn_dagster.pipelines.deployment import defs
from churn_dagster.pipelines.notifications import notify_failure
from churn_dagster.pipelines.parameters import CommonParameters, InferenceParameters, TrainingParameters, run_config
from contract import steps
from contract.adapter import State
from contract.events import Trial
from contract.pipeline import ONE_TASK, STEPS
from contract_testing import events_of, webhook


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a churn home of its own."""
    monkeypatch.setenv("CHURN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path / "home"


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `python -m churn_dagster` as a user would, who has set nothing up, from some folder."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("DAGSTER_", "ORCHBENCH_"))}
    argv = [sys.executable, "-m", "churn_dagster", *map(str, arguments)]
    return subprocess.run(argv, env=clean, cwd="/tmp", check=False, capture_output=True, text=True, timeout=120)


def run(engine: InProcess, pipeline: str, parameters: dict[str, Any]) -> State:
    """Run a pipeline through the adapter, and wait for its end."""
    return engine.wait(engine.submit_pipeline(pipeline, parameters, Trial("run", "")), lambda: False, 60)


@pytest.mark.parametrize(("core", "ours"), [(Training, TrainingParameters), (Inference, InferenceParameters)])
def test_the_parameters_are_those_of_the_core(core: type, ours: type[CommonParameters]) -> None:
    """Dagster's parameters have the core's names, defaults and limits, in the core's order."""
    assert list(ours.model_fields) == [each.name for each in dataclasses.fields(core)]
    assert ours().create_resource(dg.build_init_resource_context()) == core()
    properties = ours.model_json_schema()["properties"]
    for name in properties.keys() & LIMITS.keys():
        assert (properties[name]["minimum"], properties[name]["maximum"]) == LIMITS[name]


@pytest.mark.parametrize(
    "wrong",
    [
        *({name: beyond} for name, (low, high) in LIMITS.items() for beyond in (low - 1, high + 1)),
        {"n_estimator": 5},
        {"tracking": "x"},
    ],
    ids=str,
)
def test_dagster_refuses_wrong_parameters(engine: InProcess, perform: Perform, wrong: dict[str, Any]) -> None:
    """With a value out of its limits or an unknown name the run fails, and no step begins."""
    run = perform(engine, "train", wrong)
    assert (run.state, run.started) == (State.FAILED, {})


@pytest.mark.parametrize("wrong", [{"n_estimators": 0}, {"n_estimator": 5}], ids=str)
def test_a_wrong_run_config_makes_nothing(wrong: dict[str, Any]) -> None:
    """Run config from the launchpad or from `dagster job execute` is refused too, before any asset is made."""
    config = {"resources": {"training": {"config": wrong}}}
    with dg.DagsterInstance.ephemeral() as instance:
        with pytest.raises(dg.DagsterError, match=r"n_estimator|training"):
            defs.resolve_job_def("train").execute_in_process(config, instance)
        assert instance.get_latest_materialization_event(dg.AssetKey("raw_customers")) is None


@pytest.mark.parametrize("pipeline", [name for name in STEPS if name not in ONE_TASK])
def test_the_steps_are_those_of_the_contract(tmp_path: Path, pipeline: str) -> None:
    """Each step of the contract is one of Dagster's, in each job of the pipeline."""
    definitions = catalogue.definitions(pipeline, catalogue.write_caching(tmp_path, {}))
    for name in catalogue.jobs_of(pipeline):
        job = definitions.resolve_job_def(name)
        assert {catalogue.name_of(node.name, job.name) for node in job.nodes} == STEPS[pipeline].keys()


def test_the_command_predicts_what_the_core_does(home: Path) -> None:
    """Training and inference, each a command, give the core's own predictions to the last bit."""
    trained = command("train", "--rows=400", "--n-estimators=10", "--experiment=test")
    assert (trained.returncode, trained.stdout.strip()) == (0, "1"), trained.stderr
    scored = command("infer", "--rows=400")
    assert scored.returncode == 0, scored.stderr

    chosen = Training(rows=400, n_estimators=10)
    table = customers.validate(customers.load("", 400, chosen.seed), "")
    data = features.training_set(table, chosen.held_out, chosen.seed)
    trained_here = {kind: models.train(kind, data, chosen) for kind in models.KINDS}
    best = models.select([models.Candidate(kind, models.evaluate(each, data), "") for kind, each in trained_here.items()])
    new = customers.validate(customers.load("", 400, chosen.seed, labelled=False), "", labelled=False)
    expected = scoring.save(scoring.score(trained_here[best.kind], new), home / "expected.csv")
    assert Path(scored.stdout.strip()).read_bytes() == expected.read_bytes()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"PAR1" + b"\x00\xff" * 40, "it is neither CSV nor Parquet"),
        (customers.generate(100, 1).drop(columns="frequency").to_csv(index=False).encode(), "column frequency is missing"),
    ],
    ids=["unreadable", "incomplete"],
)
def test_broken_data_ends_the_command_with_one_line(home: Path, tmp_path: Path, content: bytes, problem: str) -> None:
    """Exit code 2, one line that says what is wrong, no second attempt, and nothing registered."""
    broken = tmp_path / "broken.csv"
    broken.write_bytes(content)
    ended = command("train", "--tracking=files", f"--data={broken}")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"dagster: {broken}: {problem}")
    assert ended.stderr.count("\n") == 1
    assert list(home.rglob("*@*")) == []


def test_a_refused_model_ends_the_command_with_one_line() -> None:
    """Exit code 1, and one line with the reason."""
    ended = command("train", "--tracking=files", "--rows=400", "--n-estimators=10", "--min-roc-auc=1.0")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("dagster: nothing was registered: the best model, ")
    assert ended.stderr.count("\n") == 1


def test_a_source_that_fails_twice_is_survived(engine: InProcess) -> None:
    """A 500 and a truncated answer cost retries, and no more."""
    content = customers.generate(400, 1).to_csv(index=False).encode()
    with source.serving(content, ["500", "truncated"]) as url:
        assert run(engine, "train", {**SMALL, "data": url}) is State.SUCCEEDED


def test_bad_data_is_not_tried_again(engine: InProcess, tmp_path: Path) -> None:
    """A file that cannot be read fails the run at once, and not after seven seconds of retries."""
    began = time.monotonic()
    assert run(engine, "train", {**SMALL, "data": str(tmp_path / "missing.csv")}) is State.FAILED
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(("path", "key"), [("/services/hook", "text"), ("/api/webhooks/1/discord", "content")])
def test_a_refused_model_is_not_registered_and_somebody_hears_of_it(
    engine: InProcess, home: Path, path: str, key: str
) -> None:
    """The gate fails the run, and the webhook gets one message in Slack's or in Discord's format."""
    with webhook(path) as (url, posted):
        assert run(engine, "train", {**SMALL, "min_roc_auc": 1.0, "webhook": url}) is State.FAILED
    [message] = posted
    assert list(message) == [key]
    assert "train failed on Dagster" in message[key]
    assert "1.000 is asked for" in message[key]
    assert list(home.rglob("*@*")) == []


def test_two_failures_of_a_run_are_one_message(engine: InProcess, perform: Perform) -> None:
    """What does not depend on a failed model runs on; the message has the words of both failures."""
    with webhook("/services/hook") as (url, posted):
        faults = {"train_random_forest": 9, "train_gradient_boosting": 9}
        failed = perform(engine, "train", {**SMALL, "webhook": url}, faults)
    assert (failed.state, failed.started["train_logistic_regression"]) == (State.FAILED, 1)
    [message] = posted
    assert "train_random_forest" in message["text"] and "train_gradient_boosting" in message["text"]


def test_a_webhook_may_be_the_name_of_a_variable(
    engine: InProcess, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that is given as Dagster's documentation says is looked up when it is needed, and kept nowhere."""
    with webhook("/services/known-to-a-variable") as (url, posted):
        monkeypatch.setenv("KEPT_IN_HOOK", url)
        assert run(engine, "train", {**SMALL, "min_roc_auc": 1.0, "webhook": {"env": "KEPT_IN_HOOK"}}) is State.FAILED
    assert ["1.000 is asked for" in message["text"] for message in posted] == [True]
    kept = [file.read_bytes() for file in tmp_path_factory.getbasetemp().rglob("*") if file.is_file()]
    assert [any(word in content for content in kept) for word in (b"KEPT_IN_HOOK", b"known-to-a-variable")] == [True, False]


def test_a_run_without_a_step_is_told_too(engine: InProcess) -> None:
    """A parameter that the resource refuses fails the run before any step."""
    with webhook("/services/hook") as (url, posted):
        assert run(engine, "train", {**SMALL, "n_estimators": 0, "webhook": url}) is State.FAILED
    assert ["train failed on Dagster" in message["text"] for message in posted] == [True]


def test_another_parameter_makes_another_version_of_the_data() -> None:
    """Features of the same customers with another `held_out` are not taken for those that were there."""
    job = defs.resolve_job_def("train")
    versions = set()
    with dg.DagsterInstance.ephemeral() as instance:
        for held_out, assets in ((0.25, ["raw_customers", "customers", "features"]), (0.4, ["features"])):
            config = run_config("train", **SMALL, held_out=held_out)
            done = job.execute_in_process(config, instance, asset_selection=[dg.AssetKey(asset) for asset in assets])
            [made] = done.asset_materializations_for_node("features")
            versions.add((made.tags or {})["dagster/data_version"])
    assert len(versions) == 2


def test_every_step_is_logged_once_and_a_retried_one_leaves_one_mlflow_run(
    engine: InProcess, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that is trained twice, because its step failed after its work was done, is recorded once."""
    from mlflow import MlflowClient

    current = tmp_path / "current.json"
    monkeypatch.setenv(steps.VARIABLE, str(current))
    steps.announce(current, Trial("retried", str(tmp_path)), {"train_random_forest": 1})
    reported = engine.submit_pipeline("train", {**SMALL, "tracking": "mlflow"}, Trial("retried", ""))
    assert engine.wait(reported, lambda: False, 60) is State.SUCCEEDED
    assert engine.reported(reported).tasks.keys() == STEPS["train"].keys()
    events = events_of(tmp_path)
    assert sorted(each["node"] for each in events if each["kind"] == "finished") == sorted(STEPS["train"])
    assert [each["node"] for each in events if each["kind"] == "failed"] == ["train_random_forest"]
    client = MlflowClient(f"sqlite:///{home}/mlflow/mlflow.db")
    [experiment] = [each for each in client.search_experiments() if each.name == "churn"]
    recorded = client.search_runs([experiment.experiment_id])
    assert sorted(each.data.tags["model"] for each in recorded) == sorted(models.KINDS)
    assert {each.data.params["orchestrator"] for each in recorded} == {"dagster"}


@pytest.mark.parametrize("of_a_job", [True, False], ids=["job", "asset graph"])
def test_the_sensor_tells_of_every_failed_run(tmp_path: Path, *, of_a_job: bool) -> None:
    """The next look after a failure posts the reason, also where assets were launched from the asset graph."""
    cursor = None
    job = defs.resolve_job_def("train") if of_a_job else defs.resolve_implicit_global_asset_job_def()
    with webhook("/services/hook") as (url, posted), dg.DagsterInstance.ephemeral() as instance:
        for fails in (False, True, False):
            if fails:
                config = run_config("train", data=str(tmp_path / "missing.csv"), webhook=url)
                job.execute_in_process(
                    config, instance, raise_on_error=False, asset_selection=[dg.AssetKey("raw_customers")]
                )
            cursor = notify_failure.evaluate_tick(dg.build_sensor_context(instance, cursor)).cursor
    assert ["missing.csv" in message["text"] for message in posted] == [True]


def test_a_new_champion_asks_for_one_inference() -> None:
    """The sensor asks for nothing before there is a champion, and once however many there are, if somebody turned it on."""
    sensor = inference.infer_with_new_champion
    champion = dg.AssetKey("champion")
    asked, cursor = [], None
    with dg.DagsterInstance.ephemeral() as instance:
        for made in (0, 1, 0, 2):
            for _ in range(made):
                instance.report_runless_asset_event(dg.AssetMaterialization(champion))
            tick = sensor.evaluate_tick(dg.build_sensor_context(instance, cursor, definitions=defs))
            cursor = tick.cursor
            asked.append([request.job_name or sensor.job_name for request in tick.run_requests or []])
    assert asked == [[], ["infer"], [], ["infer"]]
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED


def test_the_inference_looks_where_the_training_left_its_champion() -> None:
    """The run that the sensor asks for scores with the model of a training that did not have the defaults."""
    with dg.DagsterInstance.ephemeral() as instance:
        trained = run_config("train", **SMALL, model="other", alias="best")
        assert defs.resolve_job_def("train").execute_in_process(trained, instance).success
        tick = inference.infer_with_new_champion.evaluate_tick(dg.build_sensor_context(instance, definitions=defs))
        [request] = tick.run_requests or []
        scored = defs.resolve_job_def("infer").execute_in_process(request.run_config, instance)
    [written] = scored.asset_materializations_for_node("predictions_file")
    assert Path(str(written.metadata["path"].value)).name == "other.csv"


def test_the_verdict_of_the_gate_has_the_numbers() -> None:
    """Whether the model passes or not, its score stands beside what is asked for."""
    for least in (0.5, 1.0):
        with dg.DagsterInstance.ephemeral() as instance:
            config = run_config("train", **SMALL, min_roc_auc=least)
            done = defs.resolve_job_def("train").execute_in_process(config, instance, raise_on_error=False)
        [verdict] = done.get_asset_check_evaluations()
        numbers = {name: each.value for name, each in verdict.metadata.items()}
        assert numbers == {"roc_auc": done.output_for_node("best_model").metrics["roc_auc"], "min_roc_auc": least}
        assert verdict.passed is (least == 0.5)


def test_the_queue_of_a_new_home_starts_one_run_of_each_pipeline(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dagster accepts the settings; while a training goes on, another one waits and an inference does not."""
    monkeypatch.delenv("DAGSTER_HOME")
    use_home()
    assert os.environ["DAGSTER_HOME"] == str(home / "dagster")
    with dg.DagsterInstance.get() as instance:
        queue = instance.get_concurrency_config().run_queue_config
        jobs = [defs.resolve_job_def(name) for name in ("train", "train", "infer")]
        going_on, *waiting = [instance.create_run_for_job(job, tags=job.run_tags) for job in jobs]
    assert queue
    limits = TagConcurrencyLimitsCounter(queue.tag_concurrency_limits, [going_on])
    assert [limits.is_blocked(each) for each in waiting] == [True, False]


@pytest.mark.parametrize("definitions", [defs, whole.defs], ids=["deployment", "whole"])
def test_the_definitions_can_be_loaded(definitions: dg.Definitions) -> None:
    """Jobs, sensors and schedules find what they are about."""
    dg.Definitions.validate_loadable(definitions)


def test_a_missing_champion_is_named(engine: InProcess) -> None:
    """Inference before any training fails, and says what to do."""
    with webhook("/services/hook") as (url, posted):
        assert run(engine, "infer", {"rows": 50, "tracking": "files", "webhook": url}) is State.FAILED
    assert "train one first" in posted[0]["text"]
