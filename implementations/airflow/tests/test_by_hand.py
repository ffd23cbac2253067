"""The graphs by hand do what the interpreter makes of the same graphs as data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from airflow.sdk import DAG, RetryAction, RetryDecision
from conftest import Engine, Ran

from churn_airflow.adapter import by_hand, shapes
from churn_airflow.adapter.library import DagTest
from contract import steps
from contract.adapter import State
from contract.body import FinalFault, PlannedFault
from contract.by_hand import CHAIN, FLAKY, INDEPENDENT, REFUSED, TRAINING
from contract.events import Trial
from contract.workload import Workload
from contract_testing import bodies_in

SUCCEED = [CHAIN, INDEPENDENT, TRAINING, FLAKY]

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


def run_both(engine: Engine, workload: Workload) -> tuple[Ran, Ran]:
    """Run the graph by hand, and as it is made of data."""
    as_data = replace(workload, name=f"{workload.name}_as_data")
    engine.adapter.deploy_by_hand(workload.name)
    engine.deploy(as_data)
    return engine.run(workload), engine.run(as_data)


def both(workload: Workload) -> tuple[DAG, DAG]:
    """Return the DAG by hand, and the one that is made of data."""
    return getattr(by_hand, f"{workload.name}_dag"), shapes.build(workload)


def waits(dag: DAG, task_id: str, error: Exception) -> list[timedelta | None]:
    """Return how long Airflow is to wait before each retry after this error; none, where it is not to try again."""
    task = dag.get_task(task_id)
    found: list[timedelta | None] = []
    for attempt in range(1, task.retries + 1):
        decision = task.retry_policy.evaluate(error, attempt, task.retries) if task.retry_policy else RetryDecision.default()
        found.append(None if decision.action is RetryAction.FAIL else decision.retry_delay or task.retry_delay)
    return found


@pytest.mark.parametrize("workload", SUCCEED, ids=lambda workload: workload.name)
def test_both_do_the_same(engine: Engine, workload: Workload) -> None:
    """The same tasks run as often, get the same from their parents, and return what is expected."""
    hand, data = run_both(engine, workload)
    assert (hand.state, data.state) == (State.SUCCEEDED, State.SUCCEEDED)
    assert bodies_in(hand.events) == bodies_in(data.events)
    assert {node: token for kind, node, token in bodies_in(hand.events) if kind == "finished"} == workload.tokens


def test_a_final_error_is_tried_once(engine: Engine) -> None:
    """The run fails by it, in both ways."""
    for ran in run_both(engine, REFUSED):
        assert (ran.state, ran.tries, ran.reported.attempts) == (State.FAILED, {"login": 1}, {"login": 1})


@pytest.mark.parametrize("workload", [*SUCCEED, REFUSED], ids=lambda workload: workload.name)
def test_both_are_the_same_graph(workload: Workload) -> None:
    """The tasks, their groups and their edges have the same names."""
    hand, data = ({task.task_id: task.upstream_task_ids for task in dag.tasks} for dag in both(workload))
    assert hand == data


@pytest.mark.parametrize(
    ("workload", "task_id", "error", "seconds"),
    [
        (FLAKY, "download", PlannedFault(), [0.5, 0.5, 0.5]),
        (FLAKY, "upload", PlannedFault(), [0.25, 0.5, 1.0]),
        (REFUSED, "login", PlannedFault(), [0.5, 0.5, 0.5]),
        (REFUSED, "login", FinalFault(), [None, None, None]),
    ],
    ids=["constant", "sequence", "not final", "final"],
)
def test_both_wait_as_long(workload: Workload, task_id: str, error: Exception, seconds: list[float | None]) -> None:
    """Before each retry, as the graph says."""
    expected = [None if each is None else timedelta(seconds=each) for each in seconds]
    assert [waits(dag, task_id, error) for dag in both(workload)] == [expected, expected]


def test_a_task_that_is_cleared_keeps_the_last_wait() -> None:
    """Its tries are counted on, beyond the waits that are given."""
    assert by_hand.Delays(1, 2).evaluate(PlannedFault(), 5, 7).retry_delay == timedelta(seconds=2)
