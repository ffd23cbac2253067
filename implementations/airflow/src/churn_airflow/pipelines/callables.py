"""What the operators of both pipelines call, in the order of the tasks.

A callable imports what takes long to import: Airflow executes a DAG file every 30 seconds, and again in the process of every
task.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import Asset, ObjectStoragePath
from airflow.sdk.types import TaskInstance

from churn_airflow.pipelines import assets, frames, kept, parameters
from contract.steps import step


def load(labelled: bool, params: dict[str, Any], ti: TaskInstance) -> ObjectStoragePath:
    """Read the customers, or make them up; return the file with them."""
    from churn import customers

    given = parameters.training(params) if labelled else parameters.inference(params)
    with step("load"):
        table = customers.load(given.data, given.rows, given.seed, labelled=labelled)
    return frames.write(table, frames.folder(ti) / "loaded.parquet")


def validate(customers: ObjectStoragePath, labelled: bool, params: dict[str, Any], ti: TaskInstance) -> ObjectStoragePath:
    """Refuse customers that a model cannot use."""
    from churn import customers as core

    table = frames.read(customers)
    with step("validate"):
        usable = core.validate(table, params["data"] or "", labelled=labelled)
    return frames.write(usable, frames.folder(ti) / "customers.parquet")


def features(customers: ObjectStoragePath, params: dict[str, Any]) -> ObjectStoragePath:
    """Return the folder of the features."""
    return kept.training_set(frames.read(customers), parameters.training(params))


def train_model(kind: str, features: ObjectStoragePath, params: dict[str, Any], ti: TaskInstance) -> dict[str, Any]:
    """Train one kind of model, evaluate it, and record both."""
    from churn import models
    from churn.registry import open_registry

    given = parameters.training(params)
    data = frames.read_training_set(features)
    with step(f"train_{kind}"):
        model = models.train(kind, data, given)
        candidate = open_registry(given).record(model, kind, data, given, "airflow", frames.run_of(ti))
    return candidate.to_dict()


def select(candidates: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the best of them."""
    from churn import models

    with step("select"):
        best = models.select([models.Candidate(**each) for each in candidates])
    return best.to_dict()


def gate(best: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """Refuse a model that is not good enough."""
    from churn import models

    with step("gate"):
        winner = models.gate(models.Candidate(**best), params["min_roc_auc"])
    return winner.to_dict()


def register(winner: dict[str, Any], params: dict[str, Any], outlet_events: Mapping[Asset, Any]) -> str:
    """Make the winner the model that inference finds by its alias."""
    from churn.models import Candidate
    from churn.registry import open_registry

    given = parameters.training(params)
    with step("register"):
        version = open_registry(given).register(Candidate(**winner), given.model, given.alias)
    assets.tell(outlet_events, params, version)
    return version


def score(
    customers: ObjectStoragePath,
    params: dict[str, Any],
    ti: TaskInstance,
    triggering_asset_events: Mapping[Asset, Any],
) -> ObjectStoragePath:
    """Predict who churns; return the file of predictions that `save` reads."""
    from churn import scoring
    from churn.registry import open_registry

    given = parameters.inference(assets.told(triggering_asset_events, params))
    table = frames.read(customers)
    with step("score"):
        champion = open_registry(given).champion(given.model, given.alias)
        predictions = scoring.score(champion, table)
    return frames.write(predictions, frames.folder(ti) / "predictions.parquet")


def save(predictions: ObjectStoragePath, params: dict[str, Any], triggering_asset_events: Mapping[Asset, Any]) -> str:
    """Write the predictions."""
    from churn import scoring

    given = parameters.inference(assets.told(triggering_asset_events, params))
    table = frames.read(predictions)
    with step("save"):
        return str(scoring.save(table, given.output))
