"""The code location that Dagster's servers load in a measurement: the workloads put below DAGSTER_HOME, and the churn jobs.

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
from contract.pipeline import STEPS
from contract.workload import Workload

_HOME: Final = Path(os.environ["DAGSTER_HOME"])
WORKLOADS: Final = _HOME / "workloads"
EXECUTOR: Final = _HOME / "executor.json"
PIPELINES: Final = _HOME / "pipelines.json"
"""The executor of the churn jobs; it is there once they are deployed."""


def _job(file: Path) -> Callable[[], dg.JobDefinition]:
    return lambda: shapes.job(Workload.from_json(file.read_text()), _executor(EXECUTOR))


def _pipeline(name: str) -> Callable[[], dg.JobDefinition]:
    def build() -> dg.JobDefinition:
        # Imported here, because it takes seconds, which no step of a workload should have to wait for.
        from churn_dagster.deployment import defs

        return dg.Definitions.merge(defs, dg.Definitions(executor=_executor(PIPELINES))).resolve_job_def(name)

    return build


def _executor(config: Path) -> dg.ExecutorDefinition:
    return dg.multiprocess_executor.configured(json.loads(config.read_text()))


@dg.repository
def workloads() -> dict[str, dict[str, Any]]:
    """One job for each file of the folder, and one for each pipeline."""
    jobs = {shapes.job_name(file.stem): _job(file) for file in sorted(WORKLOADS.glob("*.json"))}
    if PIPELINES.exists():
        jobs |= {name: _pipeline(name) for name in STEPS}
    return {"jobs": jobs}
