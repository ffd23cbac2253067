"""The training as one task: what you get by wrapping an existing script, and what you give up."""

# ruff: noqa: AIR001 - a task cannot have the name of its function, which is the same in all four implementations
from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG
from airflow.sdk.types import TaskInstance

from churn_airflow.pipelines import frames, parameters
from churn_airflow.pipelines.notifications import notify_failure
from contract.steps import step


def train(params: dict[str, Any], ti: TaskInstance) -> str:
    """Run the script; a retry runs all of it again."""
    from churn import script

    return script.train(parameters.training(params), "airflow", frames.run_of(ti), step)


with DAG(
    "churn_whole",
    description="Trains three models in one task",
    schedule=None,
    max_active_runs=1,  # a run moves the alias
    params=parameters.TRAINING,
    default_args={"on_failure_callback": notify_failure},
) as dag:
    train_task = PythonOperator(
        task_id="train",
        python_callable=train,
        retries=2,
        retry_delay=timedelta(seconds=1),
    )
