"""Inference: the same preparation as in training -> score with the champion -> save."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from churn import scoring
from churn.parameters import Inference
from churn.registry import open_registry
from churn_plain.pipelines.notifications import failure_is_notified
from churn_plain.pipelines.preparation import prepare
from contract.steps import step


def infer(parameters: Inference) -> Path:
    """Score new customers with the model that has the alias; return the file of predictions."""
    with failure_is_notified("infer", parameters):
        return save(score(prepare(parameters), parameters), parameters)


@step("score")
def score(customers: pd.DataFrame, parameters: Inference) -> pd.DataFrame:
    """Predict who churns."""
    champion = open_registry(parameters).champion(parameters.model, parameters.alias)
    return scoring.score(champion, customers)


@step("save")
def save(predictions: pd.DataFrame, parameters: Inference) -> Path:
    """Write the predictions."""
    return scoring.save(predictions, parameters.output)
