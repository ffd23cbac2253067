"""The code location that Dagster's servers load: a job for each workload that was put below DAGSTER_HOME.

Every step's process loads the code location again. With one `Definitions` object it would build the assets of
all the workloads that were ever deployed, 0.6 ms of CPU each, and what a task costs would depend on its
neighbours. The dict form of `@repository` is the documented way to build a job only when it is asked for.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import dagster as dg

from churn_dagster import shapes
from contract.workload import Workload

_HOME: Final = Path(os.environ["DAGSTER_HOME"])
WORKLOADS: Final = _HOME / "workloads"
EXECUTOR: Final = _HOME / "executor.json"


def _job(file: Path) -> Callable[[], dg.JobDefinition]:
    def build() -> dg.JobDefinition:
        executor = dg.multiprocess_executor.configured(json.loads(EXECUTOR.read_text()))
        return shapes.job(Workload.from_json(file.read_text()), executor)

    return build


@dg.repository
def workloads() -> dict[str, dict[str, Any]]:
    """One job for each file of the folder."""
    return {"jobs": {shapes.job_name(file.stem): _job(file) for file in sorted(WORKLOADS.glob("*.json"))}}
