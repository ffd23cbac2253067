"""The churn pipelines, run by Airflow itself with `dag.test()`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from airflow.sdk import DAG, ObjectStoragePath
from airflow.sdk.exceptions import ParamValidationError
from airflow.sdk.types import TaskInstance

from churn import customers, features, models, scoring, source
from churn.parameters import LIMITS, Inference, Training
from churn.patterns import Cached, Passing
from churn.problem import BadData, BadParameters, GateFailed, NoChampion
from churn_airflow import __main__ as pipelines
from churn_airflow.pipelines import (
    assets,
    caching,
    frames,
    inference,
    inference_taskflow,
    parameters,
    passing,
    training,
    training_taskflow,
)
from contract.pipeline import STEPS
from contract_testing import webhook

SMALL: dict[str, Any] = {"rows": 400, "n_estimators": 5, "min_roc_auc": 0.5, "tracking": "files"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty churn home, which is where the pipelines of the test write."""
    monkeypatch.setenv("CHURN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path / "home"


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m churn_airflow` to its end."""
    argv = [sys.executable, "-m", "churn_airflow", *arguments]
    return subprocess.run(argv, check=False, capture_output=True, text=True, timeout=120)


def registered(home: Path) -> list[Path]:
    """Return what the registry of files has under an alias."""
    return list(home.glob("registry/*@*.json"))


def steps(dag: DAG) -> dict[str, set[str]]:
    """Return the parents of each task but the cleanup."""
    return {task.task_id: set(task.upstream_task_ids) for task in dag.tasks if task.task_id != "cleanup"}


@pytest.mark.parametrize(
    ("pipeline", "dag"),
    [
        ("train", training.dag),
        ("train", training_taskflow.training_dag),
        ("infer", inference.dag),
        ("infer", inference_taskflow.inference_dag),
        ("cached", caching.dag),
        ("passing", passing.dag),
        ("passing", passing.file_dag),
    ],
    ids=lambda each: getattr(each, "dag_id", ""),
)
def test_a_pipeline_has_the_steps_and_edges_that_all_implementations_have(pipeline: str, dag: DAG) -> None:
    """Each task waits for the tasks that its step waits for, in either style of writing a DAG."""
    assert {name: set(after) for name, after in STEPS[pipeline].items()} == steps(dag)


def test_each_pipeline_is_deployed_once_by_the_file_that_it_is_written_in() -> None:
    """Airflow takes every DAG that is made while it reads a file, and shows that file as the source of the DAG."""
    folder = str(Path(inference.__file__).parent)
    code = (
        "from pathlib import Path; from airflow.dag_processing.dagbag import DagBag; "
        f"print(*(f'{{name}}={{Path(dag.fileloc).stem}}' for name, dag in DagBag({folder!r}).dags.items()))"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    expected = {f"churn_{name}={name}" for each in ("training", "inference") for name in (each, f"{each}_taskflow")}
    assert sorted(found.stdout.splitlines()[-1].split()) == sorted(expected)


@pytest.mark.parametrize("dag", [training.dag, training_taskflow.training_dag], ids=lambda dag: dag.dag_id)
def test_a_training_renews_what_its_inference_waits_for(dag: DAG) -> None:
    """The asset that the last step makes is the one by which Airflow starts the inference; each runs once at a time."""
    inferences = {training.dag: inference.dag, training_taskflow.training_dag: inference_taskflow.inference_dag}
    assert inferences[dag].schedule == dag.get_task("register").outlets
    assert [task.task_id for task in dag.tasks if task.outlets] == ["register"]
    assert (dag.max_active_runs, inferences[dag].max_active_runs) == (1, 1)


def test_a_task_hands_over_one_value_in_either_style() -> None:
    """A dict that a task returns is not taken apart; nobody would read the parts."""
    dags = (training_taskflow.training_dag, inference_taskflow.inference_dag, training.dag, inference.dag)
    assert [task.task_id for dag in dags for task in dag.tasks if getattr(task, "multiple_outputs", False)] == []


def event(hour: int, **extra: Any) -> SimpleNamespace:
    """Return what a task sees of an event of an asset."""
    return SimpleNamespace(timestamp=datetime(2026, 1, 1, hour, tzinfo=UTC), extra=extra)


def test_an_inference_scores_with_the_champion_of_the_training_that_started_it() -> None:
    """The latest event says where the champion is; one that somebody makes by hand may say other things, or nothing."""
    given = parameters.training({"model": "other", "alias": "trial", "tracking": "files"})
    told = event(9)
    assets.tell({assets.CHAMPION: told}, asdict(given), "3")
    params = asdict(Inference())
    expected = params | {"model": "other", "alias": "trial", "tracking": "files"}
    for events in permutations([event(7, model="oldest"), event(8, model="older"), told]):
        assert assets.told({assets.CHAMPION: events}, params) == expected
    assert assets.told({assets.CHAMPION: [event(9, from_rest_api=True)]}, params) == params
    assert assets.told({}, params) == params


def test_parameters_have_the_names_and_defaults_of_the_core() -> None:
    """What Airflow's form offers is what the command line offers."""
    assert asdict(Training()) == {name: param.value for name, param in parameters.TRAINING.items()}
    assert asdict(Inference()) == {name: param.value for name, param in parameters.INFERENCE.items()}
    assert asdict(Cached()) == caching.dag.params.dump()
    assert asdict(Passing()) == passing.dag.params.dump() == passing.file_dag.params.dump()


@pytest.mark.parametrize("name", [*LIMITS, "tracking", "model", "tags"])
def test_a_parameter_that_makes_no_sense_is_refused_by_its_schema(name: str) -> None:
    """Airflow's own validation finds it, before a run exists."""
    wrong = {"tracking": "stone", "model": "", "tags": {"key": 1}}
    bounds = LIMITS.get(name)
    for value in (bounds[0] - 1, bounds[1] + 1, "many", None) if bounds else (wrong[name], None):
        with pytest.raises(ParamValidationError):
            parameters.TRAINING[name].__copy__().resolve(value)


def test_an_emptied_field_of_the_form_means_the_default_and_an_unknown_name_is_refused() -> None:
    """The form sends null for an empty field; Airflow passes on names that no Param declares."""
    assert Training(rows=60) == parameters.training({"rows": 60, "data": None})
    with pytest.raises(BadParameters, match="there is no parameter n_trees"):
        parameters.training({"n_trees": 5})


def test_both_pipelines_predict_what_the_core_predicts_to_the_last_bit(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m churn_airflow train` and `infer` set up all that they need, leave no frames, and one run for each model."""
    for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
        monkeypatch.delenv(name)
    given = Training(rows=400, n_estimators=5, min_roc_auc=0.5)
    options = ["--rows=400", "--n-estimators=5", "--min-roc-auc=0.5"]
    trained = command("train", *options)
    assert (trained.returncode, trained.stdout) == (0, "1\n"), trained.stderr
    inferred = command("infer", "--rows=300", "--seed=8")
    assert (inferred.returncode, inferred.stdout) == (0, f"{home / 'predictions' / 'churn.csv'}\n"), inferred.stderr

    data = features.training_set(customers.validate(customers.generate(400, 7), ""), given.held_out, given.seed)
    trained_models = [models.train(kind, data, given) for kind in models.KINDS]
    candidates = [
        models.Candidate(kind, models.evaluate(model, data), "")
        for kind, model in zip(models.KINDS, trained_models, strict=True)
    ]
    champion = trained_models[candidates.index(models.select(candidates))]
    scored = scoring.score(champion, customers.validate(customers.generate(300, 8, labelled=False), "", labelled=False))
    expected = scoring.save(scored, home / "expected.csv")
    assert expected.read_bytes() == (home / "predictions" / "churn.csv").read_bytes()

    assert not list(home.glob("frames/*"))
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{home / 'mlflow' / 'mlflow.db'}")
    runs = mlflow.search_runs(search_all_experiments=True, output_format="list")
    assert sorted(models.KINDS) == sorted(run.data.params["kind"] for run in runs)
    assert {"airflow"} == {run.data.params["orchestrator"] for run in runs}


def test_broken_data_ends_the_command_with_one_line_and_registers_nothing(home: Path, tmp_path: Path) -> None:
    """Exit code 2, and the problems named; also where a column is half text, which a Parquet file cannot hold."""
    table = customers.generate(60, 1).astype({"age": "object"})
    table.loc[3, "age"] = "old"
    table.to_csv(tmp_path / "broken.csv", index=False)
    ended = command("train", f"--data={tmp_path / 'broken.csv'}", "--tracking=files")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1)
    assert "age: 1 value is not a number, the first is row 4 (old)" in ended.stderr
    assert not registered(home)
    assert not list(home.glob("frames/*"))


def test_a_source_that_fails_twice_is_survived(home: Path) -> None:
    """The load task is tried again, and the data are those that the source has served in the end."""
    content = customers.generate(400, 7).to_csv(index=False).encode()
    with source.serving(content, ["500", "truncated"]) as url:
        pipelines.train(Training(**SMALL | {"data": url}))
    assert len(registered(home)) == 1


def test_frames_go_where_one_setting_says(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In another storage than the churn home, the kept features stay, and the frames of the run do not."""
    monkeypatch.setenv("CHURN_STORAGE", f"file://{tmp_path}/storage")
    pipelines.train(Training(**SMALL))
    assert [path.name for path in home.iterdir()] == ["registry"]
    kept = [path for path in (tmp_path / "storage").rglob("*") if path.is_file()]
    assert sorted(path.name for path in kept) == ["features.pickle", "table.parquet", "whole"]


@pytest.mark.parametrize(
    ("train", "infer"),
    [(training.dag, inference.dag), (training_taskflow.training_dag, inference_taskflow.inference_dag)],
    ids=["operators", "taskflow"],
)
def test_a_cleared_task_clears_those_whose_frames_are_gone(train: DAG, infer: DAG, monkeypatch: pytest.MonkeyPatch) -> None:
    """The setups of the cleanup are the tasks that use the folder that it deletes."""
    users: defaultdict[str, set[str]] = defaultdict(set)
    folder = frames.folder

    def watched(ti: TaskInstance) -> ObjectStoragePath:
        users[ti.dag_id].add(ti.task_id)
        return folder(ti)

    monkeypatch.setattr(frames, "folder", watched)
    pipelines.run(train, Training(**SMALL), "register")
    pipelines.run(infer, Inference(rows=50, tracking="files"), "save")
    for dag in (train, infer):
        setups = {task.task_id for task in dag.tasks if task.is_setup}
        assert users[dag.dag_id] == setups | {"cleanup"}


def test_bad_data_are_not_loaded_again(tmp_path: Path) -> None:
    """A file that is not there will not be there in a second either."""
    with pytest.raises(BadData, match="cannot be read"):
        pipelines.train(Training(**SMALL | {"data": str(tmp_path / "missing.csv")}))


@pytest.mark.parametrize("dag", [training.dag, training_taskflow.training_dag], ids=lambda dag: dag.dag_id)
def test_the_gate_keeps_a_bad_model_out_and_the_failure_is_posted(dag: DAG, home: Path) -> None:
    """The run fails although its last task, the cleanup, succeeds; one message, in Slack's format."""
    with webhook() as (url, posted), pytest.raises(GateFailed) as refusal:
        pipelines.run(dag, Training(**SMALL | {"min_roc_auc": 1.0, "webhook": url}), "register")
    assert not registered(home)
    assert [{"text": f"{dag.dag_id} failed on Airflow: {refusal.value}"}] == posted
    assert not list(home.glob("frames/*"))


def test_a_failure_is_posted_in_discords_format_too() -> None:
    """There is nothing to score with before anything has been trained."""
    with webhook("/discord") as (url, posted), pytest.raises(NoChampion):
        pipelines.infer(Inference(rows=50, tracking="files", webhook=url))
    assert [list(message) for message in posted] == [["content"]]


def test_features_are_computed_again_only_when_their_inputs_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other models on the same customers take the features from the cache; another split does not."""
    computed: list[float] = []
    compute = features.training_set

    def counted(table: pd.DataFrame, held_out: float, seed: int) -> features.TrainingSet:
        computed.append(held_out)
        return compute(table, held_out, seed)

    monkeypatch.setattr(features, "training_set", counted)
    for change in ({}, {"n_estimators": 6}, {"held_out": 0.4}):
        pipelines.train(Training(**SMALL | change))
    assert computed == [0.25, 0.4]
