"""The library tier: a run is a function call in the adapter's process."""

from __future__ import annotations

import multiprocessing
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from importlib import import_module
from typing import Any

from churn_plain.adapter import catalogue, shapes
from churn_plain.adapter.base import Plain
from contract.adapter import LocalRuns, Setup, Started, State, Unsupported
from contract.events import Trial
from contract.tree import kill_descendants
from contract.workload import Workload


class _Library(Plain):
    """A run is a call of `shapes.run` with the pool of the subclass."""

    _loops_over_chains = False

    def __init__(self) -> None:
        self._runs = LocalRuns()
        self._workloads: dict[str, Workload] = {}
        self._pool: Executor | None = None

    @property
    def _running(self) -> Executor:
        if self._pool is None:
            raise RuntimeError("the engine was not started")
        return self._pool

    @abstractmethod
    def _make_pool(self, width: int) -> Executor: ...

    def start(self, setup: Setup) -> Started:
        self._pool = self._make_pool(setup.width)
        # The pool's workers are part of the engine's start, as other tools' workers are.
        list(self._pool.map(int, range(setup.width)))
        return super().start(setup)

    def deploy(self, workloads: Sequence[Workload]) -> None:
        self._workloads |= {workload.name: workload for workload in workloads}

    def submit(self, workload: str, trial: Trial) -> str:
        graph = self._workloads[workload]
        pool = None if graph.is_chain and self._loops_over_chains else self._pool
        return self._runs.submit(trial.id, lambda: shapes.run(graph, trial, pool))

    def submit_pipeline(self, pipeline: str, parameters: Mapping[str, Any], trial: Trial) -> str:
        chosen = catalogue.parameters_of(pipeline, parameters)
        return self._runs.submit(trial.id, partial(catalogue.run, pipeline, chosen, self._running, self._caching))

    def state(self, run: str) -> State:
        return self._runs.state(run)

    def wait(self, run: str, bodies_done: Callable[[], bool], limit_s: float) -> State:
        return self._runs.wait(run, limit_s)

    def cancel(self, run: str) -> None:
        raise Unsupported("a run is a call in a thread, and Python has no way to end a thread from outside")

    def stop(self) -> None:
        self._runs.stop()
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)
        kill_descendants()  # a pool waits for the task that its worker is busy with


class Threads(_Library):
    """Tasks share the process, as in a script: a thread pool where tasks can run at once, else a loop."""

    _loops_over_chains = True

    def _make_pool(self, width: int) -> Executor:
        return ThreadPoolExecutor(width, thread_name_prefix="task")


class Processes(_Library):
    """Tasks run in worker processes that live as long as the engine."""

    def _make_pool(self, width: int) -> Executor:
        # Each worker imports this module as it starts, and so all that its tasks need.
        return ProcessPoolExecutor(width, multiprocessing.get_context("spawn"), import_module, (__name__,))
