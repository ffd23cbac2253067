"""The code location that Dagster's servers load in a measurement: what was put below DAGSTER_HOME (see `location.py`).

Every step's process loads the code location again. With one `Definitions` object it would build the assets of
all the workloads that were ever deployed, 0.6 ms of CPU each, and import the pipelines, which takes seconds: what a task
costs would depend on its neighbours. A `RepositoryData` is the documented way to build a job only when it is asked for.
(A dict is the simpler one, but has no place for an asset check.)
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import dagster as dg

from churn_dagster.adapter import catalogue, shapes
from churn_dagster.adapter.location import Location

_LOCATION: Final = Location(Path(os.environ["DAGSTER_HOME"]))


class Jobs(dg.RepositoryData):
    """One job for each workload, and one or more for each pipeline."""

    def __init__(self) -> None:
        self._pipelines = _LOCATION.pipelines()
        of_pipelines = [job for pipeline in self._pipelines for job in catalogue.jobs_of(pipeline)]
        self._names = [*map(shapes.job_name, _LOCATION.workloads()), *of_pipelines]

    def get_job_names(self) -> list[str]:
        return self._names

    def get_job(self, job_name: str) -> dg.JobDefinition:
        return _job(job_name)

    def get_all_jobs(self) -> list[dg.JobDefinition]:
        return [self.get_job(name) for name in self.get_job_names()]

    def get_assets_defs_by_key(self) -> Mapping[dg.AssetKey, dg.AssetsDefinition]:
        # Whether they are stale is asked only of the assets of this pipeline.
        if "cached" not in self._pipelines:
            return {}
        graph = _definitions("cached").resolve_asset_graph()
        return {key: definition for definition in graph.assets_defs for key in definition.keys}

    def get_asset_checks_defs_by_key(self) -> Mapping[dg.AssetCheckKey, dg.AssetChecksDefinition]:
        if "train" not in self._pipelines:
            return {}
        from churn_dagster.pipelines.training import gate

        return dict.fromkeys(gate.check_keys, gate)

    def get_all_sensors(self) -> list[dg.SensorDefinition]:
        # From the start: a sensor tells of no failure from before the daemon knew of it, which may be a minute later.
        from churn_dagster.pipelines.notifications import notify_failure

        return [notify_failure]

    def get_top_level_resources(self) -> Mapping[str, Any]:
        return {}

    def get_env_vars_by_top_level_resource(self) -> Mapping[str, Any]:
        return {}


def make_job(name: str, _edits: int = 0) -> dg.JobDefinition:
    """Return the job of a workload or of a pipeline; the number is for Dagster, which remembers jobs by arguments."""
    if pipeline := catalogue.pipeline_of(name):
        return _definitions(pipeline).resolve_job_def(name)
    return shapes.job(_LOCATION.workload(shapes.workload_of(name)), _executor(of_pipelines=False))


_job = cache(make_job)


def _definitions(pipeline: str) -> dg.Definitions:
    defs = catalogue.definitions(pipeline, _LOCATION.caching)
    return dg.Definitions.merge(defs, dg.Definitions(executor=_executor(of_pipelines=True)))


def _executor(*, of_pipelines: bool) -> dg.ExecutorDefinition:
    # Dagster's default executor, which is the one or the other by its config.
    return dg.multi_or_in_process_executor.configured(_LOCATION.executor(of_pipelines=of_pipelines))


@dg.repository
def workloads() -> dg.RepositoryData:
    """Return what there is."""
    return Jobs()
