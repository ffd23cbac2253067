"""Preparation: from wherever the customers are to customers that can be used. Each pipeline makes its own assets of it."""

# Without `from __future__ import annotations`: Dagster wants the class that `context` is annotated with, not its name.

import dagster as dg
import pandas as pd

from churn import customers
from churn.problem import BadData
from contract.steps import step


def prepare(name: str, pipeline: str, *, labelled: bool) -> list[dg.AssetsDefinition]:
    """Return the assets `raw_<name>` and `<name>`, made with the parameters of the pipeline."""

    # Both ask for their parameters by key: an argument must have the name of the resource, and there are two resources.
    @dg.asset(
        name=f"raw_{name}",
        required_resource_keys={pipeline},
        retry_policy=dg.RetryPolicy(max_retries=3, delay=1, backoff=dg.Backoff.EXPONENTIAL),
        # No code version: the asset has no inputs, so Dagster would take new customers for the old ones.
    )
    @step("load")
    def load(context: dg.AssetExecutionContext) -> pd.DataFrame:
        """Read the customers, or make them up."""
        parameters = getattr(context.resources, pipeline)
        try:
            return customers.load(parameters.data, parameters.rows, parameters.seed, labelled=labelled)
        except BadData as problem:
            raise dg.Failure(str(problem), allow_retries=False) from problem

    @dg.asset(
        name=name,
        ins={"table": dg.AssetIn(f"raw_{name}")},
        required_resource_keys={pipeline},
        code_version="1",
    )
    @step("validate")
    def validate(context: dg.AssetExecutionContext, table: pd.DataFrame) -> pd.DataFrame:
        """Refuse customers that a model cannot use."""
        return customers.validate(table, getattr(context.resources, pipeline).data, labelled=labelled)

    return [load, validate]
