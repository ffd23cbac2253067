"""Preparation in TaskFlow style; both pipelines begin with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, ObjectStoragePath, RetryAction, RetryRule, XComArg, task, task_group
from airflow.sdk.types import TaskInstance

from churn.problem import BadData, BadParameters
from churn_airflow.pipelines import frames, parameters
from contract.steps import step


@task(
    retries=3,  # the source may recover; bad data stay bad
    retry_delay=timedelta(seconds=1),
    retry_exponential_backoff=2,
    retry_policy=ExceptionRetryPolicy([RetryRule([BadData, BadParameters], RetryAction.FAIL)]),
)
def load(labelled: bool, params: dict[str, Any], ti: TaskInstance) -> ObjectStoragePath:
    """Read the customers, or make them up; return the file with them."""
    from churn import customers

    given = parameters.training(params) if labelled else parameters.inference(params)
    with step("load"):
        table = customers.load(given.data, given.rows, given.seed, labelled=labelled)
    return frames.write(table, frames.folder(ti) / "loaded.parquet")


@task
def validate(customers: ObjectStoragePath, labelled: bool, params: dict[str, Any], ti: TaskInstance) -> ObjectStoragePath:
    """Refuse customers that a model cannot use."""
    from churn import customers as core

    table = frames.read(customers)
    with step("validate"):
        usable = core.validate(table, params["data"] or "", labelled=labelled)
    return frames.write(usable, frames.folder(ti) / "customers.parquet")


@task_group(group_id="preparation", prefix_group_id=False)
def prepare(labelled: bool) -> tuple[XComArg, XComArg]:
    """Add the tasks to the DAG that is being defined, and return what they will return."""
    loaded = load(labelled)
    return loaded, validate(loaded, labelled)
