"""Inference in TaskFlow style: see `training_taskflow.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import Asset, ObjectStoragePath, dag, task
from airflow.sdk.types import TaskInstance

from churn_airflow.pipelines import assets, frames, parameters
from churn_airflow.pipelines.notifications import notify_failure
from churn_airflow.pipelines.preparation_taskflow import prepare
from contract.steps import step


@task
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


@task
def save(predictions: ObjectStoragePath, params: dict[str, Any], triggering_asset_events: Mapping[Asset, Any]) -> str:
    """Write the predictions."""
    from churn import scoring

    given = parameters.inference(assets.told(triggering_asset_events, params))
    table = frames.read(predictions)
    with step("save"):
        return str(scoring.save(table, given.output))


@task
def cleanup(ti: TaskInstance) -> None:
    """Delete the frames of the run."""
    frames.remove(ti)


@dag(
    schedule=[assets.CHAMPION],
    max_active_runs=1,  # a run writes the file of predictions
    params=parameters.INFERENCE,
    default_args={"on_failure_callback": notify_failure},
)
def churn_inference_taskflow() -> None:
    """Scores customers with the champion."""
    loaded, customers = prepare(labelled=False)
    predictions = score(customers)
    save(predictions) >> cleanup().as_teardown(setups=[loaded, customers, predictions])


inference_dag = churn_inference_taskflow()
