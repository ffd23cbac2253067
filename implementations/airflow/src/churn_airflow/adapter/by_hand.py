"""Small graphs by hand: a chain, tasks that wait for nothing, a pipeline that calls another one, and tasks that fail.

They are in TaskFlow style, which Airflow's documentation recommends. `@task` makes a PythonOperator, as `shapes` does.
"""

# ruff: noqa: D103 - names say what the tasks do, and all tools have the same
from __future__ import annotations

from datetime import timedelta

from airflow.sdk import (
    Context,
    ExceptionRetryPolicy,
    RetryAction,
    RetryDecision,
    RetryPolicy,
    RetryRule,
    XComArg,
    dag,
    task,
    task_group,
)

from contract.body import FinalFault
from contract.by_hand import work


@task
def extract() -> str:
    return work("extract")


@task
def transform(rows: str) -> str:
    return work("transform", rows)


@task
def load(rows: str) -> str:
    return work("load", rows)


@dag(schedule=None)
def chain() -> None:
    load(transform(extract()))


chain_dag = chain()


@task
def customers() -> str:
    return work("customers")


@task
def orders() -> str:
    return work("orders")


@task
def products() -> str:
    return work("products")


@dag(schedule=None)
def independent() -> None:
    customers()
    orders()
    products()


independent_dag = independent()


@task
def fetch() -> str:
    return work("fetch")


@task
def clean(rows: str) -> str:
    return work("clean", rows)


@task_group
def preparation() -> XComArg:
    return clean(fetch())


@task
def train(rows: str) -> str:
    return work("train", rows)


@dag(schedule=None)
def training() -> None:
    train(preparation())


training_dag = training()


class Delays(RetryPolicy):
    """Another delay before each retry. Airflow knows one for a task or an exception, or a backoff; none for each try."""

    def __init__(self, *delays_s: float) -> None:
        self.delays_s = delays_s

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        """Return the delay of this try. A task that somebody clears goes on counting, and keeps the last delay."""
        return RetryDecision.retry(timedelta(seconds=self.delays_s[min(try_number, len(self.delays_s)) - 1]))


@task(retries=3, retry_delay=timedelta(seconds=0.5))
def download() -> str:
    return work("download")


@task(retries=3, retry_policy=Delays(0.25, 0.5, 1.0))
def upload(rows: str) -> str:
    return work("upload", rows)


@dag(schedule=None)
def flaky() -> None:
    upload(download())


flaky_dag = flaky()


@task(
    retries=3,
    retry_delay=timedelta(seconds=0.5),
    retry_policy=ExceptionRetryPolicy([RetryRule(FinalFault, RetryAction.FAIL)]),
)
def login() -> str:
    return work("login")


@dag(schedule=None)
def refused() -> None:
    login()


refused_dag = refused()
