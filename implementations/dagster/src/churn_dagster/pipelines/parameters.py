"""The parameters of both jobs, as resources that a run configures: Dagster shows them in the launchpad.

They are resources, because several assets need them. With a `Config` for each asset, a launch would have to repeat the same
values for each asset of the job. A `ConfigMapping` would spare the launch of a job that, but not one from the asset graph.
An asset that asks for the resource gets the core's parameters.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import dagster as dg
from pydantic import ConfigDict, Field

from churn.parameters import Common, Inference, Training

FOUND_BY: Final = ("model", "alias", "tracking")
"""The parameters that inference finds a champion by."""


class CommonParameters(dg.ConfigurableResource[Common]):
    """The parameters that both pipelines have."""

    # Dagster refuses unknown names in run config, but not in a call of the class.
    model_config = ConfigDict(extra="forbid")

    data: str = Field("", description="A CSV or Parquet file, or a URL of one; empty: $CHURN_DATA, or made-up customers.")
    rows: int = Field(5000, ge=1, le=100_000_000, description="How many customers are made up.")
    seed: int = Field(7, ge=0, le=2**32 - 1, description="Of the made-up customers, of the split and of the models.")
    model: str = Field("churn", min_length=1, description="The name that the winner is registered under.")
    alias: str = Field("champion", min_length=1, description="The alias by which inference finds it.")
    tracking: Literal["mlflow", "files"] = Field("mlflow", description="Where runs and models are recorded.")
    webhook: str = Field("", description="A Slack or Discord webhook's URL, for failures; empty: $CHURN_WEBHOOK, or none.")
    tags: dict[str, str] = Field({}, description="Put on every MLflow run.")


class TrainingParameters(CommonParameters):
    """The parameters of a training."""

    held_out: float = Field(0.25, ge=0.05, le=0.5, description="The share of customers that models are evaluated on.")
    n_estimators: int = Field(200, ge=1, le=5000, description="Trees of the forest, and rounds of the boosting.")
    max_depth: int = Field(6, ge=1, le=64, description="Depth of the trees of both.")
    min_roc_auc: float = Field(0.7, ge=0, le=1, description="What the best model must reach to be registered.")
    experiment: str = Field("churn", description="The MLflow experiment.")

    def create_resource(self, context: dg.InitResourceContext) -> Training:
        """Return the parameters as the core takes them."""
        return Training(**self.model_dump())


class InferenceParameters(CommonParameters):
    """The parameters of an inference."""

    predictions: str = Field("", description="The CSV file to write; empty: predictions/<model>.csv in the churn home.")

    def create_resource(self, context: dg.InitResourceContext) -> Inference:
        """Return the parameters as the core takes them."""
        return Inference(**self.model_dump())


def run_config(job: str, **parameters: Any) -> dg.RunConfig:
    """Return the run config of the job, through which the parameters reach all assets of the job."""
    if job != "infer":
        return dg.RunConfig(resources={"training": TrainingParameters(**parameters)})
    return dg.RunConfig(resources={"inference": InferenceParameters(**parameters)})
