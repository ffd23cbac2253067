"""Frames between tasks: Parquet files in object storage, since each task is a process of its own, wherever it runs.

An XCom is a row in Airflow's database, so it holds the path and no frame. What one task writes, another one has to delete.
"""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING

from airflow.sdk import ObjectStoragePath
from airflow.sdk.types import TaskInstance

from churn import home

if TYPE_CHECKING:
    import pandas as pd

    from churn.features import TrainingSet


def run_of(ti: TaskInstance) -> str:
    """Return a name for the task's run that no other has: two DAGs on one schedule have runs of the same id."""
    return f"{ti.dag_id}__{ti.run_id}"


def storage(*parts: str) -> ObjectStoragePath:
    """Return a place in the storage: $CHURN_STORAGE, such as s3://aws_default@bucket/churn, or else the churn home."""
    return ObjectStoragePath(os.environ.get("CHURN_STORAGE") or f"file://{home.folder()}").joinpath(*parts)


def folder(ti: TaskInstance) -> ObjectStoragePath:
    """Return the folder of the task's run."""
    return storage("frames", run_of(ti))


def write(table: pd.DataFrame, path: ObjectStoragePath) -> ObjectStoragePath:
    """Write a frame, and return what goes into the XCom."""
    # A Parquet column has one type. A broken CSV may have columns of several, and it is for validation to say so.
    mixed = [name for name, kind in table.dtypes.items() if kind == "object"]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        table.astype(dict.fromkeys(mixed, "string")).to_parquet(file)
    return path


def read(path: ObjectStoragePath) -> pd.DataFrame:
    """Read a frame."""
    import pandas as pd

    with path.open("rb") as file:
        return pd.read_parquet(file)


def write_training_set(data: TrainingSet, folder: ObjectStoragePath) -> None:
    """Write a training set."""
    write(data.table, folder / "table.parquet")
    (folder / "features.pickle").write_bytes(pickle.dumps(data.features))


def read_training_set(folder: ObjectStoragePath) -> TrainingSet:
    """Read a training set."""
    from churn.features import TrainingSet

    features = pickle.loads((folder / "features.pickle").read_bytes())  # noqa: S301 - our own file
    return TrainingSet(read(folder / "table.parquet"), features)


def remove(ti: TaskInstance) -> None:
    """Delete the frames of the task's run, if there are any."""
    if (frames := folder(ti)).exists():
        frames.rmdir(recursive=True)
