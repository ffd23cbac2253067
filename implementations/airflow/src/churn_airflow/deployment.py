"""The DAG file: with this folder as `[core] dags_folder`, Airflow reads it, and no other because of `.airflowignore`."""

from __future__ import annotations

from churn_airflow.inference import dag as inference
from churn_airflow.training import dag as training
from churn_airflow.training_taskflow import training_dag as training_taskflow

__all__ = ["inference", "training", "training_taskflow"]
