"""Notifications: a state hook, which Prefect calls when a flow run has failed or the process is gone."""

from __future__ import annotations

from typing import Any

from prefect import Flow
from prefect.client.schemas.objects import FlowRun, State

from churn import notify


def notify_failure(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Post why the flow run failed to the webhook among its parameters."""
    # A run of a deployment has the parameters as they were submitted, without the defaults.
    webhook = flow_run.parameters.get("parameters", {}).get("webhook", "")
    notify.failure(webhook, "Prefect", flow.name, state.message or state.name or "it has no message")
