"""The graphs by hand do what the interpreter makes of the same graphs as data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Engine

from churn_airflow.adapter import by_hand, shapes
from churn_airflow.adapter.library import DagTest
from contract import steps
from contract.adapter import State
from contract.by_hand import CHAIN, INDEPENDENT, TRAINING
from contract.events import Trial
from contract.testing import bodies_in
from contract.workload import Workload

GRAPHS = pytest.mark.parametrize("workload", [CHAIN, INDEPENDENT, TRAINING], ids=lambda workload: workload.name)

DAG_FILE = "from churn_airflow.adapter.by_hand import {name}_dag as dag\n"


class Both(DagTest):
    """Knows each graph as a DAG by hand, under the name that it has there, and as one that is made of data."""

    def deploy_by_hand(self, name: str) -> None:
        """Deploy a DAG by hand."""
        folder = self._bundle(name)
        folder.mkdir(parents=True)
        (folder / f"{name}.py").write_text(DAG_FILE.format(name=name))
        self._load([folder / f"{name}.py"])

    def submit(self, workload: str, trial: Trial) -> str:
        steps.announce(Path(os.environ[steps.VARIABLE]), trial, {})
        return super().submit(workload, trial)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Start one engine for all graphs: its first task takes seconds."""
    engine = Engine(tmp_path_factory.mktemp("both")).up(Both)
    yield engine
    engine.down()


@GRAPHS
def test_both_do_the_same(engine: Engine, workload: Workload) -> None:
    """The same tasks run, get the same from their parents, and return what is expected."""
    as_data = replace(workload, name=f"{workload.name}_as_data")
    engine.adapter.deploy_by_hand(workload.name)
    engine.deploy(as_data)
    hand, data = engine.run(workload), engine.run(as_data)
    assert (hand.state, data.state) == (State.SUCCEEDED, State.SUCCEEDED)
    assert bodies_in(hand.events) == bodies_in(data.events)
    assert {node: token for kind, node, token in bodies_in(hand.events) if kind == "finished"} == workload.tokens


@GRAPHS
def test_both_are_the_same_graph(workload: Workload) -> None:
    """The tasks, their groups and their edges have the same names."""
    both = getattr(by_hand, f"{workload.name}_dag"), shapes.build(workload)
    hand, data = ({task.task_id: task.upstream_task_ids for task in dag.tasks} for dag in both)
    assert hand == data
