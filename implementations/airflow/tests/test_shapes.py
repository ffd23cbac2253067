"""The DAG that a workload becomes."""

from __future__ import annotations

import runpy
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.sdk import XComArg
from airflow.sdk.bases.operator import DEFAULT_RETRY_DELAY

from churn_airflow.adapter import dag_files, shapes
from contract.workload import Node, Retry, Workload
from contract_testing import events_of

DIAMOND = Workload("diamond", (Node("a"), Node("b", after=("a",)), Node("c", after=("a",)), Node("d", after=("b", "c"))))


def edges(dag: object) -> dict[str, set[str]]:
    """Return the parents of each task."""
    return {task.task_id: set(task.upstream_task_ids) for task in dag.tasks}  # type: ignore[attr-defined]


def test_a_dag_has_the_edges_of_its_workload() -> None:
    """Every node is a task that waits for the node's parents, and for no other."""
    assert edges(shapes.build(DIAMOND)) == {node.id: set(node.after) for node in DIAMOND.nodes}


def test_a_task_is_given_the_return_values_of_its_parents() -> None:
    """The tokens arrive as XComs, under the names of the parents."""
    inputs = shapes.build(DIAMOND).get_task("d").op_kwargs["inputs"]
    assert {parent: value.operator.task_id for parent, value in inputs.items()} == {"b": "b", "c": "c"}
    assert all(isinstance(value, XComArg) for value in inputs.values())


def test_a_retry_is_the_tasks_own() -> None:
    """The node's number of retries and its delay are Airflow's; without any, a task is tried once."""
    dag = shapes.build(Workload("retried", (Node("a", retry=Retry(2, 1.5)), Node("b"))))
    assert (dag.get_task("a").retries, dag.get_task("a").retry_delay) == (2, timedelta(seconds=1.5))
    assert dag.get_task("b").retries == 0


def test_without_a_delay_airflows_own_applies() -> None:
    """Where the workload asks for no delay, the task says nothing of one, nor of a backoff."""
    task = shapes.build(Workload("retried", (Node("a", retry=Retry(1, None)),))).get_task("a")
    assert (task.retry_delay, task.retry_exponential_backoff) == (DEFAULT_RETRY_DELAY, 0)


def test_a_group_is_a_task_group() -> None:
    """Groups are nested as they are named, tasks are in them, and edges cross their borders."""
    nodes = (Node("a"), Node("b", after=("a",), group="outer.inner"), Node("c", after=("b",)))
    dag = shapes.build(Workload("nested", nodes))
    assert edges(dag) == {"a": set(), "outer.inner.b": {"a"}, "c": {"outer.inner.b"}}
    assert dag.task_group_dict.keys() == {"outer", "outer.inner"}


def test_a_task_runs_the_body_for_the_trial_in_the_conf_of_its_run(tmp_path: Path) -> None:
    """The callable returns the node's token, and its events go to the trial's folder."""
    dag_run = SimpleNamespace(conf={"trial": {"id": "t", "events": str(tmp_path)}})
    task = shapes.build(DIAMOND).get_task("b")
    token = task.python_callable(inputs={"a": DIAMOND.tokens["a"]}, dag_run=dag_run)
    assert token == DIAMOND.tokens["b"]
    assert [event["kind"] for event in events_of(tmp_path)].count("finished") == 1


@pytest.mark.parametrize("workload", [DIAMOND, Workload("one", (Node("a"),))], ids=lambda workload: workload.name)
def test_a_dag_file_holds_the_dag_of_its_workload(workload: Workload, tmp_path: Path) -> None:
    """What Airflow finds in the written file is the workload's DAG."""
    dag = runpy.run_path(str(dag_files.write(workload, tmp_path)))["dag"]
    assert dag.dag_id == workload.name
    assert edges(dag) == {node.id: set(node.after) for node in workload.nodes}
