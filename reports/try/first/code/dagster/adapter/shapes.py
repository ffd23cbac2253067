"""Workload -> assets and a job that materializes them.

Assets, because they are what Dagster recommends for a pipeline and what its users' graphs are made of. A job
of plain ops would cost less per step, because it records no materializations (README.md has the numbers).

A nested pipeline is a graph-backed asset: a graph of ops, and of other graphs, whose results are assets like any other.
"""

from __future__ import annotations

from typing import Any

import dagster as dg

from contract import body
from contract.events import Trial
from contract.workload import Group, Node, Retry, Workload

_INPUT = "token_of_"
"""Before every input's name: `config` or `context` are good names of a node, but not of an input."""

_JOB = "_job"


class TrialResource(dg.ConfigurableResource[Any]):
    """The trial that a run belongs to, configured at launch, which every asset of the run asks for."""

    id: str
    events: str
    run: str


def definitions(workload: Workload, executor: dg.ExecutorDefinition | None = None) -> dg.Definitions:
    """Return the workload as one would write it in a code location of its own."""
    members = workload.tree.members if any(node.group for node in workload.nodes) else workload.nodes
    assets = [
        _asset(workload.name, each) if isinstance(each, Node) else _graph_asset(workload.name, each) for each in members
    ]
    return dg.Definitions(
        assets=assets,
        jobs=[dg.define_asset_job(job_name(workload.name), selection=assets)],
        resources={"trial": TrialResource.configure_at_launch()},
        executor=executor,
    )


def job(workload: Workload, executor: dg.ExecutorDefinition | None = None) -> dg.JobDefinition:
    """Return the job that materializes the workload's assets."""
    return definitions(workload, executor).resolve_job_def(job_name(workload.name))


def job_name(workload: str) -> str:
    """Name a workload's job: with a suffix, because a workload may be called `config`, and a job may not."""
    return workload + _JOB


def workload_of(job: str) -> str:
    """Return the workload that a job was made from."""
    return job.removesuffix(_JOB)


def run_config(trial: Trial) -> dict[str, object]:
    """Return what a run of the job is launched with."""
    return {"resources": {"trial": {"config": trial.to_dict()}}}


def node_of(step: str, workload: str) -> str:
    """Return the node of a step, which is called after the asset's key, and after the graphs that it is in before that."""
    return step.rpartition(".")[2].removeprefix(f"{workload}__")


def unsupported(workload: Workload) -> str:
    """Say what Dagster cannot do of the workload."""
    if any(node.retry and node.retry.backoff and node.retry.delay_s is None for node in workload.nodes):
        return "a RetryPolicy has no delay of its own that a backoff could begin with, and refuses a backoff without a delay"
    return ""


def _asset(workload: str, node: Node) -> dg.AssetsDefinition:
    @dg.asset(
        key=[workload, node.id],
        ins={_INPUT + parent: dg.AssetIn(key=[workload, parent]) for parent in node.after},
        retry_policy=_retry_policy(node.retry),
    )
    def materialize(trial: TrialResource, **tokens: str) -> str:
        return _attempt(node, trial, tokens)

    return materialize


def _graph_asset(workload: str, group: Group) -> dg.AssetsDefinition:
    """Return the group as one definition that makes an asset of each of its nodes: others may wait for any of them."""
    return dg.AssetsDefinition.from_graph(
        _graph(workload, group, ()),
        keys_by_input_name={_INPUT + parent: dg.AssetKey([workload, parent]) for parent in _outside(group)},
        keys_by_output_name={node.id: dg.AssetKey([workload, node.id]) for node in group.nodes},
        internal_asset_deps={node.id: {dg.AssetKey([workload, parent]) for parent in node.after} for node in group.nodes},
    )


def _graph(workload: str, group: Group, parents: tuple[str, ...]) -> dg.GraphDefinition:
    path = (*parents, group.name)

    @dg.graph(
        # Unlike any op's name: a group may be called as a node is.
        name="__".join((f"{workload}_group", *path)),
        ins={_INPUT + parent: dg.GraphIn() for parent in _outside(group)},
        out={node.id: dg.GraphOut() for node in group.nodes},
    )
    def nested(**tokens: Any) -> dict[str, Any]:
        made = {name.removeprefix(_INPUT): token for name, token in tokens.items()}
        for each in group.members:
            if isinstance(each, Node):
                made[each.id] = _op(workload, each)(**{_INPUT + parent: made[parent] for parent in each.after})
            else:
                results = _graph(workload, each, path)(**{_INPUT + parent: made[parent] for parent in _outside(each)})
                # A graph with one output returns that output, and not a tuple.
                names = [node.id for node in each.nodes]
                made |= zip(names, results if len(names) > 1 else [results], strict=True)
        return {node.id: made[node.id] for node in group.nodes}

    return nested


def _op(workload: str, node: Node) -> dg.OpDefinition:
    @dg.op(
        name=f"{workload}__{node.id}",
        ins={_INPUT + parent: dg.In() for parent in node.after},
        retry_policy=_retry_policy(node.retry),
    )
    def compute(trial: TrialResource, **tokens: str) -> str:
        return _attempt(node, trial, tokens)

    return compute


def _outside(group: Group) -> list[str]:
    """Return the nodes that those of the group wait for, but that are not in it."""
    inside = {node.id for node in group.nodes}
    return sorted({parent for node in group.nodes for parent in node.after} - inside)


def _retry_policy(retry: Retry | None) -> dg.RetryPolicy | None:
    # A policy has no list of delays. If the retry has one, `_attempt` asks for each try itself.
    if retry is None or retry.delays_s:
        return None
    # Dagster waits (2^attempt - 1) * delay, that is 1, 3, 7, 15 times the delay; without a delay, not at all. There
    # is no jitter, unless one is asked for.
    return dg.RetryPolicy(retry.times, retry.delay_s, dg.Backoff.EXPONENTIAL if retry.backoff else None)


def _attempt(node: Node, trial: TrialResource, tokens: dict[str, str]) -> str:
    inputs = {name.removeprefix(_INPUT): token for name, token in tokens.items()}
    try:
        return body.run(node, Trial(trial.id, trial.events, trial.run), inputs)
    except body.FinalFault as fault:
        raise dg.Failure(str(fault), allow_retries=False) from fault
    except body.PlannedFault as fault:
        delays_s = node.retry.delays_s if node.retry else ()
        tried = dg.OpExecutionContext.get().retry_number
        if tried < len(delays_s):
            raise dg.RetryRequested(max_retries=len(delays_s), seconds_to_wait=delays_s[tried]) from fault
        raise
