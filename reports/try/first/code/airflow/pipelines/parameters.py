"""The parameters, as Airflow declares them: each with a JSON schema, from which the UI makes the form to trigger a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from airflow.sdk import Param

from churn.parameters import LIMITS, TRACKING, Common, Inference, Training
from churn.problem import BadParameters

Parameters = TypeVar("Parameters", bound=Common)


def _number(name: str, default: float, kind: str, description: str) -> Param:
    low, high = LIMITS[name]
    return Param(default, description, type=kind, minimum=low, maximum=high)


def _optional(description: str) -> Param:
    # Null too: the form sends it for a field that somebody has emptied.
    return Param("", description, type=["string", "null"])


COMMON: Final = {
    "data": _optional("A CSV or Parquet file, or a URL of one; empty: $CHURN_DATA, or made-up customers."),
    "rows": _number("rows", 5000, "integer", "How many customers are made up."),
    "seed": _number("seed", 7, "integer", "Of the made-up customers, of the split and of the models."),
    "model": Param("churn", "The name that the winner is registered under.", type="string", minLength=1),
    "alias": Param("champion", "The alias by which inference finds it.", type="string", minLength=1),
    "tracking": Param("mlflow", "Where runs and models are kept.", type="string", enum=list(TRACKING)),
    "webhook": _optional("A Slack or Discord webhook's URL, for failures; empty: $CHURN_WEBHOOK, or none."),
    "tags": Param({}, "Put on every MLflow run.", type="object", additionalProperties={"type": "string"}),
}

TRAINING: Final = {
    **COMMON,
    "held_out": _number("held_out", 0.25, "number", "The share of customers that models are evaluated on."),
    "n_estimators": _number("n_estimators", 200, "integer", "Trees of the random forest, and rounds of the boosting."),
    "max_depth": _number("max_depth", 6, "integer", "Depth of the trees of both."),
    "min_roc_auc": _number("min_roc_auc", 0.7, "number", "What the best model must reach to be registered."),
    "experiment": Param("churn", "The MLflow experiment.", type="string", minLength=1),
}

INFERENCE: Final = {
    **COMMON,
    "predictions": _optional("The CSV file to write; empty: predictions/<model>.csv in the churn home."),
}


def training(params: Mapping[str, Any]) -> Training:
    """Return a task's `params` as what the core takes."""
    return _made(Training, TRAINING, params)


def inference(params: Mapping[str, Any]) -> Inference:
    """Return a task's `params` as what the core takes."""
    return _made(Inference, INFERENCE, params)


def _made(kind: type[Parameters], declared: Mapping[str, Param], params: Mapping[str, Any]) -> Parameters:
    # Airflow adds every name in a run's conf to the declared params, so a misspelt one has to be found here.
    if unknown := set(params) - set(declared):
        raise BadParameters(f"there is no parameter {', '.join(sorted(unknown))}; there are {', '.join(declared)}")
    return kind(**{name: value for name, value in params.items() if value is not None})
