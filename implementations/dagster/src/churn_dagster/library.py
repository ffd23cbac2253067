"""The library tier: `execute_in_process` with a persistent instance. The steps run one after another."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

import dagster as dg

from churn_dagster import pipelines, settings, shapes
from contract.adapter import Adapter, LocalRuns, Reported, Setup, Started, State, Unsupported
from contract.events import Trial
from contract.pipeline import STEPS
from contract.workload import Workload


class InProcess(Adapter):
    """A run is a call of `execute_in_process`, and its record goes to SQLite, as a deployment's does."""

    def __init__(self) -> None:
        self._runs = LocalRuns()
        self._jobs: dict[str, dg.JobDefinition] = {}
        self._instance: dg.DagsterInstance | None = None

    def start(self, setup: Setup) -> Started:
        changed = settings.changed(setup)
        settings.write_instance(setup.home, changed)
        os.environ |= settings.environment(setup.home)
        self._instance = dg.DagsterInstance.get()
        return Started(settings.VERSIONS, changed)

    def deploy(self, workloads: Sequence[Workload]) -> None:
        self._jobs |= {workload.name: shapes.job(workload) for workload in workloads}

    def submit(self, workload: str, trial: Trial) -> str:
        run = str(uuid4())
        execute = partial(self._jobs[workload].execute_in_process, instance=self._instance, run_id=run)
        return self._runs.submit(run, partial(execute, run_config=shapes.run_config(trial)))

    def deploy_pipelines(self) -> None:
        from churn_dagster.deployment import defs

        self._pipelines = {name: defs.resolve_job_def(name) for name in STEPS}

    def submit_pipeline(self, pipeline: str, parameters: Mapping[str, Any], trial: Trial) -> str:
        from churn_dagster.parameters import run_config

        config = run_config(pipeline, **parameters)
        run = str(uuid4())
        return self._runs.submit(run, lambda: self._execute(self._pipelines[pipeline], config, run))

    def _execute(self, job: dg.JobDefinition, config: dg.RunConfig, run: str) -> None:
        # Were the exception of a step raised here, the step's hooks would not be called.
        result = job.execute_in_process(config, self._instance, raise_on_error=False, run_id=run)
        if not result.success:
            raise RuntimeError(f"the run failed: {result.get_run_failure_event().message}")

    def state(self, run: str) -> State:
        return self._runs.state(run)

    def wait(self, run: str, bodies_done: Callable[[], bool], limit_s: float) -> State:
        return self._runs.wait(run, limit_s)

    def cancel(self, run: str) -> None:
        raise Unsupported("execute_in_process runs in its caller's thread: there is no launcher that could end it")

    def reported(self, run: str) -> Reported:
        if self._instance is None or (record := self._instance.get_run_record_by_id(run)) is None:
            return Reported()
        job = record.dagster_run.job_name
        return Reported(
            submitted=record.create_timestamp.timestamp(),
            started=record.start_time,
            ended=record.end_time,
            tasks={
                pipelines.name_of(step.step_key, job): (step.start_time, step.end_time)
                for step in self._instance.get_run_step_stats(run)
                if step.start_time and step.end_time
            },
        )

    def stop(self) -> None:
        self._runs.stop()
        if self._instance:
            self._instance.dispose()
            self._instance = None
