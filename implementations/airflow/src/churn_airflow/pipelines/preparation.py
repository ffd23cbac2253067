"""Preparation: from wherever the customers are to customers that can be used. Both pipelines begin with it.

A callable imports what takes long to import: Airflow executes a DAG file every 30 seconds, and again in the process of every
task.
"""

# ruff: noqa: AIR001 - a task cannot have the name of its function, which is the same in all four implementations
from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule, TaskGroup
from airflow.sdk.types import RuntimeTaskInstanceProtocol

from churn.problem import BadData, BadParameters
from churn_airflow.pipelines import frames, parameters
from contract.steps import step


def prepare(*, labelled: bool) -> tuple[PythonOperator, PythonOperator]:
    """Add the tasks to the DAG that is being defined, as a group, and return them."""
    with TaskGroup("preparation", prefix_group_id=False):
        load_task = PythonOperator(
            task_id="load",
            python_callable=load,
            op_kwargs={"labelled": labelled},
            retries=3,
            retry_delay=timedelta(seconds=1),
            retry_exponential_backoff=2,
            retry_policy=ExceptionRetryPolicy([RetryRule([BadData, BadParameters], RetryAction.FAIL)]),
        )
        validate_task = PythonOperator(
            task_id="validate",
            python_callable=validate,
            op_kwargs={"customers": load_task.output, "labelled": labelled},
        )
        load_task >> validate_task
    return load_task, validate_task


def load(labelled: bool, params: dict[str, Any], ti: RuntimeTaskInstanceProtocol) -> str:
    """Read the customers, or make them up; return the file with them."""
    from churn import customers

    given = parameters.training(params) if labelled else parameters.inference(params)
    with step("load"):
        table = customers.load(given.data, given.rows, given.seed, labelled=labelled)
    return frames.write(table, frames.folder(ti) / "loaded.parquet")


def validate(customers: str, labelled: bool, params: dict[str, Any], ti: RuntimeTaskInstanceProtocol) -> str:
    """Refuse customers that a model cannot use."""
    from churn import customers as core

    table = frames.read(customers)
    with step("validate"):
        usable = core.validate(table, params["data"] or "", labelled=labelled)
    return frames.write(usable, frames.folder(ti) / "customers.parquet")
