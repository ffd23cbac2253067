"""The assets that a workload becomes."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from churn_dagster import shapes
from contract.events import FinishedBodies, Trial
from contract.workload import Fault, Node, Retry, Workload

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


def test_every_edge_is_a_dependency_of_assets() -> None:
    """The asset graph has the workload's nodes and edges, and nothing else."""
    graph = shapes.definitions(DIAMOND).resolve_asset_graph()
    edges = {key.path[-1]: {parent.path[-1] for parent in graph.get(key).parent_keys} for key in graph.get_all_asset_keys()}
    assert edges == {"a": set(), "b": {"a"}, "c": {"a"}, "d": {"b", "c"}}


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


def test_a_retry_is_a_retry_policy(trial: Trial) -> None:
    """Two planned faults are survived with two retries, and not with one."""
    assert execute(Workload("enough", (Node("a", retry=Retry(2, 0), fault=Fault(2)),)), trial).success
    assert not execute(Workload("too_few", (Node("b", retry=Retry(1, 0), fault=Fault(2)),)), trial).success


def test_a_step_names_its_node() -> None:
    """What Dagster calls a step leads back to the node, though both may hold underscores."""
    job = shapes.job(Workload("two__words", (Node("its__node"),)))
    assert [shapes.node_of(node.name, shapes.workload_of(job.name)) for node in job.nodes] == ["its__node"]
