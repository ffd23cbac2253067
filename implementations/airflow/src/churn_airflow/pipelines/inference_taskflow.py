"""Inference in TaskFlow style: see `training_taskflow.py`."""

from __future__ import annotations

from airflow.sdk import dag, task

from churn_airflow.pipelines import callables, frames, parameters
from churn_airflow.pipelines.assets import CHAMPION
from churn_airflow.pipelines.notifications import notify_failure
from churn_airflow.pipelines.preparation_taskflow import prepare

score = task(callables.score)
save = task(callables.save)
cleanup = task(frames.remove, task_id="cleanup")


@dag(
    schedule=[CHAMPION],
    params=parameters.INFERENCE,
    default_args={"on_failure_callback": notify_failure},
)
def churn_inference_taskflow() -> None:
    """Scores customers with the champion."""
    loaded, customers = prepare(labelled=False)
    saved = save(score(customers))
    saved >> cleanup().as_teardown(setups=[loaded, customers])


inference_dag = churn_inference_taskflow()
