"""A kept result: begin -> compute -> use, where `compute` does nothing while nothing that it depends on has changed.

Airflow has no cache, so it is written by hand: a file named after the arguments and the code of this module. Nobody deletes
old files. The task runs each time, and finds the result.
"""

# ruff: noqa: AIR001 - a task cannot have the name of its function, which is the same in all four implementations
from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, Param

from churn import home
from churn.patterns import slow
from contract.steps import step

KEPT_S = 3600


def begin(params: dict[str, Any]) -> int:
    """Return what the result depends on."""
    with step("begin"):
        return int(params["value"])


def compute_once(value: int, params: dict[str, Any]) -> dict[str, str]:
    """Return the result, which is computed only if something that it depends on has changed."""
    arguments = (value, Lock()) if params["unhashable"] else (value,)
    return kept(compute, *arguments)


def compute(value: int, _lock: object = None) -> dict[str, str]:
    """Compute what is worth keeping."""
    with step("compute"):
        body = 1
        return slow(f"{describe(value)}/{body}")


def describe(value: int) -> str:
    """Help the above."""
    helper = 1
    return f"{value}/{helper}"


def use(result: dict[str, str]) -> None:
    """Use the result."""
    with step("use", token=result["text"]):
        pass


def kept(call: Callable[..., dict[str, str]], *arguments: Any) -> dict[str, str]:
    """Return the result of an earlier call with the same arguments and code, if it is not too old; else call."""
    try:
        key = json.dumps(arguments)
    except TypeError:
        return call(*arguments)  # without a key nobody knows whether there is a result
    digest = hashlib.sha256(key.encode() + Path(__file__).read_bytes()).hexdigest()
    file = home.folder("airflow-kept") / f"{digest}.json"
    try:
        if time.time() - file.stat().st_mtime < KEPT_S:
            found: dict[str, str] = json.loads(file.read_bytes())
            return found
    except (FileNotFoundError, ValueError):
        pass  # there is no result, or none that can be read
    result = call(*arguments)
    with home.replacing(file) as new:
        new.write_text(json.dumps(result))
    return result


with DAG(
    "churn_caching",
    description="Computes something slow, unless it has done so before",
    schedule=None,
    params={
        "value": Param(1, "What the result depends on.", type="integer"),
        "unhashable": Param(False, "Whether it also depends on something that no hash can be made of.", type="boolean"),
        "by_file": Param(False, "Whether the result goes by the whole source file; here it always does.", type="boolean"),
    },
) as dag:
    begin_task = PythonOperator(
        task_id="begin",
        python_callable=begin,
    )
    compute_task = PythonOperator(
        task_id="compute",
        python_callable=compute_once,
        op_kwargs={"value": begin_task.output},
        max_active_tis_per_dag=1,  # of all runs: the second one finds the result
    )
    use_task = PythonOperator(
        task_id="use",
        python_callable=use,
        op_kwargs={"result": compute_task.output},
    )

    begin_task >> compute_task >> use_task
