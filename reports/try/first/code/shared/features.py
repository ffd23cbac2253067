"""Features: ratios of a customer's own columns, and quintile scores that are fitted on training data and nothing else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pandas as pd
import sklearn
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import train_test_split

from churn.customers import LABEL, MEASURES
from churn.problem import BadData

RATIOS: Final = {
    "recency_frequency_ratio": ("recency_days", "frequency"),
    "monetary_per_order": ("monetary_value", "total_orders"),
    "order_frequency": ("total_orders", "days_since_signup"),
    "support_per_order": ("support_tickets", "total_orders"),
}
"""Each is the first column over one more than the second: a customer may have no orders."""

SCORES: Final = {"r_score": "recency_days", "f_score": "frequency", "m_score": "monetary_value"}
"""1 to 5 by the quintile of a column; for recency the other way round, because a recent customer is a good one."""

FEATURES: Final = (*MEASURES, *RATIOS, *SCORES, "rfm_score")

HELD_OUT: Final = "held_out"


class Features(TransformerMixin, BaseEstimator):
    """Computes the features of customers, with the quintiles of those it was fitted on; the first step of every model."""

    def fit(self, customers: pd.DataFrame, labels: object = None) -> Self:
        """Learn the quintiles."""
        shares = [0.2, 0.4, 0.6, 0.8]
        self.quintiles_ = {column: np.quantile(customers[column].to_numpy(), shares) for column in SCORES.values()}
        return self

    def transform(self, customers: pd.DataFrame) -> pd.DataFrame:
        """Return the features, a row for each customer."""
        computed: dict[str, NDArray[Any]] = {name: customers[name].to_numpy() for name in MEASURES}
        for name, (over, under) in RATIOS.items():
            computed[name] = computed[over] / (computed[under] + 1.0)
        for name, column in SCORES.items():
            # A value on a boundary belongs below it: customers with the same value always get the same score.
            quintile = np.searchsorted(self.quintiles_[column], computed[column], side="left").astype(np.int8)
            computed[name] = 5 - quintile if name == "r_score" else 1 + quintile
        computed["rfm_score"] = computed["r_score"] + computed["f_score"] + computed["m_score"]
        return pd.DataFrame(computed, copy=False)


@dataclass(frozen=True)
class TrainingSet:
    """What models are trained and evaluated on: the features of all customers, and how they were made."""

    table: pd.DataFrame
    """The features, `churned`, and `held_out`: whether a row is for the evaluation."""
    features: Features
    """Fitted on the rows that are not held out."""

    def part(self, *, held_out: bool) -> tuple[pd.DataFrame, NDArray[np.int64]]:
        """Return the features and labels of the rows to train on, or of those held out."""
        rows = self.table[self.table[HELD_OUT] == held_out]
        return rows[list(FEATURES)], rows[LABEL].to_numpy()


def fingerprint(customers: pd.DataFrame, held_out: float, seed: int) -> str:
    """Name everything that a training set depends on, the code of this module too: a key for a cache written by hand."""
    rows = pd.util.hash_pandas_object(customers, index=False).to_numpy().tobytes()
    choices = json.dumps([list(customers.columns), held_out, seed, sklearn.__version__, np.__version__]).encode()
    return hashlib.sha256(rows + choices + Path(__file__).read_bytes()).hexdigest()[:32]


def training_set(customers: pd.DataFrame, held_out: float, seed: int) -> TrainingSet:
    """Split the customers, fit the features on one part, and apply them to both."""
    labels = customers[LABEL]
    train, rest = train_test_split(customers.index.to_numpy(), test_size=held_out, random_state=seed, stratify=labels)
    if min(labels[train].nunique(), labels[rest].nunique()) == 1:
        raise BadData("the customers", [f"{LABEL}: a share of {held_out:g} held out does not hold both classes"])
    features = Features().fit(customers.loc[train])
    table = features.transform(customers)
    table[LABEL] = labels.to_numpy()
    table[HELD_OUT] = ~customers.index.isin(train)
    return TrainingSet(table, features)
