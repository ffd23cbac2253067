"""Workload -> DAG: a PythonOperator per node, with its parents' return values as arguments.

Every task process reads its DAG file anew, so this module imports no more than that takes.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG
from airflow.sdk.types import DagRunProtocol

from contract import body
from contract.events import Trial
from contract.workload import Node, Workload


def build(workload: Workload) -> DAG:
    """Return the workload as a DAG that runs when it is triggered; a parent's output as an argument makes the edge."""
    with DAG(workload.name, schedule=None) as dag:
        tasks: dict[str, PythonOperator] = {}
        for node in workload.nodes:
            tasks[node.id] = PythonOperator(
                task_id=node.id,
                python_callable=partial(run, node),
                op_kwargs={"inputs": {parent: tasks[parent].output for parent in node.after}},
                retries=node.retry.times if node.retry else 0,
                retry_delay=timedelta(seconds=node.retry.delay_s if node.retry else 0),
            )
    return dag


def run(node: Node, inputs: dict[str, str], dag_run: DagRunProtocol) -> str:
    """Be the task of a node: Airflow fills in the parents' tokens and the run, whose conf holds the trial."""
    conf = dag_run.conf or {}
    return body.run(node, Trial(**conf["trial"]), inputs)


def read(dag_file: str) -> DAG:
    """Return the DAG of the workload beside the DAG file."""
    return build(Workload.from_json(Path(dag_file).with_suffix(".json").read_text()))
