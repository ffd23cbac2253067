"""The library tier: a run is a call of `dag.test()`, with a real metadata database and no server.

`dag.test()` works in a main thread only, because Airflow sets signal handlers around each task. The adapter's main
thread listens to the harness, so the calls are made in the main thread of one other process, which lives as long as
the engine.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import runpy
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churn_airflow.adapter import catalogue, dag_files, settings
from churn_airflow.adapter.command import call
from contract.adapter import Adapter, Reported, Setting, Setup, Started, State, Unsupported
from contract.events import Trial
from contract.pipeline import Pipeline
from contract.tree import kill_descendants
from contract.workload import Workload

if TYPE_CHECKING:
    from airflow.sdk import DAG


class DagTest(Adapter):
    """Calls `dag.test()` in a process that has imported Airflow and the DAGs, one call after another."""

    _way = "value"

    def __init__(self) -> None:
        self._airflow: ProcessPoolExecutor | None = None
        self._runs: dict[str, Future[tuple[str, str]]] = {}

    @property
    def _main_thread(self) -> ProcessPoolExecutor:
        if self._airflow is None:
            raise RuntimeError("the engine was not started")
        return self._airflow

    def start(self, setup: Setup) -> Started:
        self._home = setup.home
        changed = self._configure()
        os.environ["AIRFLOW_HOME"] = str(setup.home)
        call(setup.home, "db", "migrate")
        self._airflow = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        return Started(settings.VERSIONS, changed)

    def _configure(self) -> Sequence[Setting]:
        settings.write_config(self._home, settings.COMMON)
        return settings.LIBRARY

    def deploy(self, workloads: Sequence[Workload]) -> None:
        self._load([dag_files.write(workload, self._bundle(workload.name)) for workload in workloads])

    def unsupported(self, work: Workload | Pipeline, runs_at_once: int = 1) -> str:
        if runs_at_once > 1:
            return "dag.test() keeps its caller's main thread until the run is over, so runs are made one after another"
        return catalogue.unsupported(work, self._way)

    def deploy_pipelines(self, pipelines_: Sequence[str]) -> None:
        dags = [dag for pipeline in pipelines_ for dag in catalogue.DAGS[pipeline]]
        self._load([dag_files.write_pipeline(dag, self._bundle(dag)) for dag in dags])

    def edit(self, editions: Mapping[str, int]) -> None:
        self._load([dag_files.write_caching(self._bundle(dag_files.CACHING), editions)])

    def _bundle(self, dag: str) -> Path:
        return self._home / "bundles" / dag

    def _load(self, files: list[Path]) -> None:
        self._main_thread.submit(_load, files).result()

    def kept_files(self) -> Sequence[Path]:
        return catalogue.kept_files()

    def submit(self, workload: str, trial: Trial) -> str:
        return self._submit(workload, {"trial": trial.to_dict()}, trial)

    def submit_pipeline(self, pipeline: str, parameters: Mapping[str, Any], trial: Trial) -> str:
        # Defaults included: dag.test() leaves the values of a run in the DAG's params, where the next run would find them.
        conf = {**catalogue.DEFAULTS[pipeline], **parameters}
        return self._submit(catalogue.dag_of(catalogue.DAGS[pipeline], parameters), conf, trial)

    def _submit(self, dag: str, conf: dict[str, Any], trial: Trial) -> str:
        self._runs[trial.id] = self._main_thread.submit(_test, dag, conf)
        return trial.id

    def state(self, run: str) -> State:
        future = self._runs[run]
        if not future.done():
            return State.RUNNING
        return State.SUCCEEDED if not future.exception() and future.result()[1] == "success" else State.FAILED

    def wait(self, run: str, bodies_done: Callable[[], bool], limit_s: float) -> State:
        # The call returns when the run is over; there is nothing to poll.
        wait([self._runs[run]], limit_s)
        return self.state(run)

    def cancel(self, run: str) -> None:
        raise Unsupported("dag.test() keeps its caller's main thread until the run is over; only a signal ends it")

    def reported(self, run: str) -> Reported:
        if self._runs[run].exception() or not self._runs[run].result()[0]:
            return Reported()  # a run that Airflow refused has left no record
        return self._main_thread.submit(_reported, self._runs[run].result()[0]).result()

    def stop(self) -> None:
        kill_descendants()
        if self._airflow:
            self._airflow.shutdown(wait=False, cancel_futures=True)


class DagTestObjects(DagTest):
    """The same, with object storage for the XComs."""

    _way = "store"

    def _configure(self) -> Sequence[Setting]:
        storage = settings.OBJECTS
        settings.write_config(self._home, (*settings.COMMON, *storage))
        return (*settings.LIBRARY, *storage)


_dags: dict[str, DAG] = {}


def _load(dag_files: list[Path]) -> None:
    for file in dag_files:
        _dags[file.stem] = runpy.run_path(str(file))["dag"]
    bundles = [
        {
            "name": name,
            "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
            "kwargs": {"path": str(dag_files[0].parents[1] / name)},
        }
        for name in _dags
    ]
    os.environ["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"] = json.dumps(bundles)


def _test(dag: str, conf: dict[str, Any]) -> tuple[str, str]:
    """Return the id and the state of the run; no id if Airflow refused it.

    Were the exception raised on, the adapter would import Airflow to unpickle it: the first refusal took a second longer.
    """
    try:
        run = _dags[dag].test(run_conf=conf)
    except Exception:  # noqa: BLE001 - whatever it is, the run is over, and the log has it
        traceback.print_exc()
        return "", "refused"
    return run.run_id, str(run.state)


def _reported(run_id: str) -> Reported:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        run = session.scalars(select(DagRun).where(DagRun.run_id == run_id)).one()
        tasks = run.get_task_instances(session=session)
        return Reported(
            started=run.start_date.timestamp() if run.start_date else None,
            ended=run.end_date.timestamp() if run.end_date else None,
            tasks={
                catalogue.node(task.task_id): (task.start_date.timestamp(), task.end_date.timestamp())
                for task in tasks
                if task.start_date and task.end_date
            },
            attempts={catalogue.node(task.task_id): task.try_number for task in tasks if task.try_number},
        )
