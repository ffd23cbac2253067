"""Training: load -> validate -> features -> three models at once -> select -> gate -> register -> cleanup."""

# ruff: noqa: AIR001 - a task cannot have the name of its function, which is the same in all four implementations
from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG
from airflow.sdk.types import RuntimeTaskInstanceProtocol

from churn import home
from churn.parameters import KINDS
from churn_airflow.pipelines import frames, parameters
from churn_airflow.pipelines.notifications import notify_failure
from churn_airflow.pipelines.preparation import prepare
from contract.steps import step


def features(customers: str, params: dict[str, Any]) -> str:
    """Return the folder of the features, which are computed only if something that they depend on has changed.

    Airflow has no cache, so this one is written by hand: a folder named after all that matters. Nobody deletes old folders.
    """
    from churn.features import fingerprint, training_set

    given = parameters.training(params)
    table = frames.read(customers)
    cached = home.folder("airflow-cache") / fingerprint(table, given.held_out, given.seed)
    if not (cached / "table.parquet").exists():
        with step("features"):
            data = training_set(table, given.held_out, given.seed)
        frames.write_training_set(data, cached)
    return str(cached)


def train_model(kind: str, features: str, params: dict[str, Any], ti: RuntimeTaskInstanceProtocol) -> dict[str, Any]:
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


def register(winner: dict[str, Any], params: dict[str, Any]) -> str:
    """Make the winner the model that inference finds by its alias."""
    from churn.models import Candidate
    from churn.registry import open_registry

    given = parameters.training(params)
    with step("register"):
        return open_registry(given).register(Candidate(**winner), given.model, given.alias)


with DAG(
    "churn_training",
    description="Trains three models, and registers the best one if it is good enough",
    schedule="0 3 * * *",
    params=parameters.TRAINING,
    default_args={"on_failure_callback": notify_failure},
) as dag:
    load_task, validate_task = prepare(labelled=True)
    features_task = PythonOperator(
        task_id="features",
        python_callable=features,
        op_kwargs={"customers": validate_task.output},
    )
    train_tasks = [
        PythonOperator(
            task_id=f"train_{kind}",
            python_callable=train_model,
            op_kwargs={"kind": kind, "features": features_task.output},
            retries=2,
            retry_delay=timedelta(seconds=1),
        )
        for kind in KINDS
    ]
    select_task = PythonOperator(
        task_id="select",
        python_callable=select,
        op_kwargs={"candidates": [task.output for task in train_tasks]},
    )
    gate_task = PythonOperator(
        task_id="gate",
        python_callable=gate,
        op_kwargs={"best": select_task.output},
    )
    register_task = PythonOperator(
        task_id="register",
        python_callable=register,
        op_kwargs={"winner": gate_task.output},
    )
    cleanup_task = PythonOperator(task_id="cleanup", python_callable=frames.remove)

    load_task >> validate_task >> features_task >> train_tasks >> select_task >> gate_task >> register_task
    # A teardown also runs after a failure, once all tasks after its setups are over, and does not decide how the run ends.
    # With the trigger rule all_done alone, it would run while models are trained, and turn a failed run into a success.
    register_task >> cleanup_task.as_teardown(setups=[load_task, validate_task])
