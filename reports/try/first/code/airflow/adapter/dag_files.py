"""DAG files: for a workload, one that reads it from the JSON beside it; for a pipeline, one that imports it.

`shapes` imports Airflow, which takes seconds. The adapter's process needs none of it, so this module is separate.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from churn_airflow import pipelines
from churn_airflow.adapter import catalogue
from contract import editions
from contract.workload import Workload

CACHING: Final = "churn_caching"
"""The DAG whose file is a copy of the source and not an import, because the scenario edits the source."""

_CACHING_SOURCE: Final = Path(pipelines.__file__).with_name("caching.py")

_DAG_FILE: Final = '''"""The DAG of the workload in the JSON file beside this one: Airflow finds `dag` here."""

from churn_airflow.adapter import shapes

dag = shapes.read(__file__)
'''

_PIPELINE_FILE: Final = '''"""The DAG of one of the pipelines; a user deploys the module itself."""

from churn_airflow.pipelines.{module} import {name} as dag
'''


def write(workload: Workload, folder: Path) -> Path:
    """Write a workload and its DAG file, and return the DAG file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{workload.name}.json").write_text(workload.to_json())
    return _write(workload.name, _DAG_FILE, folder)


def write_pipeline(dag_id: str, folder: Path) -> Path:
    """Write the DAG file of one of the pipelines, and return it."""
    if dag_id == CACHING:
        return write_caching(folder, editions.FIRST)
    folder.mkdir(parents=True, exist_ok=True)
    module, name = catalogue.SOURCES[dag_id]
    return _write(dag_id, _PIPELINE_FILE.format(module=module, name=name), folder)


def write_caching(folder: Path, numbers: Mapping[str, int]) -> Path:
    """Write the edited source of the pipeline `cached` as a DAG file, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    dag_file = folder / f"{CACHING}.py"
    # Airflow imports a DAG file, and Python would take the bytecode of an older source of the same second and size.
    while dag_file.exists() and int(dag_file.stat().st_mtime) == int(time.time()):
        time.sleep(0.05)
    editions.write(_CACHING_SOURCE, dag_file, numbers)
    return dag_file


def _write(dag_id: str, content: str, folder: Path) -> Path:
    # The DAG file comes last and in one piece, because a dag-processor may be looking.
    dag_file = folder / f"{dag_id}.py"
    new = dag_file.with_suffix(".new")
    new.write_text(content)
    new.replace(dag_file)
    return dag_file
