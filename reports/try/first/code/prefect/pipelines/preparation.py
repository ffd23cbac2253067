"""Preparation: from wherever the customers are to customers that can be used. Both pipelines begin with it."""

from __future__ import annotations

from typing import Any

import pandas as pd
from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff

from churn import customers
from churn.problem import BadData
from contract.steps import step


def prepare(data: str, rows: int, seed: int, *, labelled: bool) -> pd.DataFrame:
    """Load the customers and validate them, each as a task of the flow that calls this."""
    return validate(load(data, rows, seed, labelled=labelled), data, labelled=labelled)


def may_go_away(_task: Task[..., Any], _task_run: TaskRun, state: State[Any]) -> bool:
    """Tell whether it makes sense to try again: bad data would only come again."""
    return not isinstance(state.result(raise_on_failure=False), BadData)


@task(retries=3, retry_delay_seconds=exponential_backoff(backoff_factor=1), retry_condition_fn=may_go_away)
@step("load")
def load(data: str, rows: int, seed: int, *, labelled: bool) -> pd.DataFrame:
    """Read the customers, or make them up."""
    return customers.load(data, rows, seed, labelled=labelled)


# By default Prefect hashes the arguments of every task, here a whole table, for a cache that holds for one run only.
@task(cache_policy=NO_CACHE)
@step("validate")
def validate(table: pd.DataFrame, data: str, *, labelled: bool) -> pd.DataFrame:
    """Refuse customers that a model cannot use."""
    return customers.validate(table, data, labelled=labelled)
