"""What the adapter knows of the churn pipelines, whose assets are named after what they are and not after the step."""

from __future__ import annotations

from typing import Final

from churn_dagster import shapes
from contract.pipeline import STEPS

_STEP_OF: Final = {
    "raw_customers": "load",
    "customers": "validate",
    "features": "features",
    "random_forest": "train_random_forest",
    "gradient_boosting": "train_gradient_boosting",
    "logistic_regression": "train_logistic_regression",
    "best_model": "select",
    "best_model_gate": "gate",
    "champion": "register",
    "raw_new_customers": "load",
    "new_customers": "validate",
    "predictions": "score",
    "predictions_file": "save",
}


def name_of(step: str, job: str) -> str:
    """Return the harness's name for a step of Dagster's: of a pipeline, or of a workload."""
    return _STEP_OF[step] if job in STEPS else shapes.node_of(step, shapes.workload_of(job))
