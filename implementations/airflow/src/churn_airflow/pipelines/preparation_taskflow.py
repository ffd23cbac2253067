"""Preparation in TaskFlow style; both pipelines begin with it."""

from __future__ import annotations

from airflow.sdk import XComArg, task, task_group

from churn_airflow.pipelines import callables

load = task(callables.load, **callables.RETRIED)
validate = task(callables.validate)


@task_group(group_id="preparation", prefix_group_id=False)
def prepare(labelled: bool) -> tuple[XComArg, XComArg]:
    """Add the tasks to the DAG that is being defined, and return what they will return."""
    loaded = load(labelled)
    return loaded, validate(loaded, labelled)
