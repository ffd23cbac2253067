"""Inference: the same preparation as in training -> score with the champion -> save -> cleanup."""

from __future__ import annotations

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG

from churn_airflow.pipelines import callables, frames, parameters
from churn_airflow.pipelines.assets import CHAMPION
from churn_airflow.pipelines.notifications import notify_failure
from churn_airflow.pipelines.preparation import prepare

with DAG(
    "churn_inference",
    description="Scores customers with the champion",
    schedule=[CHAMPION],
    max_active_runs=1,  # a run writes the file of predictions
    params=parameters.INFERENCE,
    default_args={"on_failure_callback": notify_failure},
) as dag:
    load, validate = prepare(labelled=False)
    score = PythonOperator(
        task_id="score",
        python_callable=callables.score,
        op_kwargs={"customers": validate.output},
    )
    save = PythonOperator(
        task_id="save",
        python_callable=callables.save,
        op_kwargs={"predictions": score.output},
    )
    cleanup = PythonOperator(task_id="cleanup", python_callable=frames.remove)

    save >> cleanup.as_teardown(setups=[load, validate, score])
