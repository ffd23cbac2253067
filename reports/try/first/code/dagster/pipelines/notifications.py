"""Notifications: a sensor, which the daemon asks every 30 s whether a run has failed."""

from __future__ import annotations

import os
from typing import Any

import dagster as dg

from churn import notify


def notify_failure(*jobs: Any) -> dg.SensorDefinition:
    """Return the sensor that tells of each failed run of the jobs; of all that there are, if none is named."""

    @dg.run_failure_sensor(
        name="_".join(["notify", *(job.name for job in jobs), "failure"]),
        monitored_jobs=list(jobs) or None,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def post(context: dg.RunFailureSensorContext) -> None:
        tell(context.instance, context.dagster_run)

    return post


def tell(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Post why the run has failed. Where there is no daemon, whoever executes the job calls this."""
    notify.failure(_webhook(run), "Dagster", run.job_name, _reason(instance, run.run_id))


def _webhook(run: dg.DagsterRun) -> str:
    # The resource that the run has configured ended with it. What is left is the config that the run was launched with.
    configured = [resource.get("config", {}) for resource in run.run_config.get("resources", {}).values()]
    given = next((each["webhook"] for each in configured if each.get("webhook")), "")
    # A secret is given as `{env: NAME}`. Dagster resolves that for the resource, and keeps the name.
    return os.environ.get(given["env"], "") if isinstance(given, dict) else given


def _reason(instance: dg.DagsterInstance, run_id: str) -> str:
    def events(kind: dg.DagsterEventType) -> list[dg.DagsterEvent]:
        return [entry.get_dagster_event() for entry in instance.all_logs(run_id, of_type=kind)]

    # The exception of a blocking check only names the check. The evaluation says why it did not pass.
    checks = [event.asset_check_evaluation_data for event in events(dg.DagsterEventType.ASSET_CHECK_EVALUATION)]
    refusals = [check.description for check in checks if not check.passed and check.description]
    failures = [_words_of(event) for event in events(dg.DagsterEventType.STEP_FAILURE)]
    return "; ".join(refusals or failures or [str(event.message) for event in events(dg.DagsterEventType.RUN_FAILURE)])


def _words_of(failure: dg.DagsterEvent) -> str:
    data = failure.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:  # a `dg.Failure`
        return str(data.user_failure_data.description)
    # What a step raises is the cause of an exception of Dagster's own, and its text begins with the class.
    error = data.error and (data.error.cause or data.error)
    return error.message.strip().partition(": ")[2] or error.message.strip() if error else str(failure.message)
