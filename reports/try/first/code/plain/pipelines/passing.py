"""A frame that goes from one step to the next: as a value, or as a file."""

from __future__ import annotations

import shutil
from concurrent.futures import Executor
from pathlib import Path
from uuid import uuid4

import pandas as pd

from churn import home
from churn.patterns import Passing, checksum, frame
from contract.steps import step


def passing(parameters: Passing, pool: Executor) -> None:
    """Make a frame, and take it, each in a call of the pool: with processes, what they pass to each other is pickled."""
    if parameters.way == "value":
        pool.submit(take, pool.submit(make, parameters.size).result()).result()
        return
    folder = home.folder("frames", str(uuid4()))
    try:
        path = pool.submit(make_file, parameters.size, folder / "frame.parquet").result()
        pool.submit(take_file, path).result()
    finally:
        shutil.rmtree(folder)


def make(size: int) -> pd.DataFrame:
    """Make a frame."""
    with step("make") as says:
        table = frame(size)
        says["token"] = checksum(table)
    return table


def take(table: pd.DataFrame) -> None:
    """Look at a frame."""
    with step("take") as says:
        says["token"] = checksum(table)


def make_file(size: int, path: Path) -> Path:
    """Make a frame, and write it."""
    make(size).to_parquet(path)
    return path


def take_file(path: Path) -> None:
    """Read a frame, and look at it."""
    take(pd.read_parquet(path))
