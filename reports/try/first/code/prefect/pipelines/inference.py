"""Inference: the same preparation as in training -> score with the champion -> save."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from churn import scoring
from churn.parameters import Inference
from churn.registry import open_registry
from churn_prefect.pipelines.notifications import notify_failure
from churn_prefect.pipelines.parameters import InferenceParameters
from churn_prefect.pipelines.preparation import prepare
from contract.steps import step


@flow(on_failure=[notify_failure], on_crashed=[notify_failure])
def infer(parameters: InferenceParameters = InferenceParameters()) -> Path:  # noqa: B008 - it is frozen
    """Score new customers with the model that has the alias; return the file of predictions."""
    chosen = parameters.to_core()
    customers = prepare(chosen.data, chosen.rows, chosen.seed, labelled=False)
    file: Path = save(score(customers, chosen), chosen)
    return file


@task(cache_policy=NO_CACHE)
@step("score")
def score(customers: pd.DataFrame, parameters: Inference) -> pd.DataFrame:
    """Predict who churns."""
    champion = open_registry(parameters).champion(parameters.model, parameters.alias)
    return scoring.score(champion, customers)


@task(cache_policy=NO_CACHE)
@step("save")
def save(predictions: pd.DataFrame, parameters: Inference) -> Path:
    """Write the predictions."""
    return scoring.save(predictions, parameters.output)
