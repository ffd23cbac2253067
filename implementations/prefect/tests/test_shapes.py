"""The flow of a workload, called against a real API server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from churn_prefect.library import FlowCall
from contract.adapter import State
from contract.events import Trial
from contract.workload import Fault, Node, Retry, Workload

DIAMOND = Workload("diamond", (Node("a"), Node("b", after=("a",)), Node("c", after=("a",)), Node("d", after=("b", "c"))))


def run(engine: FlowCall, workload: Workload, folder: Path) -> tuple[State, list[str]]:
    """Run the workload, and return its state and the nodes whose bodies finished."""
    engine.deploy([workload])
    trial = Trial(workload.name, str(folder))
    state = engine.wait(engine.submit(workload.name, trial), lambda: False, 60)
    events = [json.loads(line) for file in folder.glob("events-*") for line in file.read_text().splitlines()]
    return state, sorted(event["node"] for event in events if event["kind"] == "finished")


@pytest.mark.usefixtures("engine")  # Prefect may only be imported once the engine has set its environment
def test_nodes_that_differ_in_their_work_only_are_mapped() -> None:
    """Siblings come as one submission, level by level, and a retry of its own sets a node apart."""
    from churn_prefect.shapes import submissions

    siblings = (Node("b", after=("a",)), Node("c", after=("a",)), Node("r", after=("a",), retry=Retry(1)))
    workload = Workload("w", (Node("a"), *siblings, Node("e", after=("b", "c", "r"))))
    assert [[node.id for node in alike] for alike in submissions(workload)] == [["a"], ["b", "c"], ["r"], ["e"]]


def test_a_diamond_runs_every_body_once(engine: FlowCall, tmp_path: Path) -> None:
    """Each of the four bodies of a diamond finishes once, and Prefect has recorded each as a task run of that name."""
    state, finished = run(engine, DIAMOND, tmp_path)
    assert state is State.SUCCEEDED
    assert finished == sorted(engine.reported("diamond").tasks) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("after", [(), ("a",)])
def test_a_retry_survives_as_many_faults_as_it_allows(engine: FlowCall, tmp_path: Path, after: tuple[str, ...]) -> None:
    """Two planned faults are survived with two retries and not with one, in a chain and beside a sibling."""
    name = "wide" if after else "line"
    enough, too_few = tmp_path / "enough", tmp_path / "too_few"
    for times, folder in ((2, enough), (1, too_few)):
        folder.mkdir()
        faulty = Node("b", after=after, retry=Retry(times, 0), fault=Fault(2))
        nodes = (Node("a"), Node("c", after=("a",)), faulty) if after else (faulty,)
        state, finished = run(engine, Workload(f"{name}_{times}", nodes), folder)
        assert (state is State.SUCCEEDED, "b" in finished) == (times == 2, times == 2)
