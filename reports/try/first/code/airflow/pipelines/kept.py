"""Features that an earlier run has computed. Airflow has no cache of results, so this one is written by hand.

A folder is named after all that the features depend on. Nobody deletes old folders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import ObjectStoragePath

from churn.parameters import Training
from churn_airflow.pipelines import frames
from contract.steps import step

if TYPE_CHECKING:
    import pandas as pd


def training_set(customers: pd.DataFrame, given: Training) -> ObjectStoragePath:
    """Return the folder of a training set, which is computed only if something that it depends on has changed."""
    from churn import features

    folder = frames.storage("airflow-cache", features.fingerprint(customers, given.held_out, given.seed))
    if not (folder / "whole").exists():
        with step("features"):
            data = features.training_set(customers, given.held_out, given.seed)
        frames.write_training_set(data, folder)
        (folder / "whole").touch()  # last: a folder without it is what a killed task has left
    return folder
