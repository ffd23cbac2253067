"""The DAG file: with this folder as `[core] dags_folder`, Airflow reads it, and no other because of `.airflowignore`."""

from __future__ import annotations

from churn_airflow.pipelines.caching import dag as caching
from churn_airflow.pipelines.inference import dag as inference
from churn_airflow.pipelines.passing import dag as passing
from churn_airflow.pipelines.passing import file_dag as passing_file
from churn_airflow.pipelines.training import dag as training
from churn_airflow.pipelines.training_taskflow import training_dag as training_taskflow
from churn_airflow.pipelines.whole import dag as whole

__all__ = ["caching", "inference", "passing", "passing_file", "training", "training_taskflow", "whole"]
