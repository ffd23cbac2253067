"""A frame that goes from one step to the next: as a value, through Prefect's result storage, or as a file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.results import get_result_store
from prefect.runtime import flow_run

from churn import home
from churn.patterns import Passing, checksum, frame
from contract.steps import step


@flow
def passing(parameters: Passing = Passing()) -> None:  # noqa: B008 - it is frozen
    """Make a frame, and take it, each in the flow's task runner."""
    match parameters.way:
        case "value":
            take.submit(make.submit(parameters.size)).result()
        case "store":
            through_storage(parameters.size, f"frame-{flow_run.id}")
        case "file":
            through_file(parameters.size, home.folder("frames", str(flow_run.id)))


def through_storage(size: int, key: str) -> None:
    """Pass the key of a persisted result. Prefect would hand over the value itself in memory, and never read it back."""
    made = make_stored.submit(size, key)
    try:
        take_stored.submit(key, wait_for=[made]).result()
    finally:
        made.wait()
        if made.state.is_completed():  # it has stored the frame, and Prefect never deletes a result
            Path(get_result_store().result_storage.basepath, key).unlink()


def through_file(size: int, folder: Path) -> None:
    """Pass the path of a file."""
    try:
        take_file.submit(make_file.submit(size, folder / "frame.parquet")).result()
    finally:
        shutil.rmtree(folder)


@task
def make(size: int) -> pd.DataFrame:
    """Make a frame."""
    return made(size)


# By default Prefect hashes the arguments of every task, here a whole table, for a cache that holds for one run only.
@task(cache_policy=NO_CACHE)
def take(table: pd.DataFrame) -> None:
    """Look at a frame."""
    look_at(table)


# Without the last option the frame would stay in memory until the flow ends, too.
@task(task_run_name="make", persist_result=True, result_storage_key="{parameters[key]}", cache_result_in_memory=False)
def make_stored(size: int, key: str) -> pd.DataFrame:  # noqa: ARG001 - Prefect makes the file's name of the key
    """Make a frame, which Prefect stores under the key."""
    return made(size)


@task(task_run_name="take")
def take_stored(key: str) -> None:
    """Read a frame from the storage, and look at it."""
    look_at(get_result_store().read(key).result)


@task(task_run_name="make")
def make_file(size: int, path: Path) -> Path:
    """Make a frame, and write it."""
    made(size).to_parquet(path)
    return path


@task(task_run_name="take")
def take_file(path: Path) -> None:
    """Read a frame, and look at it."""
    look_at(pd.read_parquet(path))


def made(size: int) -> pd.DataFrame:
    """Return a new frame."""
    with step("make") as says:
        table = frame(size)
        says["token"] = checksum(table)
    return table


def look_at(table: pd.DataFrame) -> None:
    """Say what has arrived."""
    with step("take") as says:
        says["token"] = checksum(table)
