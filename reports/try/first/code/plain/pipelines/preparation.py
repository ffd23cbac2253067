"""Preparation: from wherever the customers are to customers that can be used. Both pipelines begin with it."""

from __future__ import annotations

import pandas as pd

from churn import customers
from churn.parameters import Common, Training
from churn.problem import BadData
from churn_plain.pipelines.retries import retry
from contract.steps import step


def prepare(parameters: Common) -> pd.DataFrame:
    """Load the customers and validate them."""
    return validate(load(parameters), parameters)


@retry(times=3, delay_s=1, backoff=2, unless=BadData)
@step("load")
def load(parameters: Common) -> pd.DataFrame:
    """Read the customers, or make them up."""
    labelled = isinstance(parameters, Training)
    return customers.load(parameters.data, parameters.rows, parameters.seed, labelled=labelled)


@step("validate")
def validate(table: pd.DataFrame, parameters: Common) -> pd.DataFrame:
    """Refuse customers that a model cannot use."""
    return customers.validate(table, parameters.data, labelled=isinstance(parameters, Training))
