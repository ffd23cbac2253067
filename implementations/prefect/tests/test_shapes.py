"""The flow of a workload, called against a real API server."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from churn_prefect.adapter.library import AsyncFlowCall, FlowCall
from contract.adapter import Reported, State
from contract.events import Trial
from contract.workload import Fault, Node, Retry, Workload
from contract_testing import events_of

DIAMOND = Workload("diamond", (Node("a"), Node("b", after=("a",)), Node("c", after=("a",)), Node("d", after=("b", "c"))))

NESTED = Workload(
    "nested",
    (
        Node("before"),
        Node("first", after=("before",), group="outer"),
        Node("deep", after=("first",), group="outer.inner"),
        Node("deeper", after=("deep",), group="outer.inner"),
        Node("last", after=("deeper",), group="outer"),
        Node("beside", after=("before",)),
        Node("of_first", after=("first",)),
        Node("end", after=("last", "beside")),
    ),
)


@pytest.fixture(params=["flow_call", "async_flow_call"])
def either(engine: FlowCall, other: Callable[[str], FlowCall], request: pytest.FixtureRequest) -> FlowCall:
    """Return an engine whose flows are synchronous, and one whose flows are asynchronous."""
    return engine if request.param == "flow_call" else other(request.param)


STANDSTILL_S = 50
"""Now and then a nested flow stands still for a minute, and may fail then (README: SQLite); nothing here takes as long."""


def run(engine: FlowCall, workload: Workload, folder: Path) -> tuple[State, list[Any], Reported]:
    """Run the workload, again after a standstill; return its state, the bodies' events, and what Prefect reports."""
    engine.deploy([workload])
    for _ in range(3):
        (seen := folder / str(uuid4())).mkdir()
        began = time.monotonic()
        submitted = engine.submit(workload.name, Trial(workload.name, str(seen)))
        state = engine.wait(submitted, lambda: False, 180)
        if time.monotonic() - began < STANDSTILL_S:
            return state, events_of(seen), engine.reported(submitted)
    raise AssertionError(f"{workload.name} stood still three times in a row")


def counted(events: list[Any], kind: str) -> Counter[str]:
    """Count the events of a kind by their nodes."""
    return Counter(event["node"] for event in events if event["kind"] == kind)


@pytest.mark.usefixtures("engine")  # Prefect may only be imported once the engine has set its environment
def test_nodes_that_differ_in_their_work_only_are_mapped() -> None:
    """Siblings come as one submission, level by level, and a retry of its own sets a node apart."""
    from churn_prefect.adapter.shapes import submissions

    siblings = (Node("b", after=("a",)), Node("c", after=("a",)), Node("r", after=("a",), retry=Retry(1)))
    workload = Workload("w", (Node("a"), *siblings, Node("e", after=("b", "c", "r"))))
    assert [[node.id for node in alike] for alike in submissions(workload)] == [["a"], ["b", "c"], ["r"], ["e"]]


def test_a_diamond_runs_every_body_once(either: FlowCall, tmp_path: Path) -> None:
    """Each of the four bodies of a diamond finishes once, and Prefect has recorded each as a task run of that name."""
    state, events, reported = run(either, DIAMOND, tmp_path)
    assert state is State.SUCCEEDED
    assert counted(events, "finished") == reported.attempts == dict.fromkeys("abcd", 1)
    assert sorted(reported.tasks) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("after", [(), ("a",)])
def test_a_retry_survives_as_many_faults_as_it_allows(either: FlowCall, tmp_path: Path, after: tuple[str, ...]) -> None:
    """Two planned faults are survived with two retries and not with one, in a chain and beside a sibling."""
    name = "wide" if after else "line"
    enough, too_few = tmp_path / "enough", tmp_path / "too_few"
    for times, folder in ((2, enough), (1, too_few)):
        folder.mkdir()
        faulty = Node("b", after=after, retry=Retry(times, 0), fault=Fault(2))
        nodes = (Node("a"), Node("c", after=("a",)), faulty) if after else (faulty,)
        state, events, reported = run(either, Workload(f"{name}_{times}", nodes), folder)
        assert (state is State.SUCCEEDED, counted(events, "finished")["b"]) == (times == 2, int(times == 2))
        assert counted(events, "started")["b"] == reported.attempts["b"] == times + 1


def test_the_waits_before_retries_are_those_that_were_asked_for(engine: FlowCall, tmp_path: Path) -> None:
    """Constant, doubled from try to try, one by one, and none at all by default."""
    asked = {
        "constant": (Retry(2, 0.3), (0.3, 0.3)),
        "default": (Retry(2, None), (0.0, 0.0)),
        "backoff": (Retry(3, 0.2, backoff=True), (0.2, 0.4, 0.8)),
        "sequence": (Retry(3, delays_s=(0.4, 0.1, 0.6)), (0.4, 0.1, 0.6)),
    }
    nodes = (Node(name, retry=retry, fault=Fault(retry.times)) for name, (retry, _) in asked.items())
    state, events, _ = run(engine, Workload("waits", tuple(nodes)), tmp_path)
    assert state is State.SUCCEEDED
    for name, (_, delays_s) in asked.items():
        failed = [event["t"] / 1e9 for event in events if (event["kind"], event["node"]) == ("failed", name)]
        started = [event["t"] / 1e9 for event in events if (event["kind"], event["node"]) == ("started", name)]
        waits = [again - before for before, again in zip(failed, started[1:], strict=True)]
        # Half a second for a busy machine; Prefect itself takes milliseconds.
        assert all(asked_s <= wait < asked_s + 0.5 for asked_s, wait in zip(delays_s, waits, strict=True)), (name, waits)


def test_only_what_stands_below_a_failure_does_not_run(either: FlowCall, tmp_path: Path) -> None:
    """A final fault is not tried again, another one until its retries are used up; the branch beside them runs on."""
    nodes = (
        Node("a"),
        Node("final", after=("a",), retry=Retry(3, 0), fault=Fault(9, final=True)),
        Node("exhausted", after=("a",), retry=Retry(1, 0), fault=Fault(9)),
        Node("below_final", after=("final",)),
        Node("below_exhausted", after=("exhausted",)),
        Node("beside", after=("a",), op="sleep", params={"seconds": 0.3}),
        Node("end", after=("beside",)),
    )
    state, events, reported = run(either, Workload("failing", nodes), tmp_path)
    assert state is State.FAILED
    assert counted(events, "started") == {"a": 1, "final": 1, "exhausted": 2, "beside": 1, "end": 1}
    assert reported.attempts == counted(events, "started")


def test_groups_are_subflows(either: FlowCall, tmp_path: Path) -> None:
    """Every body of a nested workload runs once, and Prefect has a flow run in a flow run for each group."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowFilter, FlowFilterName, FlowRunFilter, FlowRunFilterParentFlowRunId
    from prefect.client.schemas.sorting import FlowRunSort

    state, events, reported = run(either, NESTED, tmp_path)
    assert state is State.SUCCEEDED
    assert counted(events, "finished") == reported.attempts == {node.id: 1 for node in NESTED.nodes}
    with get_client(sync_client=True) as client:
        # The last one: `run` runs it again after a standstill.
        named = FlowFilter(name=FlowFilterName(any_=[NESTED.name]))
        within = client.read_flow_runs(flow_filter=named, sort=FlowRunSort.START_TIME_DESC, limit=1)
        for group in ("outer", "inner"):
            parents = FlowRunFilterParentFlowRunId(any_=[each.id for each in within])
            within = client.read_flow_runs(flow_run_filter=FlowRunFilter(parent_flow_run_id=parents))
            assert [client.read_flow(each.flow_id).name for each in within] == [group]


def test_a_failure_in_a_group_reaches_the_run(either: FlowCall, tmp_path: Path) -> None:
    """What waits for the failed node does not run, in its group or outside; everything else does.

    An asynchronous subflow that failed gives nothing to whoever awaits it, not even what was done before the failure.
    """
    awaited: set[str] = {"of_first"} if isinstance(either, AsyncFlowCall) else set()
    nodes = (replace(node, fault=Fault(9)) if node.id == "deep" else node for node in NESTED.nodes)
    state, events, reported = run(either, Workload("nested_failing", tuple(nodes)), tmp_path)
    assert state is State.FAILED
    assert counted(events, "started").keys() == {"before", "first", "deep", "beside", "of_first"} - awaited
    assert reported.attempts == counted(events, "started")


def test_a_group_whose_input_failed_never_begins(either: FlowCall, tmp_path: Path) -> None:
    """A failure before a group ends the run as failed, without the group."""
    nodes = (replace(node, fault=Fault(9)) if node.id == "before" else node for node in NESTED.nodes)
    state, events, _ = run(either, Workload("nested_starved", tuple(nodes)), tmp_path)
    assert (state, sorted(counted(events, "started"))) == (State.FAILED, ["before"])


def test_no_more_tasks_run_at_once_than_the_width_allows(either: FlowCall, tmp_path: Path) -> None:
    """Of five nodes that could all run at once, two do."""
    nodes = tuple(Node(f"n{i}", "sleep", params={"seconds": 0.3}) for i in range(5))
    _, events, _ = run(either, Workload("wide", nodes), tmp_path)
    steps = [{"started": 1, "finished": -1}[event["kind"]] for event in events]
    assert max(accumulate(steps)) == 2
