"""Training: load -> validate -> features -> three models at once -> select -> gate -> register."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
from prefect import flow, task, unmapped
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import INPUTS, NO_CACHE, CachePolicy
from prefect.context import TaskRunContext
from prefect.events import emit_event
from prefect.runtime import flow_run
from prefect.utilities.hashing import file_hash

import churn.features
from churn import models
from churn.features import TrainingSet, training_set
from churn.models import Candidate
from churn.parameters import Training
from churn.registry import open_registry
from churn_prefect.pipelines.notifications import notify_failure
from churn_prefect.pipelines.parameters import TrainingParameters
from churn_prefect.pipelines.preparation import prepare
from contract.steps import step


@flow(on_failure=[notify_failure], on_crashed=[notify_failure])
def train(parameters: TrainingParameters = TrainingParameters()) -> str:  # noqa: B008 - it is frozen
    """Train three models, and register the best one if it is good enough; return its version."""
    chosen = parameters.to_core()
    customers = prepare(chosen.data, chosen.rows, chosen.seed, labelled=True)
    data = features(customers, chosen.held_out, chosen.seed)
    candidates = train_model.map(models.KINDS, unmapped(data), unmapped(chosen)).result()
    version: str = register(gate(select(candidates), chosen), chosen)
    return version


def code_of_features(_context: TaskRunContext, _inputs: dict[str, Any]) -> str:
    """Return a hash of the module that does the work: Prefect's own TASK_SOURCE sees the task, not what it calls."""
    return str(file_hash(churn.features.__file__))


@task(cache_policy=INPUTS + CachePolicy.from_cache_key_fn(code_of_features), cache_expiration=timedelta(days=30))
@step("features")
def features(customers: pd.DataFrame, held_out: float, seed: int) -> TrainingSet:
    """Split the customers, fit the features on one part, and apply them to both."""
    return training_set(customers, held_out, seed)


@task(task_run_name="train_{kind}", retries=2, retry_delay_seconds=1, cache_policy=NO_CACHE)
def train_model(kind: str, data: TrainingSet, parameters: Training) -> Candidate:
    """Train one kind of model, evaluate it, and record both."""
    with step(f"train_{kind}"):
        model = models.train(kind, data, parameters)
        return open_registry(parameters).record(model, kind, data, parameters, "prefect", flow_run.id)


@task
@step("select")
def select(candidates: list[Candidate]) -> Candidate:
    """Return the best of them."""
    return models.select(candidates)


@task
def gate(best: Candidate, parameters: Training) -> Candidate:
    """Show beside the run how good the best model is, and refuse it if it is not good enough."""
    reached, least = best.metrics[models.DECIDES], parameters.min_roc_auc
    create_markdown_artifact(f"{best.kind}: {models.DECIDES} {reached:.3f}, asked for {least:.3f}", key="gate")
    with step("gate"):
        return models.gate(best, least)


@task
def register(winner: Candidate, parameters: Training) -> str:
    """Make the winner the model that inference finds by its alias, and say so: an inference follows."""
    with step("register"):
        version = open_registry(parameters).register(winner, parameters.model, parameters.alias)
    emit_event(
        "churn.champion.registered",
        resource={"prefect.resource.id": f"churn.model.{parameters.model}"},
        payload={"model": parameters.model, "alias": parameters.alias, "tracking": parameters.tracking},
    )
    return version
