"""Notifications: a sensor, which the daemon asks every 30 s whether a run has failed."""

from __future__ import annotations

import os

import dagster as dg

from churn import notify


@dg.run_failure_sensor(default_status=dg.DefaultSensorStatus.RUNNING)
def notify_failure(context: dg.RunFailureSensorContext) -> None:
    """Post why a run has failed, be it of a job or of assets that somebody materializes from the asset graph."""
    run = context.dagster_run
    notify.failure(_webhook(run), "Dagster", run.job_name, _reason(context))


def tell(instance: dg.DagsterInstance, run: dg.DagsterRun, failure: dg.DagsterEvent) -> None:
    """Call the sensor. Where there is no daemon, whoever executes a job does so."""
    context = dg.build_run_status_sensor_context(notify_failure.name, failure, instance, run)
    notify_failure(context.for_run_failure())


def _webhook(run: dg.DagsterRun) -> str:
    # The resource that the run has configured ended with it. What is left is the config that the run was launched with.
    configured = [resource.get("config", {}) for resource in run.run_config.get("resources", {}).values()]
    given = next((each["webhook"] for each in configured if each.get("webhook")), "")
    # A secret is given as `{env: NAME}`. Dagster resolves that for the resource, and keeps the name.
    return os.environ.get(given["env"], "") if isinstance(given, dict) else given


def _reason(context: dg.RunFailureSensorContext) -> str:
    failures = [_words_of(event) for event in context.get_step_failure_events()]
    return "; ".join(_refusals(context) or failures or [str(context.failure_event.message)])


def _refusals(context: dg.RunFailureSensorContext) -> list[str]:
    # The exception of a blocking check only names the check. Its evaluation has the reason, and no public call returns it.
    evaluated = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    entries = context.instance.all_logs(context.dagster_run.run_id, of_type=evaluated)
    checks = [entry.get_dagster_event().asset_check_evaluation_data for entry in entries]
    return [check.description for check in checks if not check.passed and check.description]


def _words_of(failure: dg.DagsterEvent) -> str:
    data = failure.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:  # a `dg.Failure`
        return str(data.user_failure_data.description)
    # What a step raises is the cause of an exception of Dagster's own, and its text begins with the class.
    error = data.error and (data.error.cause or data.error)
    return error.message.strip().partition(": ")[2] or error.message.strip() if error else str(failure.message)
