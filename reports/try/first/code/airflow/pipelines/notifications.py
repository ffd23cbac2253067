"""Notifications: Airflow calls back, in the process of a task that has failed for good."""

from __future__ import annotations

from airflow.sdk import Context

from churn import notify


def notify_failure(context: Context) -> None:
    """Post the exception that ended the task to the webhook.

    It is the callback of each task. The DAG's own is called in the dag-processor, which does not know the exception.
    """
    webhook = context["params"]["webhook"] or ""
    # When the task's process was killed, the dag-processor calls instead, and knows no exception either.
    what = context.get("exception") or f"the process of task {context['ti'].task_id} is gone"
    notify.failure(webhook, "Airflow", context["dag"].dag_id, str(what))
