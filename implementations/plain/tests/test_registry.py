"""The registry: what is recorded of a run, who becomes champion, and what a second attempt leaves."""

from __future__ import annotations

from pathlib import Path

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
from churn.problem import GateFailed, NoChampion
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
