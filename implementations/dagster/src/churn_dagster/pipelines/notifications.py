"""Notifications: a failure hook, which Dagster calls in the process of the step that failed."""

from __future__ import annotations

import dagster as dg

from churn import notify


def notify_failure(pipeline: str) -> dg.HookDefinition:
    """Return the hook for the job that has the parameters of the pipeline."""

    @dg.failure_hook(f"notify_{pipeline}_failure", required_resource_keys={pipeline})
    def post(context: dg.HookContext) -> None:
        parameters = getattr(context.resources, pipeline)
        notify.failure(parameters.webhook, "Dagster", context.job_name, _reason(context))

    return post


def _reason(context: dg.HookContext) -> str:
    # The exception of a blocking check only names the check. The evaluation says why it did not pass.
    logged = context.instance.all_logs(context.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    checks = [entry.get_dagster_event().asset_check_evaluation_data for entry in logged]
    refusals = [check.description for check in checks if not check.passed and check.description]
    return refusals[-1] if refusals else str(context.op_exception)
