"""Training once more, with the TaskFlow API: a call hands over the value and makes the edge, so no `>>` is needed.

`task(f)` is what `@task` above the function would be; the functions are those of `training.py`.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from churn.parameters import KINDS
from churn_airflow.pipelines import frames, parameters, training
from churn_airflow.pipelines.notifications import notify_failure
from churn_airflow.pipelines.preparation import prepare


@dag(
    schedule=None,
    params=parameters.TRAINING,
    default_args={"on_failure_callback": notify_failure},
)
def churn_training_taskflow() -> None:
    """Trains three models, and registers the best one if it is good enough."""
    load_task, validate_task = prepare(labelled=True)
    features = task(training.features)(validate_task.output)
    train = task(training.train_model, retries=2, retry_delay=timedelta(seconds=1))
    candidates = [train.override(task_id=f"train_{kind}")(kind, features) for kind in KINDS]
    best = task(training.select)(candidates)
    winner = task(training.gate)(best)
    version = task(training.register)(winner)
    # The one edge along which no value goes.
    version >> task(frames.remove, task_id="cleanup")().as_teardown(setups=[load_task, validate_task])


training_dag = churn_training_taskflow()
