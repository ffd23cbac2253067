"""The registry: what is recorded of a run, who becomes champion, and what a second attempt leaves."""

from __future__ import annotations

import functools
import json
import os
import pickle
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
import skops.io

from churn import customers, models
from churn.customers import MEASURES
from churn.features import TrainingSet, training_set
from churn.models import Candidate
from churn.parameters import Training
from churn.problem import GateFailed, NoChampion, UnsafeModel
from churn.registry import Files, MLflow, Registry

PARAMETERS = Training(rows=400, n_estimators=10)


@pytest.fixture(scope="module")
def data() -> TrainingSet:
    return training_set(customers.generate(400, 7), 0.25, 7)


@pytest.fixture(params=["mlflow", "files"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Registry:
    return MLflow(f"sqlite:///{tmp_path}/mlflow.db") if request.param == "mlflow" else Files(tmp_path)


def record(registry: Registry, data: TrainingSet, kind: str = "logistic_regression", run: str = "run/1") -> Candidate:
    return registry.record(models.train(kind, data, PARAMETERS), kind, data, PARAMETERS, "plain", run)


@pytest.mark.parametrize("kind", models.KINDS)
def test_the_champion_predicts_what_was_trained(registry: Registry, data: TrainingSet, kind: str) -> None:
    """A model that went into the registry and came out by its alias predicts the same, to the last bit."""
    registry.register(record(registry, data, kind), "churn", "champion")
    table = customers.generate(50, 8, labelled=False)
    np.testing.assert_array_equal(
        models.churn_probability(models.train(kind, data, PARAMETERS), table),
        models.churn_probability(registry.champion("churn", "champion"), table),
    )


def test_the_alias_moves_to_the_latest_winner(registry: Registry, data: TrainingSet) -> None:
    """Inference gets the model that was registered last, under the same name and alias."""
    registry.register(record(registry, data, "random_forest", "a"), "churn", "champion")
    registry.register(record(registry, data, "logistic_regression", "b"), "churn", "champion")
    champion = registry.champion("churn", "champion")
    assert "StandardScaler" in str(champion.named_steps["estimator"])


def test_no_champion_is_said_plainly(registry: Registry) -> None:
    """Before any training there is no champion, and the message says what to do."""
    with pytest.raises(NoChampion, match="train one first"):
        registry.champion("churn", "champion")


def test_mlflow_holds_all_of_a_run(data: TrainingSet, tmp_path: Path) -> None:
    """MLflow's own client finds parameters, metrics, dataset, signature, model, version and alias."""
    registry = MLflow(f"sqlite:///{tmp_path}/mlflow.db")
    version = registry.register(record(registry, data), "churn", "champion")
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    (run,) = client.search_runs([client.get_experiment_by_name("churn").experiment_id])
    assert run.info.status == "FINISHED"
    assert {"orchestrator": "plain", "n_estimators": "10"}.items() <= run.data.params.items()
    assert run.data.metrics.keys() == {"accuracy", "precision", "recall", "f1", "roc_auc"}
    assert [each.dataset.name for each in run.inputs.dataset_inputs] == ["customers"]
    assert client.get_model_version_by_alias("churn", "champion").version == int(version)
    model = mlflow.pyfunc.load_model("models:/churn@champion")
    assert [each.name for each in model.metadata.signature.inputs] == list(MEASURES)
    table = customers.generate(5, 8)[list(MEASURES)]
    assert isinstance(model.predict(table.astype("float64")), np.ndarray | pd.DataFrame)
    assert str(tmp_path) in client.get_experiment_by_name("churn").artifact_location


def test_a_store_that_was_handed_on_has_no_say_in_where_models_go(data: TrainingSet, tmp_path: Path) -> None:
    """What it names lies in the folder that it was copied from, or anywhere."""
    elsewhere, registry = tmp_path / "elsewhere", MLflow(f"sqlite:///{tmp_path}/mlflow.db")
    record(registry, data)
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database, database:
        database.execute("update experiments set artifact_location = ?", [elsewhere.as_uri()])
    registry.register(record(registry, data, run="run/2"), "churn", "champion")
    assert not elsewhere.exists()
    assert registry.champion("churn", "champion")


def test_a_second_attempt_replaces_the_first(data: TrainingSet, tmp_path: Path) -> None:
    """Recorded twice for one pipeline run, a model has one MLflow run, one logged model and one version."""
    registry = MLflow(f"sqlite:///{tmp_path}/mlflow.db")
    record(registry, data)
    candidate = record(registry, data)
    registry.register(candidate, "churn", "champion")
    registry.register(candidate, "churn", "champion")
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.get_experiment_by_name("churn").experiment_id
    assert [run.info.run_id for run in client.search_runs([experiment])] == [candidate.run]
    assert len(client.search_logged_models([experiment])) == 1
    assert len(client.search_model_versions("name = 'churn'")) == 1


def broken_once(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let the first model that is read back fail."""
    load, errors = skops.io.load, [error]

    def broken(*arguments: object, **options: object) -> object:
        if errors:
            raise errors.pop()
        return load(*arguments, **options)

    monkeypatch.setattr(skops.io, "load", broken)


def test_python_s_race_in_reading_back_costs_no_attempt(
    data: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where two threads disturbed each other in `ast.literal_eval`, the model is logged again, and is there once."""
    broken_once(monkeypatch, SystemError("AST constructor recursion depth mismatch (before=21, after=15)"))
    registry = MLflow(f"sqlite:///{tmp_path}/mlflow.db")
    candidate = record(registry, data)
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.get_experiment_by_name("churn").experiment_id
    (model,) = client.search_logged_models([experiment])
    assert candidate.location == model.model_uri and str(model.status) == "READY"


def test_a_model_that_cannot_be_read_back_is_an_error(
    data: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any other error is the caller's."""
    broken_once(monkeypatch, ValueError("planted"))
    with pytest.raises(mlflow.MlflowException):
        record(MLflow(f"sqlite:///{tmp_path}/mlflow.db"), data)


def test_selection_does_not_depend_on_who_finished_first() -> None:
    """The best one wins; of equals always the same kind."""
    low, high, equal = (
        Candidate(kind, {"roc_auc": auc}, "")
        for kind, auc in (("random_forest", 0.7), ("logistic_regression", 0.8), ("gradient_boosting", 0.8))
    )
    assert models.select([low, high, equal]) == models.select([equal, high, low]) == equal


def test_the_gate_names_what_was_reached() -> None:
    """A candidate below the gate is refused with both numbers; one that reaches it passes."""
    candidate = Candidate("random_forest", {"roc_auc": 0.7}, "")
    assert models.gate(candidate, 0.7) is candidate
    with pytest.raises(GateFailed, match=r"0\.700, and 0\.710"):
        models.gate(candidate, 0.71)


# Models of others ------------------------------------------------------------------------------------------------------


class Evil:
    """Leaves a file when it is read, by pickle or by skops."""

    def __init__(self, canary: Path) -> None:
        self.canary = str(canary)

    def __reduce__(self) -> tuple[Any, ...]:
        return Path(self.canary).touch, ()

    def __getstate__(self) -> dict[str, str]:
        return {"canary": self.canary}

    def __setstate__(self, state: dict[str, str]) -> None:
        Path(state["canary"]).touch()

    def predict(self, table: object) -> object:
        return table


def alias(folder: Path, location: Path) -> Files:
    """Return a registry in which the champion is the file at the location."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "churn@champion.json").write_text(json.dumps(Candidate("random_forest", {}, str(location)).to_dict()))
    return Files(folder)


@pytest.mark.parametrize("name", ["old.pickle", "forged.skops"])
def test_a_pickle_is_not_read(tmp_path: Path, name: str) -> None:
    """A model that was kept as a pickle, or that only calls itself otherwise, is refused in one line, and runs no code."""
    registry, canary = alias(tmp_path, tmp_path / name), tmp_path / "canary"
    (tmp_path / name).write_bytes(pickle.dumps(Evil(canary)))
    with pytest.raises(UnsafeModel) as refusal:
        registry.champion("churn", "champion")
    assert not canary.exists()
    assert name in str(refusal.value) and len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize("way", ["outside", "up", "link"])
def test_a_location_lies_below_the_registry(data: TrainingSet, tmp_path: Path, way: str) -> None:
    """A sound model anywhere else is refused: who writes an alias does not choose what else is read."""
    outside, folder = tmp_path / "model.skops", tmp_path / "registry"
    skops.io.dump(models.train("logistic_regression", data, PARAMETERS), outside)
    folder.mkdir()
    (folder / "link").symlink_to(outside)
    location = {"outside": outside, "up": folder / ".." / "model.skops", "link": folder / "link"}[way]
    with pytest.raises(UnsafeModel):
        alias(folder, location).champion("churn", "champion")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"location": 7}', "\udc80"])
def test_an_alias_that_is_spoiled_is_one_line(tmp_path: Path, content: str) -> None:
    """What does not say where the model is, is refused."""
    (tmp_path / "churn@champion.json").write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(UnsafeModel):
        Files(tmp_path).champion("churn", "champion")


def forgeries(canary: Path) -> dict[str, object]:
    return {
        "a class of others": Evil(canary),
        "a function": os.system,
        "a call": functools.partial(os.system, f"touch {canary}"),
        "an object in an array": np.array([Evil(canary)], dtype=object),
        "no model": {"a": 1},
    }


@pytest.mark.parametrize("forgery", forgeries(Path()))
def test_only_types_of_ours_are_made_of_a_file(tmp_path: Path, forgery: str) -> None:
    """A file of skops that holds anything but a model of ours is refused, and nothing in it is made or called."""
    canary = tmp_path / "canary"
    skops.io.dump(forgeries(canary)[forgery], tmp_path / "model.skops")
    with pytest.raises(UnsafeModel):
        alias(tmp_path, tmp_path / "model.skops").champion("churn", "champion")
    assert not canary.exists()


def logged(tmp_path: Path, model: object, **options: Any) -> MLflow:
    """Return a registry of MLflow in which somebody else has made the model the champion."""
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    registry = MLflow(uri)
    mlflow.set_tracking_uri(uri)
    experiment = mlflow.create_experiment("others", (tmp_path / "artifacts").as_uri())
    with mlflow.start_run(experiment_id=experiment):
        mlflow.sklearn.log_model(
            sk_model=model, name="model", registered_model_name="churn", pip_requirements=["x"], **options
        )
    mlflow.MlflowClient(uri).set_registered_model_alias("churn", "champion", "1")
    return registry


@pytest.mark.parametrize("kept", ["cloudpickle", "pickle"])
def test_a_pickle_of_mlflow_is_not_read(tmp_path: Path, kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pickle under the alias is refused in one line, whatever MLflow itself would allow."""
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")
    canary = tmp_path / "canary"
    registry = logged(tmp_path, Evil(canary), serialization_format=kept)
    canary.unlink(missing_ok=True)
    with pytest.raises(UnsafeModel) as refusal:
        registry.champion("churn", "champion")
    assert not canary.exists()
    assert len(str(refusal.value).splitlines()) == 1


def test_a_model_does_not_say_what_is_trusted(tmp_path: Path) -> None:
    """MLflow keeps a list of trusted types beside the model; ours counts."""
    canary = tmp_path / "canary"
    registry = logged(tmp_path, Evil(canary), serialization_format="skops", skops_trusted_types=[f"{Evil.__module__}.Evil"])
    canary.unlink()  # MLflow has read the model back
    with pytest.raises(UnsafeModel):
        registry.champion("churn", "champion")
    assert not canary.exists()


def test_code_that_comes_with_a_model_is_not_imported(data: TrainingSet, tmp_path: Path) -> None:
    """A sound model is loaded without the modules that were logged beside it."""
    (tmp_path / "beside.py").write_text("")
    model, path = models.train("logistic_regression", data, PARAMETERS), list(sys.path)
    trusted = {"serialization_format": "skops", "skops_trusted_types": ["churn.features.Features"]}
    registry = logged(tmp_path, model, code_paths=[str(tmp_path / "beside.py")], **trusted)
    sys.path[:] = path
    assert registry.champion("churn", "champion").named_steps.keys() == {"features", "estimator"}
    assert sys.path == path


def test_mlflow_is_told_no_secret(data: TrainingSet, tmp_path: Path) -> None:
    """Of a signed URL the parameters of the run have what is public; the webhook is not among them."""
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    secret = Training(n_estimators=10, data="https://host/x.csv?X-Amz-Signature=SECRET", webhook="https://host/SECRET")
    model = models.train("logistic_regression", data, secret)
    MLflow(uri).record(model, "logistic_regression", data, secret, "plain", "a")
    client = mlflow.MlflowClient(uri)
    (run,) = client.search_runs([client.get_experiment_by_name("churn").experiment_id])
    assert run.data.params["data"] == "https://host/x.csv"
    assert b"SECRET" not in (tmp_path / "mlflow.db").read_bytes()


@pytest.fixture
def empty_server() -> Iterator[str]:
    """Return the address of a tracking server that knows no model."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no"}).encode()
            self.send_response(404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_password_of_a_tracking_server_is_not_shown(empty_server: str) -> None:
    """Where no champion is found, the line names the server and not the login."""
    with pytest.raises(NoChampion) as refusal:
        MLflow(f"http://user:SECRET@{empty_server}").champion("churn", "champion")
    assert empty_server in str(refusal.value)
    assert "SECRET" not in str(refusal.value)
