"""Small graphs by hand: a chain, tasks that wait for nothing, a pipeline that calls another one, and tasks that fail."""

# ruff: noqa: D103 - names say what the tasks do, and all tools have the same
from __future__ import annotations

from typing import Any

from prefect import Task, flow, task
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture

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


@flow
def chain() -> None:
    load(transform(extract()))


@task
def customers() -> str:
    return work("customers")


@task
def orders() -> str:
    return work("orders")


@task
def products() -> str:
    return work("products")


@flow
def independent() -> list[PrefectFuture[str]]:
    # A flow that returns futures waits for them.
    return [customers.submit(), orders.submit(), products.submit()]


@task
def fetch() -> str:
    return work("fetch")


@task
def clean(rows: str) -> str:
    return work("clean", rows)


@flow
def preparation() -> Any:
    return clean(fetch())


@task
def train(rows: str) -> str:
    return work("train", rows)


@flow
def training() -> None:
    train(preparation())


@task(retries=3, retry_delay_seconds=0.5)
def download() -> str:
    return work("download")


@task(retries=3, retry_delay_seconds=[0.25, 0.5, 1])
def upload(rows: str) -> str:
    return work("upload", rows)


@flow
def flaky() -> None:
    upload(download())


def may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    return not isinstance(state.result(raise_on_failure=False), FinalFault)


@task(retries=3, retry_delay_seconds=0.5, retry_condition_fn=may_pass)
def login() -> str:
    return work("login")


@flow
def refused() -> None:
    login()
