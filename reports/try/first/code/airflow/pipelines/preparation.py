"""Preparation: from wherever the customers are to customers that can be used. Both pipelines begin with it."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule, TaskGroup

from churn.problem import BadData, BadParameters
from churn_airflow.pipelines import callables


def prepare(*, labelled: bool) -> tuple[PythonOperator, PythonOperator]:
    """Add the tasks to the DAG that is being defined, as a group, and return them."""
    with TaskGroup("preparation", prefix_group_id=False):
        load = PythonOperator(
            task_id="load",
            python_callable=callables.load,
            op_kwargs={"labelled": labelled},
            retries=3,  # the source may recover; bad data stay bad
            retry_delay=timedelta(seconds=1),
            retry_exponential_backoff=2,
            retry_policy=ExceptionRetryPolicy([RetryRule([BadData, BadParameters], RetryAction.FAIL)]),
        )
        validate = PythonOperator(
            task_id="validate",
            python_callable=callables.validate,
            op_kwargs={"customers": load.output, "labelled": labelled},
        )
    return load, validate
