"""Workload -> assets and a job that materializes them.

Assets, because they are what Dagster recommends for a pipeline and what its users' graphs are made of. A job
of plain ops would cost less per step, because it records no materializations (README.md has the numbers).
"""

from __future__ import annotations

from typing import Any

import dagster as dg

from contract import body
from contract.events import Trial
from contract.workload import Node, Workload

_INPUT = "token_of_"
"""Before every input's name: `config` or `context` are good names of a node, but not of an input."""

_JOB = "_job"


class TrialResource(dg.ConfigurableResource[Any]):
    """The trial that a run belongs to, configured at launch, which every asset of the run asks for."""

    id: str
    events: str


def definitions(workload: Workload, executor: dg.ExecutorDefinition | None = None) -> dg.Definitions:
    """Return the workload as one would write it in a code location of its own."""
    assets = [_asset(workload.name, node) for node in workload.nodes]
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
    """Return the node of a step, whose name is the asset's key, joined with two underscores."""
    return step.removeprefix(f"{workload}__")


def _asset(workload: str, node: Node) -> dg.AssetsDefinition:
    retry = dg.RetryPolicy(max_retries=node.retry.times, delay=node.retry.delay_s) if node.retry else None

    @dg.asset(
        key=[workload, node.id],
        ins={_INPUT + parent: dg.AssetIn(key=[workload, parent]) for parent in node.after},
        retry_policy=retry,
    )
    def materialize(trial: TrialResource, **tokens: str) -> str:
        inputs = {name.removeprefix(_INPUT): token for name, token in tokens.items()}
        return body.run(node, Trial(trial.id, trial.events), inputs)

    return materialize
