"""Preparation: from wherever the customers are to customers that can be used. Both pipelines begin with it."""

from __future__ import annotations

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import TaskGroup

from churn_airflow.pipelines import callables


def prepare(*, labelled: bool) -> tuple[PythonOperator, PythonOperator]:
    """Add the tasks to the DAG that is being defined, as a group, and return them."""
    with TaskGroup("preparation", prefix_group_id=False):
        load = PythonOperator(
            task_id="load",
            python_callable=callables.load,
            op_kwargs={"labelled": labelled},
            **callables.RETRIED,
        )
        validate = PythonOperator(
            task_id="validate",
            python_callable=callables.validate,
            op_kwargs={"customers": load.output, "labelled": labelled},
        )
    return load, validate
