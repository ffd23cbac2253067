"""Training: load -> validate -> features -> three models at once -> select -> gate -> register."""

# Without `from __future__ import annotations`: Dagster wants the class that `context` is annotated with, not its name.

import dagster as dg
import pandas as pd

from churn import models
from churn.features import TrainingSet, training_set
from churn.models import Candidate
from churn.parameters import Training
from churn.problem import GateFailed
from churn_dagster.pipelines.parameters import FOUND_BY
from churn_dagster.pipelines.preparation import RETRIED, load, validate
from churn_dagster.pipelines.resources import ModelRegistry
from contract.steps import step


@dg.asset(retry_policy=RETRIED)
@step("load")
def raw_customers(training: dg.ResourceParam[Training]) -> pd.DataFrame:
    """Read the customers, or make them up."""
    return load(training)


@dg.asset
@step("validate")
def customers(raw_customers: pd.DataFrame, training: dg.ResourceParam[Training]) -> pd.DataFrame:
    """Refuse customers that a model cannot use."""
    return validate(raw_customers, training)


@dg.asset
@step("features")
def features(customers: pd.DataFrame, training: dg.ResourceParam[Training]) -> TrainingSet:
    """Split the customers, fit the features on one part, and apply them to both."""
    return training_set(customers, training.held_out, training.seed)


def train_model(kind: str) -> dg.AssetsDefinition:
    """Return the asset that is a trained model of the kind."""

    @dg.asset(name=kind, retry_policy=dg.RetryPolicy(max_retries=2, delay=1))
    def model(
        context: dg.AssetExecutionContext,
        features: TrainingSet,
        training: dg.ResourceParam[Training],
        registry: ModelRegistry,
    ) -> Candidate:
        """Train one kind of model, evaluate it, and record both."""
        with step(f"train_{kind}"):
            trained = models.train(kind, features, training)
            candidate = registry.open(training).record(trained, kind, features, training, "dagster", context.run.run_id)
        context.add_output_metadata(dict(candidate.metrics))
        return candidate

    return model


trained = [train_model(kind) for kind in models.KINDS]


@dg.asset
@step("select")
def best_model(random_forest: Candidate, gradient_boosting: Candidate, logistic_regression: Candidate) -> Candidate:
    """Return the best of them."""
    return models.select([random_forest, gradient_boosting, logistic_regression])


@dg.asset_check(asset=best_model, blocking=True)
def gate(best_model: Candidate, training: dg.ResourceParam[Training]) -> dg.AssetCheckResult:
    """Refuse a model that is not good enough: then nothing that depends on it is materialized, and the run fails."""
    numbers = {models.DECIDES: best_model.metrics[models.DECIDES], "min_roc_auc": training.min_roc_auc}
    try:
        with step("gate"):
            models.gate(best_model, training.min_roc_auc)
    except GateFailed as refusal:
        return dg.AssetCheckResult(passed=False, description=str(refusal), metadata=numbers)
    return dg.AssetCheckResult(passed=True, metadata=numbers)


@dg.asset
@step("register")
def champion(
    context: dg.AssetExecutionContext,
    best_model: Candidate,
    training: dg.ResourceParam[Training],
    registry: ModelRegistry,
) -> str:
    """Make the winner the model that inference finds by its alias."""
    context.add_output_metadata({name: getattr(training, name) for name in FOUND_BY})
    return registry.open(training).register(best_model, training.model, training.alias)


# The tag is what `dagster.yaml` limits runs by.
train = dg.define_asset_job("train", dg.AssetSelection.groups("training"), tags={"pipeline": "train"})
