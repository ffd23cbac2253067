"""A model as a file. No code runs when it is read, whoever wrote it: skops makes what it trusts and what stands here."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import Any, Final

from sklearn.pipeline import Pipeline

from churn.problem import UnsafeModel

TRUSTED: Final = [
    "churn.features.Features",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
]
"""What a model of ours holds beyond what skops trusts by itself.

Types are checked, numbers are not: scikit-learn follows the indices of a tree unchecked, so a forged file may still crash
the process that scores, or have it read memory of its own.
"""


@cache
def skops() -> Any:
    """Import skops, which takes long; most tasks have no model."""
    with warnings.catch_warnings():
        # On import it asks every module for every ufunc by name, and Airflow's deprecated ones answer with a warning.
        warnings.simplefilter("ignore")
        import skops.io  # noqa: PLC0415 - as above
    return skops.io


def write(model: Pipeline, file: Path) -> None:
    """Write a model."""
    skops().dump(model, file)


def read(file: Path) -> Pipeline:
    """Return the model of a file, or raise `UnsafeModel`."""
    try:
        model: Any = skops().load(file, trusted=TRUSTED)
    except SystemError:
        raise  # a race of threads in Python 3.11.0 to 3.11.7, and none of the file's
    except Exception as error:  # noqa: BLE001 - nobody lists what a spoiled or a forged file leads to
        reason = f"{type(error).__name__}: {str(error)[:200]!r}"
        raise UnsafeModel(f"{file} is refused, for it is no model of ours ({reason}); train one again") from None
    if not isinstance(model, Pipeline):
        raise UnsafeModel(f"{file} is refused, for it holds a {type(model).__name__}; train one again")
    return model
