"""Inference: the same preparation as in training -> score with the champion -> save."""

from __future__ import annotations

import dagster as dg
import pandas as pd

from churn import scoring
from churn.parameters import Inference
from churn_dagster.pipelines.parameters import FOUND_BY, run_config
from churn_dagster.pipelines.preparation import RETRIED, load, validate
from churn_dagster.pipelines.resources import ModelRegistry
from contract.steps import step


@dg.asset(retry_policy=RETRIED)
@step("load")
def raw_new_customers(inference: dg.ResourceParam[Inference]) -> pd.DataFrame:
    """Read the customers, or make them up."""
    return load(inference)


@dg.asset
@step("validate")
def new_customers(raw_new_customers: pd.DataFrame, inference: dg.ResourceParam[Inference]) -> pd.DataFrame:
    """Refuse customers that the model cannot use."""
    return validate(raw_new_customers, inference)


# The champion comes from the registry, by its alias. It is named as an asset for the lineage alone.
@dg.asset(deps=["champion"])
@step("score")
def predictions(
    new_customers: pd.DataFrame, inference: dg.ResourceParam[Inference], registry: ModelRegistry
) -> pd.DataFrame:
    """Predict who churns."""
    champion = registry.open(inference).champion(inference.model, inference.alias)
    return scoring.score(champion, new_customers)


@dg.asset
@step("save")
def predictions_file(predictions: pd.DataFrame, inference: dg.ResourceParam[Inference]) -> dg.MaterializeResult:
    """Write the predictions. The file is the asset, so there is no value for an IO manager, but metadata for the UI."""
    path = scoring.save(predictions, inference.output)
    return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(path), "dagster/row_count": len(predictions)})


infer = dg.define_asset_job("infer", dg.AssetSelection.groups("inference"), tags={"pipeline": "infer"})


@dg.asset_sensor(asset_key=dg.AssetKey("champion"), job=infer)
def infer_with_new_champion(_context: dg.SensorEvaluationContext, event: dg.EventLogEntry) -> dg.RunRequest:
    """Ask for a run with the latest champion, if there is a new one since the last look."""
    # A champion that somebody reports by hand has no metadata: then the defaults say which it is.
    metadata = event.asset_materialization.metadata if event.asset_materialization else {}
    found_by = {name: metadata[name].value for name in FOUND_BY if name in metadata}
    return dg.RunRequest(run_key=event.run_id, run_config=run_config("infer", **found_by))
