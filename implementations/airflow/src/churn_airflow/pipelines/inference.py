"""Inference: the same preparation as in training -> score with the champion -> save -> cleanup."""

# ruff: noqa: AIR001 - a task cannot have the name of its function, which is the same in all four implementations
from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG
from airflow.sdk.types import RuntimeTaskInstanceProtocol

from churn_airflow.pipelines import frames, parameters
from churn_airflow.pipelines.notifications import notify_failure
from churn_airflow.pipelines.preparation import prepare
from contract.steps import step


def score(customers: str, params: dict[str, Any], ti: RuntimeTaskInstanceProtocol) -> str:
    """Predict who churns; return the file of predictions that `save` reads."""
    from churn import scoring
    from churn.registry import open_registry

    given = parameters.inference(params)
    table = frames.read(customers)
    with step("score"):
        champion = open_registry(given).champion(given.model, given.alias)
        predictions = scoring.score(champion, table)
    return frames.write(predictions, frames.folder(ti) / "predictions.parquet")


def save(predictions: str, params: dict[str, Any]) -> str:
    """Write the predictions."""
    from churn import scoring

    given = parameters.inference(params)
    table = frames.read(predictions)
    with step("save"):
        return str(scoring.save(table, given.output))


with DAG(
    "churn_inference",
    description="Scores customers with the champion",
    schedule="0 4 * * *",
    params=parameters.INFERENCE,
    default_args={"on_failure_callback": notify_failure},
) as dag:
    load_task, validate_task = prepare(labelled=False)
    score_task = PythonOperator(
        task_id="score",
        python_callable=score,
        op_kwargs={"customers": validate_task.output},
    )
    save_task = PythonOperator(
        task_id="save",
        python_callable=save,
        op_kwargs={"predictions": score_task.output},
    )
    cleanup_task = PythonOperator(task_id="cleanup", python_callable=frames.remove)

    load_task >> validate_task >> score_task >> save_task
    save_task >> cleanup_task.as_teardown(setups=[load_task, validate_task])
