"""The training as a script, one call after another: what is there before anybody thinks of an orchestrator."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from churn import customers, models
from churn.features import training_set
from churn.parameters import KINDS, Training
from churn.registry import open_registry

Span = Callable[[str], AbstractContextManager[Any]]


def train(parameters: Training, orchestrator: str, run: str, span: Span = nullcontext) -> str:
    """Train three models, and register the best one if it is good enough; `span` is entered around each part of the work."""
    registry = open_registry(parameters)
    with span("load"):
        table = customers.load(parameters.data, parameters.rows, parameters.seed, labelled=True)
    with span("validate"):
        table = customers.validate(table, parameters.data, labelled=True)
    with span("features"):
        data = training_set(table, parameters.held_out, parameters.seed)
    candidates = []
    for kind in KINDS:
        with span(f"train_{kind}"):
            model = models.train(kind, data, parameters)
            candidates.append(registry.record(model, kind, data, parameters, orchestrator, run))
    with span("select"):
        best = models.select(candidates)
    with span("gate"):
        winner = models.gate(best, parameters.min_roc_auc)
    with span("register"):
        return registry.register(winner, parameters.model, parameters.alias)
