"""The library tier: jobs that this process executes, with a persistent instance that records them."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg

from churn_dagster.adapter import catalogue, settings, shapes, staleness
from churn_dagster.adapter.location import Location
from churn_dagster.pipelines.notifications import tell
from contract.adapter import Adapter, LocalRuns, Reported, Setup, Started, State, Unsupported
from contract.events import Trial
from contract.pipeline import Pipeline
from contract.tree import kill_descendants
from contract.workload import Workload


class _Library(Adapter):
    """A run is a call, in a thread of its own."""

    _process_per_step: bool
    _recorded = True
    """Whether the call gets an instance, whose records go to SQLite as a deployment's do."""

    def __init__(self) -> None:
        self._runs = LocalRuns(at_once=1)  # two in one process may wait for each other for ever; see unsupported()
        self._pipelines: dict[str, dg.Definitions] = {}
        self._run_ids: dict[str, str] = {}
        self._fresh: dict[str, tuple[str, ...]] = {}
        self._instance: dg.DagsterInstance | None = None

    def start(self, setup: Setup) -> Started:
        changed = settings.changed(setup)
        settings.write_instance(setup.home, changed)
        os.environ |= settings.environment(setup.home)
        self._location = Location(setup.home)
        self._location.prepare(changed)
        self._instance = dg.DagsterInstance.get() if self._recorded else None
        return Started(settings.VERSIONS, changed)

    def submit(self, workload: str, trial: Trial) -> str:
        return self._submit(shapes.job_name(workload), shapes.run_config(trial))

    def unsupported(self, work: Workload | Pipeline, runs_at_once: int = 1) -> str:
        if runs_at_once > 1:
            # logging.config.dictConfig in dagster/_core/instance/methods/event_methods.py, get_yaml_python_handlers.
            return (
                "two runs in one process can wait for each other for ever: each configures Python's logging anew, "
                "and so holds a lock while it waits for one of the other's event log"
            )
        return catalogue.unsupported(work, process_per_step=self._process_per_step)

    def deploy_pipelines(self, pipelines_: Sequence[str]) -> None:
        self._location.add_pipelines(pipelines_)
        self._pipelines |= {name: catalogue.definitions(name, self._location.caching) for name in pipelines_}

    def edit(self, editions: Mapping[str, int]) -> None:
        self._location.edit(editions)
        self._pipelines["cached"] = catalogue.definitions("cached", self._location.caching)

    def kept_files(self) -> Sequence[Path]:
        return catalogue.kept_files(self._location.home)

    def submit_pipeline(self, pipeline: str, parameters: Mapping[str, Any], trial: Trial) -> str:
        job, config = catalogue.request(pipeline, parameters)
        if pipeline != "cached":
            return self._submit(job, config)
        if self._instance is None:
            raise RuntimeError("the engine is not started")
        # Who writes the file has it observed.
        if catalogue.write_value(parameters):
            staleness.observe(self._pipelines[pipeline], self._instance)
        stale, fresh = staleness.stale_and_fresh(self._pipelines[pipeline], job, self._instance)
        run = self._submit(job, config, stale) if stale else self._runs.submit(str(uuid4()), lambda: None)
        self._fresh[run] = tuple(catalogue.name_of(key.to_user_string(), job) for key in fresh)
        return run

    def _submit(self, job: str, config: Any, selection: Sequence[dg.AssetKey] | None = None) -> str:
        run = str(uuid4())
        return self._runs.submit(run, lambda: self._see_through(run, job, config, selection))

    def _see_through(self, run: str, job: str, config: Any, selection: Sequence[dg.AssetKey] | None) -> None:
        if failure := self._execute(run, job, config, selection):
            failed = self._instance and self._instance.get_run_by_id(self._run_ids.get(run, run))
            if self._instance and failed and catalogue.pipeline_of(job):
                tell(self._instance, failed, failure)  # as a sensor does where there is a daemon
            raise RuntimeError(f"the run failed: {failure.message}")

    @abstractmethod
    def _execute(self, run: str, job: str, config: Any, selection: Sequence[dg.AssetKey] | None) -> dg.DagsterEvent | None:
        """Execute the job, and return the event of its failure, if it failed; the values that it made are gone by then."""

    def state(self, run: str) -> State:
        return self._runs.state(run)

    def wait(self, run: str, bodies_done: Callable[[], bool], limit_s: float) -> State:
        return self._runs.wait(run, limit_s)

    def cancel(self, run: str) -> None:
        raise Unsupported("a job is executed in its caller's thread: there is no launcher that could end it")

    def reported(self, run: str) -> Reported:
        fresh = self._fresh.get(run, ())
        run_id = self._run_ids.get(run, run)
        if self._instance is None or (record := self._instance.get_run_record_by_id(run_id)) is None:
            return Reported(cached=fresh)
        job = record.dagster_run.job_name
        steps = [
            (catalogue.name_of(step.step_key, job), step)
            for step in self._instance.get_run_step_stats(run_id)
            if step.status and step.status.value in catalogue.TRIED
        ]
        return Reported(
            submitted=record.create_timestamp.timestamp(),
            started=record.start_time,
            ended=record.end_time,
            tasks={name: (step.start_time, step.end_time) for name, step in steps if step.start_time and step.end_time},
            attempts={name: step.attempts for name, step in steps},
            cached=fresh,
        )

    def stop(self) -> None:
        self._runs.stop()
        if self._instance:
            self._instance.dispose()
            self._instance = None


class InProcess(_Library):
    """`execute_in_process`: the steps run one after another, in the caller's process."""

    _process_per_step = False

    def __init__(self) -> None:
        super().__init__()
        self._jobs: dict[str, dg.JobDefinition] = {}

    def deploy(self, workloads: Sequence[Workload]) -> None:
        self._jobs |= {shapes.job_name(workload.name): shapes.job(workload) for workload in workloads}

    def deploy_pipelines(self, pipelines_: Sequence[str]) -> None:
        super().deploy_pipelines(pipelines_)
        for pipeline in pipelines_:
            self._resolve(pipeline)

    def edit(self, editions: Mapping[str, int]) -> None:
        super().edit(editions)
        self._resolve("cached")

    def _resolve(self, pipeline: str) -> None:
        self._jobs |= {job: self._pipelines[pipeline].resolve_job_def(job) for job in catalogue.jobs_of(pipeline)}

    def _execute(self, run: str, job: str, config: Any, selection: Sequence[dg.AssetKey] | None) -> dg.DagsterEvent | None:
        # Were the exception of a step raised here, what does not depend on the step would not run.
        result = self._jobs[job].execute_in_process(
            config, self._instance, raise_on_error=False, run_id=run, asset_selection=selection
        )
        return None if result.success else result.get_run_failure_event()


class InProcessEphemeral(InProcess):
    """The same without `instance=`: each call makes an instance in memory, and forgets it."""

    _recorded = False

    def unsupported(self, work: Workload | Pipeline, runs_at_once: int = 1) -> str:
        if isinstance(work, Pipeline) and work.pipeline == "cached":
            return "nothing is known of an earlier run: the instance was in memory, and is gone"
        return super().unsupported(work, runs_at_once)


class ExecuteJob(_Library):
    """`execute_job` with the multiprocess executor: the caller's process watches over a process for each step.

    Those find the job by the name of a function that makes it, in the files that a code location is made of.
    """

    _process_per_step = True

    def __init__(self) -> None:
        super().__init__()
        self._edits = 0

    def deploy(self, workloads: Sequence[Workload]) -> None:
        self._location.add(workloads)

    def edit(self, editions: Mapping[str, int]) -> None:
        super().edit(editions)
        self._edits += 1

    def stop(self) -> None:
        kill_descendants()  # nothing else ends the steps of a run that still goes on
        super().stop()

    def _execute(self, run: str, job: str, config: Any, selection: Sequence[dg.AssetKey] | None) -> dg.DagsterEvent | None:
        made = dg.build_reconstructable_job("churn_dagster.adapter.definitions", "make_job", (job, self._edits))
        instance = self._instance
        if instance is None:
            raise RuntimeError("the engine is not started")
        with dg.execute_job(made, instance, config, asset_selection=selection) as result:
            self._run_ids[run] = result.run_id
            return None if result.success else result.get_run_failure_event()
