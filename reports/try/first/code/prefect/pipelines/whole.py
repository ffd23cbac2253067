"""The training as one task: what you get by wrapping an existing script, and what you give up."""

from __future__ import annotations

from prefect import flow, task
from prefect.runtime import flow_run

from churn import script
from churn.parameters import Training
from churn_prefect.pipelines.notifications import notify_failure
from churn_prefect.pipelines.parameters import TrainingParameters
from contract.steps import step


@flow(name="train_whole", on_failure=[notify_failure], on_crashed=[notify_failure])
def train_whole(parameters: TrainingParameters = TrainingParameters()) -> str:  # noqa: B008 - it is frozen
    """Run the script, and notify of its failure."""
    version: str = train(parameters.to_core(), flow_run.id)
    return version


@task(retries=2, retry_delay_seconds=1)
def train(parameters: Training, run: str) -> str:
    """Run the script; a retry runs all of it again."""
    return script.train(parameters, "prefect", run, step)
