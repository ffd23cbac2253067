"""Inference: the same preparation as in training -> score with the champion -> save."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pandas as pd

from churn import scoring
from churn.parameters import Inference
from churn_dagster.pipelines.notifications import notify_failure
from churn_dagster.pipelines.preparation import prepare
from churn_dagster.pipelines.resources import ModelRegistry
from contract.steps import step

prepared = prepare("new_customers", "inference", labelled=False)


# The champion comes from the registry, by its alias. It is named as an asset for the lineage alone.
@dg.asset(deps=["champion"], code_version="1")
@step("score")
def predictions(
    new_customers: pd.DataFrame, inference: dg.ResourceParam[Inference], registry: ModelRegistry
) -> pd.DataFrame:
    """Predict who churns."""
    champion = registry.open(inference).champion(inference.model, inference.alias)
    return scoring.score(champion, new_customers)


@dg.asset(code_version="1")
@step("save")
def predictions_file(predictions: pd.DataFrame, inference: dg.ResourceParam[Inference]) -> Path:
    """Write the predictions."""
    return scoring.save(predictions, inference.output)


infer = dg.define_asset_job("infer", dg.AssetSelection.groups("inference"), hooks={notify_failure("inference")})
