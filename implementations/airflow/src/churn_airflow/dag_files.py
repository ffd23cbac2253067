"""DAG files: for a workload, one that reads it from the JSON beside it; for a churn pipeline, one that imports it.

It stands apart from `shapes`, which imports Airflow, because the adapter's own process can do without.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from contract.workload import Workload

PIPELINES: Final = {"train": "churn_training", "infer": "churn_inference"}
"""The DAG of each of the churn pipelines."""

_DAG_FILE: Final = '''"""The DAG of the workload in the JSON file beside this one: Airflow finds `dag` here."""

from churn_airflow import shapes

dag = shapes.read(__file__)
'''

_PIPELINE_FILE: Final = '''"""The DAG of one of the churn pipelines; churn_airflow/deployment.py has them all."""

from churn_airflow.{module} import dag
'''


def write(workload: Workload, folder: Path) -> Path:
    """Write a workload and its DAG file, and return the DAG file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{workload.name}.json").write_text(workload.to_json())
    return _write(workload.name, _DAG_FILE, folder)


def write_pipeline(dag_id: str, folder: Path) -> Path:
    """Write the DAG file of one of the churn pipelines, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    return _write(dag_id, _PIPELINE_FILE.format(module=dag_id.removeprefix("churn_")), folder)


def _write(dag_id: str, content: str, folder: Path) -> Path:
    # The DAG file comes last and in one piece, because a dag-processor may be looking.
    dag_file = folder / f"{dag_id}.py"
    new = dag_file.with_suffix(".new")
    new.write_text(content)
    new.replace(dag_file)
    return dag_file
