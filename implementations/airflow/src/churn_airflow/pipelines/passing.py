"""A frame that goes from one step to the next: as an XCom, or as a file.

An XCom is a row in the metadata database, or a file in object storage if `[core] xcom_backend` says so. In either case
Airflow turns the frame into Parquet, the Parquet into hexadecimal digits, and these into JSON. A row is deleted with its run
or by `airflow db clean`; nobody deletes the files in object storage.
"""

# ruff: noqa: AIR001 - a task cannot have the name of its function, which is the same in all four implementations
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, ObjectStoragePath, Param
from airflow.sdk.types import TaskInstance

from churn.patterns import WAYS
from churn_airflow.pipelines import frames
from contract.steps import step

if TYPE_CHECKING:
    import pandas as pd

PARAMETERS: Final = {
    "size": Param(1_000_000, "Bytes of the frame.", type="integer", minimum=1),
    "way": Param("value", "How the frame goes; `file` is what churn_passing_file is for.", type="string", enum=list(WAYS)),
}


def make(params: dict[str, Any]) -> pd.DataFrame:
    """Make a frame."""
    from churn.patterns import checksum, frame

    with step("make") as says:
        table = frame(params["size"])
        says["token"] = checksum(table)
    return table


def take(table: pd.DataFrame) -> None:
    """Look at a frame."""
    from churn.patterns import checksum

    with step("take") as says:
        says["token"] = checksum(table)


def make_file(params: dict[str, Any], ti: TaskInstance) -> ObjectStoragePath:
    """Make a frame, and write it."""
    return frames.write(make(params), frames.folder(ti) / "frame.parquet")


def take_file(path: ObjectStoragePath) -> None:
    """Read a frame, and look at it."""
    take(frames.read(path))


with DAG(
    "churn_passing",
    description="Passes a frame as an XCom",
    schedule=None,
    params=PARAMETERS,
) as dag:
    make_task = PythonOperator(task_id="make", python_callable=make)
    PythonOperator(task_id="take", python_callable=take, op_kwargs={"table": make_task.output})

with DAG(
    "churn_passing_file",
    description="Passes a frame as a file",
    schedule=None,
    params=PARAMETERS,
) as file_dag:
    make_file_task = PythonOperator(task_id="make", python_callable=make_file)
    take_file_task = PythonOperator(task_id="take", python_callable=take_file, op_kwargs={"path": make_file_task.output})
    cleanup_task = PythonOperator(task_id="cleanup", python_callable=frames.remove)

    take_file_task >> cleanup_task.as_teardown(setups=make_file_task)
