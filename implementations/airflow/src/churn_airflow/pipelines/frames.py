"""Frames between tasks: Parquet files, since each task is a process of its own and an XCom is a row in Airflow's database.

A file that one task writes and another reads needs a folder that both can reach, and a task that deletes it.
"""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk.types import RuntimeTaskInstanceProtocol

from churn import home

if TYPE_CHECKING:
    import pandas as pd

    from churn.features import TrainingSet


def run_of(ti: RuntimeTaskInstanceProtocol) -> str:
    """Return a name for the task's run that no other has: two DAGs on one schedule have runs of the same id."""
    return f"{ti.dag_id}__{ti.run_id}"


def folder(ti: RuntimeTaskInstanceProtocol) -> Path:
    """Return the folder of the task's run."""
    return home.folder("frames", run_of(ti))


def write(table: pd.DataFrame, path: Path) -> str:
    """Write a frame, and return what goes into the XCom."""
    # A Parquet column has one type. A broken CSV may have columns of several, and it is for validation to say so.
    mixed = [name for name, kind in table.dtypes.items() if kind == "object"]
    with home.replacing(path) as new:
        table.astype(dict.fromkeys(mixed, "string")).to_parquet(new)
    return str(path)


def read(path: str) -> pd.DataFrame:
    """Read a frame."""
    import pandas as pd

    return pd.read_parquet(path)


def write_training_set(data: TrainingSet, folder: Path) -> None:
    """Write a training set. The table comes last: a folder with a table holds a whole set."""
    with home.replacing(folder / "features.pickle") as new:
        new.write_bytes(pickle.dumps(data.features))
    write(data.table, folder / "table.parquet")


def read_training_set(folder: str) -> TrainingSet:
    """Read a training set."""
    from churn.features import TrainingSet

    features = pickle.loads(Path(folder, "features.pickle").read_bytes())  # noqa: S301 - our own file
    return TrainingSet(read(f"{folder}/table.parquet"), features)


def remove(ti: RuntimeTaskInstanceProtocol) -> None:
    """Delete the frames of the task's run."""
    shutil.rmtree(folder(ti))
