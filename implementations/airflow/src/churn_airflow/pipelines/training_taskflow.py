"""Training in TaskFlow style: a call hands over the value and makes the edge.

A task that returns a dict would make an XCom of each key too. Nobody reads them, so `multiple_outputs` is off.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, ObjectStoragePath, dag, task
from airflow.sdk.types import TaskInstance

from churn.parameters import KINDS
from churn_airflow.pipelines import assets, frames, kept, parameters
from churn_airflow.pipelines.notifications import notify_failure
from churn_airflow.pipelines.preparation_taskflow import prepare
from contract.steps import step


@task
def features(customers: ObjectStoragePath, params: dict[str, Any]) -> ObjectStoragePath:
    """Return the folder of the features."""
    return kept.training_set(frames.read(customers), parameters.training(params))


@task(retries=2, retry_delay=timedelta(seconds=1), multiple_outputs=False)
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


@task(multiple_outputs=False)
def select(candidates: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the best of them."""
    from churn import models

    with step("select"):
        best = models.select([models.Candidate(**each) for each in candidates])
    return best.to_dict()


@task(multiple_outputs=False)
def gate(best: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """Refuse a model that is not good enough."""
    from churn import models

    with step("gate"):
        winner = models.gate(models.Candidate(**best), params["min_roc_auc"])
    return winner.to_dict()


@task(outlets=[assets.CHAMPION])
def register(winner: dict[str, Any], params: dict[str, Any], outlet_events: Mapping[Asset, Any]) -> str:
    """Make the winner the model that inference finds by its alias."""
    from churn.models import Candidate
    from churn.registry import open_registry

    given = parameters.training(params)
    with step("register"):
        version = open_registry(given).register(Candidate(**winner), given.model, given.alias)
    assets.tell(outlet_events, params, version)
    return version


@task
def cleanup(ti: TaskInstance) -> None:
    """Delete the frames of the run."""
    frames.remove(ti)


@dag(
    schedule="0 3 * * *",
    max_active_runs=1,  # a run moves the alias
    params=parameters.TRAINING,
    default_args={"on_failure_callback": notify_failure},
)
def churn_training_taskflow() -> None:
    """Trains three models, and registers the best one if it is good enough."""
    loaded, customers = prepare(labelled=True)
    computed = features(customers)
    candidates = [train_model.override(task_id=f"train_{kind}")(kind, computed) for kind in KINDS]
    version = register(gate(select(candidates)))
    # The one edge along which no value goes.
    version >> cleanup().as_teardown(setups=[loaded, customers])


training_dag = churn_training_taskflow()
