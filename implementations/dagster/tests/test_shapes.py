"""The assets that a workload becomes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import dagster as dg
import pytest

from churn_dagster.adapter import shapes
from contract.events import FinishedBodies, Trial
from contract.workload import Fault, Node, Retry, Workload
from contract_testing import events_of

DIAMOND = Workload("diamond", (Node("a"), Node("b", after=("a",)), Node("c", after=("a",)), Node("d", after=("b", "c"))))


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    """Return a trial with a log of its own."""
    return Trial("t", str(tmp_path))


def execute(workload: Workload, trial: Trial) -> dg.ExecuteInProcessResult:
    """Run the workload's job in this process, and keep no record of it."""
    with dg.DagsterInstance.ephemeral() as instance:
        job = shapes.job(workload)
        return job.execute_in_process(shapes.run_config(trial), instance, raise_on_error=False)


def edges(workload: Workload) -> dict[str, set[str]]:
    """Return what each asset of the workload depends on, as Dagster's lineage has it."""
    graph = shapes.definitions(workload).resolve_asset_graph()
    return {key.path[-1]: {parent.path[-1] for parent in graph.get(key).parent_keys} for key in graph.get_all_asset_keys()}


def test_every_edge_is_a_dependency_of_assets() -> None:
    """The asset graph has the workload's nodes and edges, and nothing else."""
    assert edges(DIAMOND) == {"a": set(), "b": {"a"}, "c": {"a"}, "d": {"b", "c"}}


def test_a_diamond_runs_every_body_once(trial: Trial) -> None:
    """Each of the four bodies of a diamond finishes once, and the last one's token is the right one."""
    result = execute(DIAMOND, trial)
    assert FinishedBodies(trial)() == 4
    assert result.output_for_node("diamond__d") == DIAMOND.tokens["d"]


def test_a_hundred_parents_reach_one_child(trial: Trial) -> None:
    """A node may have as many inputs as a fan-in of the overhead scenario has."""
    parents = tuple(Node(f"p{i}") for i in range(100))
    execute(Workload("fan_in", (*parents, Node("child", after=tuple(each.id for each in parents)))), trial)
    assert FinishedBodies(trial)() == 101


def test_names_that_dagster_reserves_can_be_used(trial: Trial) -> None:
    """Words that Dagster refuses as a job's or an input's name do for a workload and its nodes."""
    execute(Workload("config", (Node("context"), Node("class", after=("context",)))), trial)
    assert FinishedBodies(trial)() == 2


def count(trial: Trial, kind: str) -> dict[str, int]:
    """Return how many events of the kind each node has logged."""
    return dict(Counter(event["node"] for event in events_of(trial.events) if event["kind"] == kind))


@pytest.mark.parametrize(
    ("retry", "waits"),
    [
        (Retry(2, 0.3), [0.3, 0.3]),
        (Retry(2, None), [0, 0]),
        # Not the textbook's 0.1, 0.2, 0.4.
        (Retry(3, 0.1, backoff=True), [0.1, 0.3, 0.7]),
        (Retry(3, delays_s=(0.4, 0.1, 0.3)), [0.4, 0.1, 0.3]),
    ],
    ids=["constant", "default", "backoff", "explicit"],
)
def test_a_retry_waits_as_it_is_told(trial: Trial, retry: Retry, waits: list[float]) -> None:
    """As many faults as there are retries are survived, with these waits between the tries."""
    assert execute(Workload("retried", (Node("a", retry=retry, fault=Fault(retry.times)),)), trial).success
    began = [event["t"] / 1e9 for event in events_of(trial.events) if event["kind"] == "started"]
    waited = [after - before for before, after in pairwise(began)]
    assert waited == pytest.approx(waits, abs=0.25)
    assert all(real >= wait for real, wait in zip(waited, waits, strict=True))


@pytest.mark.parametrize("retry", [Retry(2, 0), Retry(2, delays_s=(0.0, 0.0))], ids=["policy", "request"])
def test_exhausted_retries_fail_the_run_but_not_its_other_branches(trial: Trial, retry: Retry) -> None:
    """The last try is followed by no other, nothing below the node runs, and what does not depend on it does."""
    failing = Node("a", retry=retry, fault=Fault(3))
    workload = Workload("exhausted", (failing, Node("below", after=("a",)), Node("b"), Node("c", after=("b",))))
    assert not execute(workload, trial).success
    assert count(trial, "started") == {"a": 3, "b": 1, "c": 1}
    assert count(trial, "finished") == {"b": 1, "c": 1}


@pytest.mark.parametrize("retry", [Retry(3, 0), Retry(3, delays_s=(0.0, 0.0, 0.0))], ids=["policy", "request"])
def test_a_final_fault_is_not_tried_again(trial: Trial, retry: Retry) -> None:
    """One try is enough, however many there may be."""
    assert not execute(Workload("final", (Node("a", retry=retry, fault=Fault(1, final=True)),)), trial).success
    assert count(trial, "started") == {"a": 1}


def test_a_backoff_without_a_delay_is_refused_with_a_reason() -> None:
    """There is no default that a backoff could begin with."""
    assert "refuses a backoff without a delay" in shapes.unsupported(
        Workload("w", (Node("a", retry=Retry(1, None, backoff=True)),))
    )
    assert shapes.unsupported(DIAMOND) == ""


def nested(faulty: str = "") -> Workload:
    """Return a graph with groups that wait for what is outside of them, and are waited for; one is called as a node is."""
    nodes = (
        Node("first"),
        Node("x", after=("first",), group="outer"),
        Node("y", after=("x",), group="outer.inner"),
        Node("z", after=("y", "first"), group="outer.inner"),
        Node("w", after=("x",), group="outer"),
        Node("outer", after=("z",)),
        Node("last", after=("outer", "w")),
        Node("alone", group="other"),
    )
    return Workload("nested", tuple(replace(each, fault=Fault(1) if each.id == faulty else None) for each in nodes))


def test_a_group_is_a_graph_in_a_graph(trial: Trial) -> None:
    """Every body runs once, its tokens travel into the groups and out of them, and the steps lie in graphs."""
    workload = nested()
    result = execute(workload, trial)
    assert result.success
    says = {event["node"]: event["data"]["token"] for event in events_of(trial.events) if event["kind"] == "finished"}
    assert says == workload.tokens
    assert count(trial, "started") == dict.fromkeys(workload.tokens, 1)
    made = [event.step_key for event in result.get_step_success_events()]
    assert {shapes.node_of(step, "nested"): step.count(".") for step in made} == {
        "first": 0,
        "x": 1,
        "y": 2,
        "z": 2,
        "w": 1,
        "outer": 0,
        "last": 0,
        "alone": 1,
    }


def test_the_lineage_of_groups_is_that_of_their_nodes() -> None:
    """An asset made by a graph depends on what its own node waits for, and on nothing else that the graph gets."""
    assert edges(nested()) == {node.id: set(node.after) for node in nested().nodes}


def test_a_failure_in_a_group_reaches_the_run(trial: Trial) -> None:
    """Nothing below the node runs, inside the groups or outside; the rest of the groups does, and the run fails."""
    assert not execute(nested("y"), trial).success
    assert count(trial, "started") == {"first": 1, "x": 1, "y": 1, "w": 1, "alone": 1}


def test_a_step_names_its_node() -> None:
    """What Dagster calls a step leads back to the node, though both may hold underscores."""
    job = shapes.job(Workload("two__words", (Node("its__node"),)))
    assert [shapes.node_of(node.name, shapes.workload_of(job.name)) for node in job.nodes] == ["its__node"]
