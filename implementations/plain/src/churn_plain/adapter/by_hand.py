"""Small graphs by hand: a chain, tasks that wait for nothing, a pipeline that calls another one, and tasks that fail."""

# ruff: noqa: D103 - names say what the tasks do, and all tools have the same
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from churn_plain.pipelines.retries import retry
from contract.body import FinalFault
from contract.by_hand import work


def extract() -> str:
    return work("extract")


def transform(rows: str) -> str:
    return work("transform", rows)


def load(rows: str) -> str:
    return work("load", rows)


def chain() -> None:
    load(transform(extract()))


def customers() -> str:
    return work("customers")


def orders() -> str:
    return work("orders")


def products() -> str:
    return work("products")


def independent() -> list[str]:
    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(customers), pool.submit(orders), pool.submit(products)]
    return [future.result() for future in futures]


def fetch() -> str:
    return work("fetch")


def clean(rows: str) -> str:
    return work("clean", rows)


def preparation() -> str:
    return clean(fetch())


def train(rows: str) -> str:
    return work("train", rows)


def training() -> None:
    train(preparation())


@retry(3, delay_s=0.5)
def download() -> str:
    return work("download")


@retry(3, delay_s=0.25, backoff=2)
def upload(rows: str) -> str:
    return work("upload", rows)


def flaky() -> None:
    upload(download())


@retry(3, delay_s=0.5, unless=FinalFault)
def login() -> str:
    return work("login")


def refused() -> None:
    login()
