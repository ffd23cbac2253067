"""Small graphs by hand: a chain, tasks that wait for nothing, a pipeline that calls another one, and tasks that fail."""

# ruff: noqa: D103 - names say what the tasks do, and all tools have the same
# Without `from __future__ import annotations`: Dagster wants the class that `context` is annotated with, not its name.

from typing import Any

import dagster as dg

from contract.body import FinalFault
from contract.by_hand import work


@dg.asset
def extract() -> str:
    return work("extract")


@dg.asset
def transform(extract: str) -> str:
    return work("transform", extract)


@dg.asset
def load(transform: str) -> str:
    return work("load", transform)


chain = dg.define_asset_job("chain", [extract, transform, load])


@dg.asset
def customers() -> str:
    return work("customers")


@dg.asset
def orders() -> str:
    return work("orders")


@dg.asset
def products() -> str:
    return work("products")


independent = dg.define_asset_job("independent", [customers, orders, products])


@dg.op
def fetch() -> str:
    return work("fetch")


@dg.op
def clean(rows: str) -> str:
    return work("clean", rows)


@dg.graph_asset
def preparation() -> Any:
    return clean(fetch())


@dg.asset
def train(preparation: str) -> str:
    return work("train", preparation)


training = dg.define_asset_job("training", [preparation, train])


@dg.asset(retry_policy=dg.RetryPolicy(max_retries=3, delay=0.5))
def download() -> str:
    return work("download")


@dg.asset
def upload(context: dg.AssetExecutionContext, download: str) -> str:
    try:
        return work("upload", download)
    except Exception as error:
        # `dg.Backoff.EXPONENTIAL` would wait 0.25, 0.75 and 1.75 s.
        raise dg.RetryRequested(max_retries=3, seconds_to_wait=0.25 * 2**context.retry_number) from error


flaky = dg.define_asset_job("flaky", [download, upload])


@dg.asset(retry_policy=dg.RetryPolicy(max_retries=3, delay=0.5))
def login() -> str:
    try:
        return work("login")
    except FinalFault as error:
        raise dg.Failure(str(error), allow_retries=False) from error


refused = dg.define_asset_job("refused", [login])

defs = dg.Definitions(assets=dg.load_assets_from_current_module(), jobs=[chain, independent, training, flaky, refused])
