"""Training in TaskFlow style: a call hands over the value and makes the edge.

`task(f)` is what `@task` above `f` would be, if `f` were for this style only.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from churn.parameters import KINDS
from churn_airflow.pipelines import callables, frames, parameters
from churn_airflow.pipelines.assets import CHAMPION
from churn_airflow.pipelines.notifications import notify_failure
from churn_airflow.pipelines.preparation_taskflow import prepare

features = task(callables.features)
train_model = task(callables.train_model, retries=2, retry_delay=timedelta(seconds=1))
select = task(callables.select)
gate = task(callables.gate)
register = task(callables.register, outlets=[CHAMPION])
cleanup = task(frames.remove, task_id="cleanup")


@dag(
    schedule="0 3 * * *",
    max_active_runs=1,
    params=parameters.TRAINING,
    default_args={"on_failure_callback": notify_failure},
)
def churn_training_taskflow() -> None:
    """Trains three models, and registers the best one if it is good enough."""
    loaded, customers = prepare(labelled=True)
    computed = features(customers)
    candidates = [train_model.override(task_id=f"train_{kind}")(kind, computed) for kind in KINDS]
    version = register(gate(select(candidates)))
    # The one edge along which no value goes.
    version >> cleanup().as_teardown(setups=[loaded, customers])


training_dag = churn_training_taskflow()
