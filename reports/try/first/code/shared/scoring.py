"""Scoring: the predictions of a model, and the file that holds them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from churn.customers import ID, LABEL
from churn.home import replacing
from churn.models import churn_probability

PROBABILITY: Final = "churn_probability"

_AT_ONCE: Final = 200_000
"""Customers scored at a time, so that memory does not grow with their number."""


def score(model: Pipeline, customers: pd.DataFrame) -> pd.DataFrame:
    """Return the model's prediction for each customer."""
    parts = [churn_probability(model, customers.iloc[at : at + _AT_ONCE]) for at in range(0, len(customers), _AT_ONCE)]
    probability = np.concatenate(parts)
    columns = {ID: customers[ID].to_numpy(), PROBABILITY: probability, LABEL: (probability >= 0.5).astype(np.int64)}
    return pd.DataFrame(columns, copy=False)


def save(predictions: pd.DataFrame, path: Path) -> Path:
    """Write the predictions as CSV, to the last bit and all at once."""
    with replacing(path) as new:
        predictions.to_csv(new, index=False)
    return path
