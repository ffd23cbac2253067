"""Executes a plan: engine by engine, run by run, each written down as it ends.

An engine that crashes or hangs costs the run that it was busy with, with the reason; a new start serves the rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from bench.base.problem import Problem
from bench.events.timeline import fails
from bench.plan import warmups
from bench.plan.plan import Plan, Start, Trial
from bench.plan.tools import Tool
from bench.run import artifacts
from bench.run.engine import Engine, EngineError, UnsupportedWork, create_mlflow
from bench.run.sampler import sampled
from bench.run.turns import ALONE
from bench.scenarios import SCENARIOS, Work
from bench.store.folder import RunFolder
from bench.store.records import Setting, StartRecord, TrialRecord, Upkeep
from contract import events
from contract.pipeline import Pipeline

Value = TypeVar("Value")

TRIES = 3
"""Engine starts that may fail in a row without a single run, before the remaining runs are given up."""


class Watcher(Protocol):
    """Is told what goes on."""

    def starting(self, start: Start) -> None: ...
    def ended(self, start: Start, record: TrialRecord) -> None: ...
    def lost(self, start: Start, because: str) -> None: ...


class Executor:
    """Works through a plan in one folder."""

    def __init__(
        self,
        plan: Plan,
        orchestrators: Mapping[str, Tool],
        folder: RunFolder,
        watcher: Watcher,
        take_turn: Callable[[str], None],
    ) -> None:
        """Take up the plan; trials that the folder already holds are finished. Each step waits for its turn.

        What could not be started is tried again: whatever kept it from starting may have been mended.
        """
        self._plan, self._orchestrators, self._folder, self._watcher = plan, orchestrators, folder, watcher
        self._take_turn = take_turn
        trials, starts = folder.trials(), folder.starts()
        self._done: dict[str, str] = {record.id: record.status for record in trials if record.status != "not_started"}
        self._looked_at = {start.setup for start in starts if start.upkeep}
        self._trial_numbers = count(1 + max((record.number for record in trials), default=0))
        self._start_numbers = count(1 + max((record.number for record in starts), default=0))
        self.subjects_s = 0.0
        """How long subjects started, ran or stopped so far."""

    def execute(self) -> None:
        """Do everything that is not done yet."""
        self._take_turn(self._plan.digest)
        self._prepare()
        for start in self._plan.starts:
            todo = [trial for trial in start.trials if trial.id not in self._done]
            failed_starts, because = 0, ""
            while todo and failed_starts < TRIES:
                before = len(todo)
                because = self._attempt(start, todo)
                failed_starts = failed_starts + 1 if len(todo) == before else 0
            for trial in todo:
                self._take_turn(trial.id)
                self._write(start, start.id, trial, status="not_started", because=f"{TRIES} engine starts failed: {because}")

    def _prepare(self) -> None:
        """Make what all engines share: the MLflow store, if a pipeline is to run."""
        store = self._folder.mlflow
        if store.exists() or not any(artifacts.is_churn(trial.case.work) for trial in self._plan.trials):
            return
        store.parent.mkdir(exist_ok=True)
        try:
            create_mlflow(next(iter(self._orchestrators.values())), f"sqlite:///{store}")
        except EngineError as error:
            raise Problem(str(error)) from None

    def _attempt(self, start: Start, todo: list[Trial]) -> str:
        """Start the engine and make the runs, taking each off the list as it ends; say how the engine was lost, if so."""
        self._take_turn(ALONE)
        self._watcher.starting(start)
        name = self._free_name(start)
        orchestrator = self._orchestrators[start.setup.orchestrator]
        engine = Engine(
            orchestrator, start.setup, start.width, self._folder.new_start(name), f"sqlite:///{self._folder.mlflow}"
        )
        record: StartRecord | None = None
        try:
            record = self._bring_up(engine, start, name)
            here: set[str] = set()
            while todo:
                for trial in (*_warmups(start, todo[0]), *self._built_on(start, todo[0])):
                    if trial.id not in here:
                        again = "again-" if trial.id in self._done else ""
                        self._run(engine, start, name, replace(trial, id=f"{name}-{again}{trial.id}"), warmup=True)
                        here.add(trial.id)
                here.add(todo[0].id)
                self._run(engine, start, name, todo.pop(0))
            self._take_turn(ALONE)
            left, stop_s = self._timed(engine.stop)
        except EngineError as error:
            self._timed(engine.kill)
            self._watcher.lost(start, str(error))
            return str(error)
        except BaseException:
            engine.kill()
            raise
        finally:
            self._folder.close_start(name)
        self._folder.write_start(msgspec.structs.replace(record, stop_s=stop_s, left_behind=left))
        return ""

    def _built_on(self, start: Start, following: Trial) -> list[Trial]:
        """Return the finished runs that the next one builds on; an engine that is started anew knows nothing of them.

        Not those that came to no good end: another try would cost this engine too.
        """
        if not SCENARIOS[following.scenario].in_order:
            return []
        before = start.trials[: start.trials.index(following)]
        same = (following.scenario, following.repeat)
        return [each for each in before if (each.scenario, each.repeat) == same and self._done.get(each.id) == "ok"]

    def _bring_up(self, engine: Engine, start: Start, name: str) -> StartRecord:
        about, start_s = self._timed(engine.start)
        _, deploy_s = self._timed(lambda: engine.deploy(start.workloads))
        record = StartRecord(
            id=name,
            number=next(self._start_numbers),
            setup=start.setup,
            start_s=start_s,
            deploy_s=deploy_s,
            listening=engine.listening(),
            upkeep=self._look_at(start, engine),
            versions=about["versions"],
            settings=msgspec.convert(about["settings"], list[Setting]),
        )
        self._folder.write_start(record)
        return record

    def _look_at(self, start: Start, engine: Engine) -> Upkeep | None:
        """Look once at what each setup consists of: the next start of it would be the same, and looking takes a while."""
        setup = start.setup
        if setup.control or setup in self._looked_at:
            return None
        self._looked_at.add(setup)
        return Upkeep(**engine.services())

    def _run(self, engine: Engine, start: Start, name: str, trial: Trial, *, warmup: bool = False) -> None:
        """Make one run and write it down; raise when the engine is not to be trusted with another."""
        self._take_turn(ALONE if warmup else trial.id)
        folder = self._folder.new_trial(trial.id)
        where = events.Trial(trial.id, str(folder))
        # An interrupted try of the same trial may have left MLflow runs: its start had another name.
        tag = f"{name}/{trial.id}"
        log = engine.log_size()
        outcome: dict[str, Any]
        lost: EngineError | None = None
        try:
            spoiled, _ = self._timed(lambda: _prepare(engine, start, trial))
            with sampled(engine, where, wanted=_is_watched(trial.case.work)):
                answer, _ = self._timed(lambda: _make(engine, trial, where, start.limit_s, tag))
        except UnsupportedWork as reason:
            outcome = {"status": "unsupported", "because": f"unsupported: {reason}"}
        except EngineError as error:
            # Gone, or in an unknown state, perhaps with the run still going on: neither serves another run.
            outcome, lost = {"status": "crashed", "because": str(error)}, error
        else:
            outcome = {"run": answer["run"], "clock_offset": answer["clock_offset"]}
            outcome |= _status(answer["state"], start.limit_s, trial.case.work, engine.log_since(log))
            if outcome["status"] == "timeout":
                lost = EngineError(outcome["because"])  # what hangs now would disturb whatever runs next
            else:
                if answer["run"]:
                    outcome["reported"], _ = self._timed(lambda: engine.reported(answer["run"]))
                outcome["facts"] = artifacts.collect(trial.case.work, tag, folder, self._folder.mlflow)
                if spoiled:
                    outcome["facts"]["spoiled"] = spoiled
                if answer.get("kept_bytes"):
                    outcome["facts"]["kept_bytes"] = answer["kept_bytes"]
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
            number=next(self._trial_numbers),
            scenario=trial.scenario,
            workload=trial.case.name,
            axes=dict(trial.case.axes),
            setup=start.setup,
            start=name,
            round=start.round,
            repeat=trial.repeat,
            pause_s=trial.pause_s,
            polls=start.polls_every_s > 0,
            width=start.width,
            warmup=warmup,
            **outcome,
        )
        self._folder.write_trial(record, log)
        self._done[record.id] = record.status
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


def _warmups(start: Start, following: Trial) -> list[Trial]:
    """Return what has to run in an engine before the run: what warms up any engine, and what warms up for its scenario."""
    general = [each for each in start.warmups if each.case.name in warmups.NAMES]
    return general + [each for each in start.warmups if each.scenario == following.scenario and each not in general]


def _prepare(engine: Engine, start: Start, trial: Trial) -> int:
    """Bring about what the run is to meet, and submit in another phase of the engine's polling each time.

    Return how many kept results were spoiled.
    """
    work = trial.case.work
    if isinstance(work, Pipeline) and work.before.new_process:
        engine.restart(start.workloads)
    spoiled = engine.prepare(work.name)
    time.sleep(trial.pause_s)
    return spoiled


def _is_watched(work: Work) -> bool:
    return isinstance(work, Pipeline) and work.watched


def _make(engine: Engine, trial: Trial, where: events.Trial, limit_s: float, tag: str) -> dict[str, Any]:
    """Make the run; a churn pipeline is told where its predictions go and what its MLflow runs are tagged with."""
    work, parameters = trial.case.work, dict(trial.parameters)
    if not isinstance(work, Pipeline) or not artifacts.is_churn(work):
        return engine.run(work.name, where, limit_s, parameters)
    parameters["tags"] = {artifacts.TAG: tag}
    if work.pipeline == "infer":
        parameters["predictions"] = str(Path(where.events) / artifacts.PREDICTIONS)
    if not work.source:
        return engine.run(work.name, where, limit_s, parameters)
    with engine.source(work.source, parameters) as url:
        return engine.run(work.name, where, limit_s, parameters | {"data": url})


def _status(state: str, limit_s: float, work: Work, log: bytes) -> dict[str, Any]:
    if state == "timeout":
        return {"status": "timeout", "because": f"it was not over after {limit_s:g} s"}
    may_be_refused = isinstance(work, Pipeline) and work.may_be_refused
    if may_be_refused or state == ("failed" if fails(work) else "succeeded"):
        return {"status": "ok"}
    errors = [line for line in log.decode(errors="replace").splitlines() if "Error" in line and not line.startswith(" ")]
    said = f": {errors[-1].strip()[:200]}" if errors else ""
    return {"status": "failed", "because": f"the tool calls the run {state}{said} (see adapter.log beside this file)"}
