"""Three small graphs by hand: a chain, tasks that wait for nothing, and a pipeline that calls another one."""

# ruff: noqa: D103 - names say what the tasks do, and all tools have the same
from __future__ import annotations

from typing import Any

import dagster as dg

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

defs = dg.Definitions(assets=dg.load_assets_from_current_module(), jobs=[chain, independent, training])
