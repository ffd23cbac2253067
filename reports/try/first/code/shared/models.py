"""Models: three kinds, how one is trained and judged, which one wins, and whether the winner is good enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score, roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from churn import parameters
from churn.features import TrainingSet
from churn.parameters import Training
from churn.problem import GateFailed

KINDS: Final = parameters.KINDS

DECIDES: Final = "roc_auc"
"""The metric that models are compared by."""


@dataclass(frozen=True)
class Candidate:
    """A trained model, as small as a message: what it is, how good it is, and where it is kept."""

    kind: str
    metrics: Mapping[str, float]
    location: str
    run: str = ""
    """The MLflow run that recorded it."""

    def to_dict(self) -> dict[str, Any]:
        """Return what every tool can carry."""
        return asdict(self)


def train(kind: str, data: TrainingSet, parameters: Training) -> Pipeline:
    """Return a fitted model that takes customers, not features: it carries the features that it was trained with."""
    # One thread each: how many models are trained at once is the orchestrator's to decide.
    threadpool_limits(1)
    features, labels = data.part(held_out=False)
    estimator = _estimator(kind, parameters).fit(features, labels)
    return Pipeline([("features", data.features), ("estimator", estimator)])


def _estimator(kind: str, parameters: Training) -> Any:
    match kind:
        case "random_forest":
            return RandomForestClassifier(
                n_estimators=parameters.n_estimators,
                max_depth=parameters.max_depth,
                min_samples_leaf=5,
                random_state=parameters.seed,
                n_jobs=1,
            )
        case "gradient_boosting":
            return HistGradientBoostingClassifier(
                max_iter=parameters.n_estimators,
                max_depth=parameters.max_depth,
                learning_rate=0.03,
                l2_regularization=1.0,
                early_stopping=False,
                random_state=parameters.seed,
            )
        case "logistic_regression":
            return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, random_state=parameters.seed))
    raise ValueError(f"there is no model {kind!r}; there are {', '.join(KINDS)}")


def churn_probability(model: Pipeline, customers: pd.DataFrame) -> NDArray[np.float64]:
    """Return the probability that each customer churns, by the model."""
    threadpool_limits(1)
    return np.asarray(model.predict_proba(customers)[:, 1], np.float64)


def evaluate(model: Pipeline, data: TrainingSet) -> dict[str, float]:
    """Return the metrics of a model on the customers that it has not seen."""
    features, labels = data.part(held_out=True)
    probability = model.named_steps["estimator"].predict_proba(features)[:, 1]
    predicted = probability >= 0.5
    return {
        "accuracy": float(accuracy_score(labels, predicted)),
        "precision": float(precision_score(labels, predicted, zero_division=0.0)),
        "recall": float(recall_score(labels, predicted)),
        "f1": float(f1_score(labels, predicted)),
        DECIDES: float(roc_auc_score(labels, probability)),
    }


def select(candidates: Sequence[Candidate]) -> Candidate:
    """Return the best candidate; of equals the one whose kind comes first in `KINDS`, in whatever order they finished."""
    return max(candidates, key=lambda each: (each.metrics[DECIDES], -KINDS.index(each.kind)))


def gate(best: Candidate, least: float) -> Candidate:
    """Let the candidate pass, or raise `GateFailed`."""
    reached = best.metrics[DECIDES]
    if not reached >= least:  # so that what is not a number does not pass
        raise GateFailed(f"the best model, {best.kind}, reaches a {DECIDES} of {reached:.3f}, and {least:.3f} is asked for")
    return best
