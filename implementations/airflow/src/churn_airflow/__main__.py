"""`python -m churn_airflow train|infer|check`: a run is a call of `dag.test()`, which needs a database but no server."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from churn import command_line, home
from churn.parameters import Common, Inference, Training

if TYPE_CHECKING:
    from airflow.sdk import DAG, Context

_SETTINGS: Final = {
    "AIRFLOW__CORE__DAGS_FOLDER": str(Path(__file__).with_name("pipelines")),  # dag.test() looks for the DAG there
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    # Airflow logs to standard output, where the result goes. It also logs each DeprecationWarning of its dependencies.
    "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "py.warnings=ERROR",
}
"""Airflow's settings, as environment variables, for a user who has not set them."""


def train(parameters: Training) -> Any:
    """Train, and return the version that was registered."""
    from churn_airflow.pipelines.training import dag

    return run(dag, parameters, "register")


def infer(parameters: Inference) -> Any:
    """Score, and return the file of predictions."""
    from churn_airflow.pipelines.inference import dag

    return run(dag, parameters, "save")


def run(dag: DAG, parameters: Common, last: str) -> Any:
    """Return what the last task returned, or raise what the first failed task raised: dag.test() does neither."""
    migrate()
    results: list[Any] = []
    failures: list[BaseException] = []

    def remember_result(context: Context) -> None:
        results.append(context["ti"].xcom_pull())

    def remember_failure(context: Context) -> None:
        failures.append(context["exception"])

    dag = deepcopy(dag)  # it is the module's; dag.test() also leaves the run's parameters in it, as its defaults
    for task in dag.tasks:
        task.on_failure_callback = [*task.on_failure_callback, remember_failure]
    task = dag.get_task(last)
    task.on_success_callback = [*task.on_success_callback, remember_result]
    dag_run = dag.test(run_conf=asdict(parameters))
    if failures:
        raise failures[0]
    if str(dag_run.state) != "success" or not results:
        raise RuntimeError(f"the run is {dag_run.state}, and no task has said why; see the logs in $AIRFLOW_HOME")
    return results[0]


@functools.cache
def migrate() -> None:
    """Make the database that dag.test() records its run in, or bring it up to date; once in a process."""
    # What the command says of it goes nowhere: standard output is for the result.
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    os.environ.setdefault("AIRFLOW_HOME", str(home.folder("airflow")))
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    command_line.main("airflow", train, infer)
