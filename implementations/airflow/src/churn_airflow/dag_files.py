"""Workload -> files in a DAG folder: the workload as JSON, and a DAG file that reads it.

It stands apart from `shapes`, which imports Airflow, because the adapter's own process can do without.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from contract.workload import Workload

_DAG_FILE: Final = '''"""The DAG of the workload in the JSON file beside this one: Airflow finds `dag` here."""

from churn_airflow import shapes

dag = shapes.read(__file__)
'''


def write(workload: Workload, folder: Path) -> Path:
    """Write a workload and its DAG file, and return the DAG file."""
    folder.mkdir(parents=True, exist_ok=True)
    dag_file = folder / f"{workload.name}.py"
    # The DAG file comes last and in one piece, because a dag-processor may be looking.
    dag_file.with_suffix(".json").write_text(workload.to_json())
    new = dag_file.with_suffix(".new")
    new.write_text(_DAG_FILE)
    new.replace(dag_file)
    return dag_file
