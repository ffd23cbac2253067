"""Executes a plan: engine by engine, run by run, each written down as it ends.

An engine that crashes or hangs costs the run that it was busy with, with the reason; a new start serves the rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from bench.engine import Engine, EngineError, EngineGone
from bench.orchestrators import Orchestrator, Subject
from bench.plan import Plan, Start, Trial
from bench.records import StartRecord, SubjectKey, TrialRecord
from bench.scenarios import Case
from bench.store import RunFolder
from contract import events
from contract.workload import Node, Workload

Value = TypeVar("Value")

TRIES = 3
"""Engine starts that one planned start may take, before its remaining runs are given up."""

WARMUP = Case(Workload("warm_up", (Node("n0"),)))
"""The first run of every engine start, which pays for imports, connections and caches: the cold run."""


class Watcher(Protocol):
    """Is told what goes on."""

    def starting(self, start: Start) -> None: ...
    def ended(self, start: Start, record: TrialRecord) -> None: ...
    def lost(self, start: Start, because: str) -> None: ...


class Executor:
    """Works through a plan in one folder."""

    def __init__(self, plan: Plan, orchestrators: Mapping[str, Orchestrator], folder: RunFolder, watcher: Watcher) -> None:
        """Take up the plan; trials that the folder already holds are finished."""
        self._plan, self._orchestrators, self._folder, self._watcher = plan, orchestrators, folder, watcher
        self._done = {record.id for record in folder.trials()}
        self.subjects_s = 0.0
        """How long subjects started, ran or stopped so far."""

    def execute(self) -> None:
        """Do everything that is not done yet."""
        for start in self._plan.starts:
            todo = [trial for trial in start.trials if trial.id not in self._done]
            because = ""
            for _ in range(TRIES):
                if not todo:
                    break
                because = self._attempt(start, todo)
            for trial in todo:
                self._write(start, start.id, trial, status="not_started", because=f"{TRIES} engine starts failed: {because}")

    def _attempt(self, start: Start, todo: list[Trial]) -> str:
        """Start the engine and make the runs, taking each off the list as it ends; say how the engine was lost, if so."""
        self._watcher.starting(start)
        name = self._free_name(start)
        orchestrator = self._orchestrators[start.subject.orchestrator]
        engine = Engine(orchestrator, start.subject, self._plan.width, self._folder.new_start(name))
        try:
            started = self._bring_up(engine, start)
            self._run(engine, start, name, Trial(f"{name}-warm_up", start.trials[0].scenario, WARMUP, 0), warmup=True)
            while todo:
                self._run(engine, start, name, todo.pop(0))
            left, stop_s = self._timed(engine.stop)
        except EngineError as error:
            self._timed(engine.kill)
            self._watcher.lost(start, str(error))
            return str(error)
        except BaseException:
            engine.kill()
            raise
        self._folder.write_start(
            StartRecord(id=name, subject=key_of(start.subject), stop_s=stop_s, left_behind=left, **started)
        )
        return ""

    def _bring_up(self, engine: Engine, start: Start) -> dict[str, Any]:
        about, start_s = self._timed(engine.start)
        _, deploy_s = self._timed(lambda: engine.deploy([WARMUP.workload, *start.workloads]))
        return {"start_s": start_s, "deploy_s": deploy_s, "listening": engine.listening(), **about}

    def _run(self, engine: Engine, start: Start, name: str, trial: Trial, *, warmup: bool = False) -> None:
        """Make one run and write it down; raise when the engine is not to be trusted with another."""
        where = events.Trial(trial.id, str(self._folder.new_trial(trial.id)))
        log = engine.log_size()
        outcome: dict[str, Any]
        lost: EngineError | None = None
        self._timed(lambda: time.sleep(trial.pause_s))
        try:
            answer, _ = self._timed(lambda: engine.run(trial.case.workload.name, where, start.limit_s))
            outcome = {"run": answer["run"], "clock_offset": answer["clock_offset"]} | _status(
                answer["state"], start.limit_s
            )
            if outcome["status"] == "ok":
                outcome["reported"], _ = self._timed(lambda: engine.reported(answer["run"]))
            elif outcome["status"] == "timeout":
                lost = EngineGone(outcome["because"])  # what hangs now would disturb whatever runs next
        except EngineGone as error:
            outcome, lost = {"status": "crashed", "because": str(error)}, error
        except EngineError as error:
            outcome = {"status": "failed", "because": str(error)}
        self._write(start, name, trial, warmup=warmup, log=engine.log_since(log), **outcome)
        if lost is not None:
            raise lost

    def _write(
        self, start: Start, name: str, trial: Trial, *, log: bytes = b"", warmup: bool = False, **outcome: Any
    ) -> None:
        if outcome["status"] == "not_started":
            self._folder.new_trial(trial.id)
        record = TrialRecord(
            id=trial.id,
            scenario=trial.scenario,
            workload=trial.case.workload.name,
            family=trial.case.family,
            size=trial.case.size,
            work_s=trial.case.work_s,
            subject=key_of(start.subject),
            start=name,
            round=start.round,
            repeat=trial.repeat,
            warmup=warmup,
            **outcome,
        )
        self._folder.write_trial(record, log)
        self._watcher.ended(start, record)

    def _free_name(self, start: Start) -> str:
        taken = self._folder.start_names()
        if start.id not in taken:
            return start.id
        return next(name for number in range(2, 10_000) if (name := f"{start.id}-{number}") not in taken)

    def _timed(self, call: Callable[[], Value]) -> tuple[Value, float]:
        before = time.monotonic()
        try:
            answer = call()
        finally:
            spent = time.monotonic() - before
            self.subjects_s += spent
        return answer, spent


def _status(state: str, limit_s: float) -> dict[str, Any]:
    match state:
        case "succeeded":
            return {"status": "ok"}
        case "timeout":
            return {"status": "timeout", "because": f"it was not over after {limit_s:g} s"}
    return {"status": "failed", "because": f"the tool calls the run {state}; see adapter.log beside this file"}


def key_of(subject: Subject) -> SubjectKey:
    """Return the subject as records name it."""
    return SubjectKey(
        subject.orchestrator,
        subject.tier,
        subject.profile,
        subject.deployment,
        subject.isolation,
        subject.default,
        subject.control,
    )
