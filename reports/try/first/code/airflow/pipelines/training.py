"""Training: load -> validate -> features -> three models at once -> select -> gate -> register -> cleanup."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG

from churn.parameters import KINDS
from churn_airflow.pipelines import callables, frames, parameters
from churn_airflow.pipelines.assets import CHAMPION
from churn_airflow.pipelines.notifications import notify_failure
from churn_airflow.pipelines.preparation import prepare

with DAG(
    "churn_training",
    description="Trains three models, and registers the best one if it is good enough",
    schedule="0 3 * * *",
    max_active_runs=1,  # a run moves the alias
    params=parameters.TRAINING,
    default_args={"on_failure_callback": notify_failure},
) as dag:
    load, validate = prepare(labelled=True)
    features = PythonOperator(
        task_id="features",
        python_callable=callables.features,
        op_kwargs={"customers": validate.output},
    )
    models = [
        PythonOperator(
            task_id=f"train_{kind}",
            python_callable=callables.train_model,
            op_kwargs={"kind": kind, "features": features.output},
            retries=2,
            retry_delay=timedelta(seconds=1),
        )
        for kind in KINDS
    ]
    select = PythonOperator(
        task_id="select",
        python_callable=callables.select,
        op_kwargs={"candidates": [model.output for model in models]},
    )
    gate = PythonOperator(
        task_id="gate",
        python_callable=callables.gate,
        op_kwargs={"best": select.output},
    )
    register = PythonOperator(
        task_id="register",
        python_callable=callables.register,
        op_kwargs={"winner": gate.output},
        outlets=[CHAMPION],
    )
    cleanup = PythonOperator(task_id="cleanup", python_callable=frames.remove)

    # An `.output` makes an edge, so this is the only one that has to be drawn. A teardown also runs after a failure, once
    # all tasks after its setups are over, and does not decide how the run ends. With the trigger rule all_done alone, it
    # would run while models are trained, and turn a failed run into a success.
    register >> cleanup.as_teardown(setups=[load, validate])
