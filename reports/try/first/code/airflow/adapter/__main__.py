"""The Airflow adapter, as the harness starts it: `python -m churn_airflow.adapter`."""

from __future__ import annotations

from churn_airflow.adapter.library import DagTest, DagTestObjects
from churn_airflow.adapter.service import LocalExecutor, LocalExecutorObjects, LocalExecutorTaskFlow
from contract.host import serve

if __name__ == "__main__":
    serve(
        {
            "dag_test": DagTest,
            "dag_test_objects": DagTestObjects,
            "local_executor": LocalExecutor,
            "local_executor_taskflow": LocalExecutorTaskFlow,
            "local_executor_objects": LocalExecutorObjects,
        }
    )
