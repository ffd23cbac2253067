"""Three small graphs by hand: a chain, tasks that wait for nothing, and a pipeline that calls another one.

They are in TaskFlow style, which Airflow's documentation recommends. `@task` makes a PythonOperator, as `shapes` does.
"""

# ruff: noqa: D103 - names say what the tasks do, and all tools have the same
from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task, task_group

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
def preparation() -> Any:
    return clean(fetch())


@task
def train(rows: str) -> str:
    return work("train", rows)


@dag(schedule=None)
def training() -> None:
    train(preparation())


training_dag = training()
