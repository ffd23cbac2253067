"""What can be chosen when a pipeline is run. Each implementation offers the same choices by the means of the tool."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from churn import home
from churn.problem import BadParameters

LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "rows": (1, 100_000_000),
    "seed": (0, 2**32 - 1),
    "held_out": (0.05, 0.5),
    "n_estimators": (1, 5000),
    "max_depth": (1, 64),
    "min_roc_auc": (0.0, 1.0),
}
"""The least and the largest value of each number."""

KINDS: Final = ("random_forest", "gradient_boosting", "logistic_regression")
"""The models that compete. Their names stand here, where they can be had without importing what takes seconds."""

TRACKING: Final = ("mlflow", "files")
"""Where runs are recorded and models are registered: MLflow, or a folder of files, to see what MLflow costs."""


SECRETS: Final = {"webhook": "CHURN_WEBHOOK", "data": "CHURN_DATA"}
"""What may hold a secret, with the environment variable that stands for it: `ps` shows everybody a process's arguments."""

_NAME: Final = re.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


def _check_name(what: str, name: object) -> None:
    # It becomes a part of a path, and of a query to MLflow.
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadParameters(
            f"{what} is {name!r}; it should be a name of up to 100 letters (a to z), digits, dashes, underscores and dots, "
            "with no dot in front"
        )


@dataclass(frozen=True)
class Common:
    """What both pipelines can be told."""

    data: str = ""
    """A CSV or Parquet file, or a URL that serves one; empty: $CHURN_DATA, or made-up customers."""
    rows: int = 5000
    """How many customers are made up."""
    seed: int = 7
    """Of the made-up customers, of the split and of the models."""
    model: str = "churn"
    """The name that the winner is registered under."""
    alias: str = "champion"
    """The alias by which inference finds it."""
    tracking: str = "mlflow"
    webhook: str = ""
    """Where a failure is posted: a Slack or Discord webhook's URL; empty: $CHURN_WEBHOOK, or nowhere."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Put on every MLflow run."""

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name, low)
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise BadParameters(f"{name} is {value!r}; it should be a number from {low:g} to {high:g}")
        for each in fields(self):
            if each.type == "int" and not isinstance(getattr(self, each.name), int):
                raise BadParameters(f"{each.name} is {getattr(self, each.name)!r}; it should be a whole number")
        if self.tracking not in TRACKING:
            raise BadParameters(f"tracking is {self.tracking!r}; it is one of {', '.join(TRACKING)}")
        for name in ("model", "alias", "experiment"):
            _check_name(name, getattr(self, name, name))


@dataclass(frozen=True)
class Training(Common):
    """What a training run can be told."""

    held_out: float = 0.25
    """The share of customers that models are evaluated on."""
    n_estimators: int = 200
    """Trees of the random forest, and rounds of the gradient boosting."""
    max_depth: int = 6
    """Depth of the trees of both."""
    min_roc_auc: float = 0.7
    """The quality gate: what the best model must reach to be registered."""
    experiment: str = "churn"
    """The MLflow experiment."""


@dataclass(frozen=True)
class Inference(Common):
    """What an inference run can be told."""

    predictions: str = ""
    """The CSV file to write; empty: predictions/<model>.csv in the churn home."""

    @property
    def output(self) -> Path:
        """The file that the predictions go to."""
        return Path(self.predictions) if self.predictions else home.folder("predictions") / f"{self.model}.csv"


def arguments(pipeline: str, values: Mapping[str, Any]) -> list[str]:
    """Return the command line that asks for a pipeline with the given parameters, but for those that may be secret."""
    tags = values.get("tags", {})
    given = [f"--{key.replace('_', '-')}={value}" for key, value in values.items() if key not in {"tags", *SECRETS}]
    return [pipeline, *given, *(f"--tag={key}={value}" for key, value in tags.items())]


def environment(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment variables for the parameters that may be secret, where they are given."""
    return {variable: str(values[name]) for name, variable in SECRETS.items() if values.get(name)}


def or_secret(given: str, name: str) -> str:
    """Return the value that was given for a parameter that may be secret, or else the one in the environment.

    This is asked where the value is used, and never before: a tool keeps the parameters of a run, and shows them.
    """
    return given or os.environ.get(SECRETS[name], "")
