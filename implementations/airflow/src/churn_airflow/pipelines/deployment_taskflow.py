"""The DAG file of the same pipelines in TaskFlow style. A new DAG is paused: whoever deploys both turns on one of them."""

from __future__ import annotations

from churn_airflow.pipelines.inference_taskflow import inference_dag
from churn_airflow.pipelines.training_taskflow import training_dag

__all__ = ["inference_dag", "training_dag"]
