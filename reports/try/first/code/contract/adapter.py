"""The adapter protocol: what an orchestrator's folder implements, and all that the harness knows of it."""

from __future__ import annotations

import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from contract.events import Trial
from contract.pipeline import Pipeline
from contract.workload import Workload

SLOW_POLL_S = 1.0
"""Between two looks at a run whose bodies still run: each look costs the server time that belongs to the work."""

WATCH_S = 0.05
"""Between two looks at the event log while bodies run: a directory scan, a tenth of a millisecond."""

FAST_POLL_S = 0.02
"""Between two looks once every body has finished; it is the resolution of `settled`."""


class Unsupported(Exception):
    """The tool has no such thing; the message says why."""


class Refused(Exception):
    """The tool does not take a run that it was asked for; the message says why, in the words of the tool."""


class State(StrEnum):
    """What an orchestrator says of a run."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Setup:
    """How an engine is to be started."""

    tier: str
    deployment: str
    profile: str
    """stock: the tool's defaults, changed only where fairness demands it; tuned: what its vendor recommends for latency."""
    width: int
    """How many tasks may run at once."""
    home: Path
    """A folder, empty unless the engine is started again: every database, log and configuration file goes below it."""


@dataclass(frozen=True)
class Setting:
    """A setting that is not the tool's default, and why."""

    name: str
    value: str
    default: str
    because: str
    profile: str = "stock"
    """`stock` settings hold in both profiles, `tuned` ones only there."""


@dataclass(frozen=True)
class Started:
    """What the engine says of itself when it is ready."""

    versions: Mapping[str, str]
    settings: Sequence[Setting]


@dataclass(frozen=True)
class Reported:
    """What the tool's own records say of a run: seconds since the epoch, as precise as the tool keeps them.

    A cross-check only: no metric is made from it. None where the tool keeps no such time.
    """

    submitted: float | None = None
    started: float | None = None
    ended: float | None = None
    tasks: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Start and end of the task of each node."""
    attempts: Mapping[str, int] = field(default_factory=dict)
    """How often the tool says that it tried each task that it tried."""
    cached: tuple[str, ...] = ()
    """The tasks whose result the tool says that it took from a cache."""


class Adapter(ABC):
    """One engine of one orchestrator: started once, given workloads, asked for many runs, stopped.

    All calls come from one thread, one after another; but `wait`, and so `state`, comes from a thread for each run.
    """

    @abstractmethod
    def start(self, setup: Setup) -> Started:
        """Start the engine; it is ready when a health check says so."""

    @abstractmethod
    def deploy(self, workloads: Sequence[Workload]) -> None:
        """Make the workloads submittable, beside those already deployed."""

    @abstractmethod
    def submit(self, workload: str, trial: Trial) -> str:
        """Ask for a run of a deployed workload, and return the id of the run at once, or raise `Refused`."""

    @abstractmethod
    def state(self, run: str) -> State:
        """Return what the tool says of the run now."""

    def services(self) -> Mapping[str, int]:
        """Return the processes that a user of the tool would have to keep running, by their names."""
        return {}

    @abstractmethod
    def stop(self) -> None:
        """Stop the engine. No process or port is left, and no file outside the home. It may be called twice."""

    def unsupported(self, work: Workload | Pipeline, runs_at_once: int = 1) -> str:
        """Say why the tool, as it is deployed here, has no way to make so many runs of this at once; nothing, if it has."""
        return "this adapter has no pipelines" if isinstance(work, Pipeline) else ""

    def deploy_pipelines(self, pipelines: Sequence[str]) -> None:
        """Make these pipelines submittable, beside the workloads."""
        raise Unsupported("this adapter has no pipelines")

    def edit(self, editions: Mapping[str, int]) -> None:
        """Edit the source of the pipeline `cached` (see `contract.editions`), and deploy it again."""
        raise Unsupported("this adapter has no pipelines")

    def kept_files(self) -> Sequence[Path]:
        """Return the files in which the results of the pipeline `cached` are kept now."""
        return ()

    def submit_pipeline(self, pipeline: str, parameters: Mapping[str, Any], trial: Trial) -> str:
        """Ask for a run of a pipeline, as `submit` does; the trial only names the run."""
        raise Unsupported("this adapter has no pipelines")

    def cancel(self, run: str) -> None:
        """Ask the tool to end the run."""
        raise Unsupported("this adapter cannot cancel a run")

    def kill(self, service: str) -> None:
        """End one of the services at once, with all that it has started, as if its container had been killed."""
        raise Unsupported("this adapter has no service that could be killed")

    def restart(self, service: str) -> None:
        """Start the service again as it was started before; return when the engine is ready again."""
        raise Unsupported("this adapter has no service that could be started again")

    def reported(self, run: str) -> Reported:
        """Return the times that the tool itself recorded for a run that is over."""
        return Reported()

    def wait(self, run: str, bodies_done: Callable[[], bool], limit_s: float) -> State:
        """Return the run's last state, or RUNNING when it takes longer than the limit."""
        deadline = time.monotonic() + limit_s
        look = 0.0
        done = False
        while (now := time.monotonic()) < deadline:
            done = done or bodies_done()
            if done or now >= look:
                if (state := self.state(run)) is not State.RUNNING:
                    return state
                look = now + SLOW_POLL_S
            time.sleep(FAST_POLL_S if done else WATCH_S)
        return State.RUNNING


class LocalRuns:
    """Runs that are function calls in this process, each in a thread of its own: what a library tier has to offer.

    An adapter's own `state`, `wait` and so on call these methods; see implementations/plain.
    """

    def __init__(self, at_once: int = 2) -> None:
        """Start the threads: more than one, because a cache may be asked for one result by two runs at the same moment."""
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="run")
        self._runs: dict[str, Future[object]] = {}

    def submit(self, run: str, call: Callable[[], object]) -> str:
        """Start the call, and return an id at once: the name, or the name with a number if it is taken."""
        if run in self._runs:
            run = f"{run}-{len(self._runs)}"
        self._runs[run] = self._pool.submit(_logged, call)
        return run

    def state(self, run: str) -> State:
        """Tell whether the call returned or raised."""
        future = self._runs[run]
        if not future.done():
            return State.RUNNING
        return State.FAILED if future.exception() else State.SUCCEEDED

    def wait(self, run: str, limit_s: float) -> State:
        """Sleep until the call is over, without a look that would cost it time."""
        wait_for([self._runs[run]], limit_s)
        return self.state(run)

    def stop(self) -> None:
        """Take no further calls."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _logged(call: Callable[[], object]) -> object:
    try:
        return call()
    except BaseException:
        traceback.print_exc()
        raise
