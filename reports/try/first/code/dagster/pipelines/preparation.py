"""Preparation: from wherever the customers are to customers that can be used. Both pipelines begin with it.

An asset exists once, and so each pipeline makes its own assets with this: a shared one could not be labelled for the
training and unlabelled for the inference.
"""

from __future__ import annotations

from typing import Final

import dagster as dg
import pandas as pd

from churn import customers
from churn.parameters import Common, Training
from churn.problem import BadData

RETRIED: Final = dg.RetryPolicy(max_retries=3, delay=1, backoff=dg.Backoff.EXPONENTIAL)
"""How often a source that fails is tried again."""


def load(parameters: Common) -> pd.DataFrame:
    """Read the customers, or make them up; trying again would not mend bad data."""
    labelled = isinstance(parameters, Training)
    try:
        return customers.load(parameters.data, parameters.rows, parameters.seed, labelled=labelled)
    except BadData as problem:
        raise dg.Failure(str(problem), allow_retries=False) from problem


def validate(table: pd.DataFrame, parameters: Common) -> pd.DataFrame:
    """Refuse customers that a model cannot use."""
    return customers.validate(table, parameters.data, labelled=isinstance(parameters, Training))
