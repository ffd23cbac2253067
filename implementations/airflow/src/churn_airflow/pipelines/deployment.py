"""The DAG file: with this folder as `[core] dags_folder`, Airflow reads the files that `.airflowignore` leaves."""

from __future__ import annotations

from churn_airflow.pipelines.inference import dag as inference
from churn_airflow.pipelines.training import dag as training

__all__ = ["inference", "training"]
