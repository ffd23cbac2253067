"""The code location that Dagster's servers load in a measurement: the workloads put below DAGSTER_HOME, and the churn jobs.

Every step's process loads the code location again. With one `Definitions` object it would build the assets of
all the workloads that were ever deployed, 0.6 ms of CPU each, and import the pipelines, which takes seconds: what a task
costs would depend on its neighbours. A `RepositoryData` is the documented way to build a job only when it is asked for.
(A dict is the simpler one, but has no place for an asset check.)
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
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


class Jobs(dg.RepositoryData):
    """One job for each file of the folder, and one for each pipeline."""

    def __init__(self) -> None:
        workloads = [shapes.job_name(file.stem) for file in sorted(WORKLOADS.glob("*.json"))]
        self._names = [*workloads, *(STEPS if PIPELINES.exists() else ())]

    def get_job_names(self) -> list[str]:
        return self._names

    def get_job(self, job_name: str) -> dg.JobDefinition:
        return _pipeline(job_name) if job_name in STEPS else _workload(job_name)

    def get_all_jobs(self) -> list[dg.JobDefinition]:
        return [self.get_job(name) for name in self.get_job_names()]

    def get_asset_checks_defs_by_key(self) -> Mapping[dg.AssetCheckKey, dg.AssetChecksDefinition]:
        if not STEPS.keys() <= set(self._names):
            return {}
        from churn_dagster.training import gate

        return dict.fromkeys(gate.check_keys, gate)

    def get_top_level_resources(self) -> Mapping[str, Any]:
        return {}

    def get_env_vars_by_top_level_resource(self) -> Mapping[str, Any]:
        return {}


@cache
def _workload(job: str) -> dg.JobDefinition:
    file = WORKLOADS / f"{shapes.workload_of(job)}.json"
    return shapes.job(Workload.from_json(file.read_text()), _executor(EXECUTOR))


@cache
def _pipeline(job: str) -> dg.JobDefinition:
    from churn_dagster.deployment import defs

    return dg.Definitions.merge(defs, dg.Definitions(executor=_executor(PIPELINES))).resolve_job_def(job)


def _executor(config: Path) -> dg.ExecutorDefinition:
    return dg.multiprocess_executor.configured(json.loads(config.read_text()))


@dg.repository
def workloads() -> dg.RepositoryData:
    """Return what there is."""
    return Jobs()
