"""Training: load -> validate -> features -> three models at once -> select -> gate -> register."""

from __future__ import annotations

import os
import pickle
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from uuid import uuid4

import pandas as pd

from churn import home, models
from churn.features import TrainingSet, fingerprint, training_set
from churn.models import Candidate
from churn.parameters import Training
from churn.registry import open_registry
from churn_plain.pipelines.notifications import failure_is_notified
from churn_plain.pipelines.preparation import prepare
from churn_plain.pipelines.retries import retry
from churn_plain.pipelines.settings import THREADS
from contract.steps import step


def train(parameters: Training, pool: Executor | None = None) -> str:
    """Train three models, and register the best one if it is good enough; return its version."""
    if pool is None:
        with ThreadPoolExecutor(int(os.environ.get(THREADS, len(models.KINDS)))) as threads:
            return train(parameters, threads)
    run = str(uuid4())
    with failure_is_notified("train", parameters):
        data = features(prepare(parameters), parameters)
        candidates = list(pool.map(partial(train_model, data=data, parameters=parameters, run=run), models.KINDS))
        return register(gate(select(candidates), parameters), parameters)


def features(customers: pd.DataFrame, parameters: Training) -> TrainingSet:
    """Return the features, from the cache unless something that they depend on has changed.

    It is written by hand: a file named after all that matters. Nobody deletes old files.
    """
    cached = home.folder("plain-cache") / fingerprint(customers, parameters.held_out, parameters.seed)
    if not cached.exists():
        with home.replacing(cached) as new:
            new.write_bytes(pickle.dumps(compute_features(customers, parameters)))
    data: TrainingSet = pickle.loads(cached.read_bytes())  # noqa: S301 - our own file
    return data


@step("features")
def compute_features(customers: pd.DataFrame, parameters: Training) -> TrainingSet:
    """Split the customers, fit the features on one part, and apply them to both."""
    return training_set(customers, parameters.held_out, parameters.seed)


@retry(times=2, delay_s=1)
def train_model(kind: str, data: TrainingSet, parameters: Training, run: str) -> Candidate:
    """Train one kind of model, evaluate it, and record both."""
    with step(f"train_{kind}"):
        model = models.train(kind, data, parameters)
        return open_registry(parameters).record(model, kind, data, parameters, "plain", run)


@step("select")
def select(candidates: list[Candidate]) -> Candidate:
    """Return the best of them."""
    return models.select(candidates)


@step("gate")
def gate(best: Candidate, parameters: Training) -> Candidate:
    """Refuse a model that is not good enough."""
    return models.gate(best, parameters.min_roc_auc)


@step("register")
def register(winner: Candidate, parameters: Training) -> str:
    """Make the winner the model that inference finds by its alias."""
    return open_registry(parameters).register(winner, parameters.model, parameters.alias)
