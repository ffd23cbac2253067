"""Three small graphs by hand: a chain, tasks that wait for nothing, and a pipeline that calls another one."""

# ruff: noqa: D103 - names say what the tasks do, and all tools have the same
from __future__ import annotations

from typing import Any

from prefect import flow, task
from prefect.futures import PrefectFuture
from prefect.task_runners import ThreadPoolTaskRunner

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


@flow(task_runner=ThreadPoolTaskRunner(max_workers=2))
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
