"""Executes a plan: engine by engine, run by run, each written down as it ends.

An engine that crashes or hangs costs the run that it was busy with, with the reason; a new start serves the rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from typing import Protocol, TypeVar

import msgspec

from bench.plan import warmups
from bench.plan.plan import Plan, Start, Trial
from bench.plan.tools import REFERENCE, Tool
from bench.run import footprint
from bench.run.channel import EngineError
from bench.run.engine import Engine, Place
from bench.run.environment import ToolEnvironment
from bench.run.trial import Outcome, Site, make, problem
from bench.run.turns import ALONE
from bench.scenarios import SCENARIOS
from bench.scenarios.kit.hooks import all_variables
from bench.store.folder import RunFolder
from bench.store.records import StartRecord, TrialRecord, Upkeep

Value = TypeVar("Value")

TRIES = 3
"""Engine starts that may fail in a row without a single run, before the remaining runs are given up."""


class Watcher(Protocol):
    """Is told what goes on."""

    def starting(self, start: Start) -> None: ...
    def ended(self, start: Start, record: TrialRecord, problem: str) -> None: ...
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
        cases = {trial.id: trial.case for trial in plan.trials}
        self._done = {
            record.id: bool(problem(cases[record.id], _outcome(record)))
            for record in trials
            if record.end != "not_started" and record.id in cases
        }
        """The trials that were made, and whether something went wrong with each."""
        self._looked_at = {start.setup for start in starts if start.upkeep}
        self._trial_numbers = count(1 + max((record.number for record in trials), default=0))
        self._start_numbers = count(1 + max((record.number for record in starts), default=0))
        self.subjects_s = 0.0
        """How long engines started, ran or stopped so far."""

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
                self._folder.new_trial(trial.id)
                self._write(start, start.id, trial, Outcome("not_started", f"{TRIES} engine starts failed: {because}"))

    def _prepare(self) -> None:
        """Make what all engines share, in the reference's environment if it was chosen: not every tool has the pipelines."""
        tools = self._orchestrators
        environment = ToolEnvironment(tools.get(REFERENCE) or next(iter(tools.values())))
        for name in dict.fromkeys(trial.scenario for trial in self._plan.trials):
            if prepare := SCENARIOS[name].hooks.prepare:
                prepare(self._folder.shared, environment)

    def _attempt(self, start: Start, todo: list[Trial]) -> str:
        """Start the engine and make the runs, taking each off the list as it ends; say how the engine was lost, if so."""
        self._take_turn(ALONE)
        self._watcher.starting(start)
        name = self._free_name(start)
        tool = self._orchestrators[start.setup.orchestrator]
        home = self._folder.new_start(name)
        variables = all_variables([each.hooks for each in start.scenarios], self._folder.shared, home / "home")
        engine = Engine(tool, start.setup, Place(home, start.width, variables))
        site = Site(engine, start, self._folder.shared, ToolEnvironment(tool))
        record: StartRecord | None = None
        try:
            record = self._bring_up(engine, start, name)
            here: set[str] = set()
            while todo:
                for trial in (*_warmups(start, todo[0]), *self._built_on(start, todo[0])):
                    if trial.id not in here:
                        again = "again-" if trial.id in self._done else ""
                        self._run(site, name, replace(trial, id=f"{name}-{again}{trial.id}"), warmup=True)
                        here.add(trial.id)
                here.add(todo[0].id)
                self._run(site, name, todo.pop(0))
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
        return [each for each in before if (each.scenario, each.repeat) == same and self._done.get(each.id) is False]

    def _bring_up(self, engine: Engine, start: Start, name: str) -> StartRecord:
        about, start_s = self._timed(engine.start)
        _, deploy_s = self._timed(lambda: engine.deploy(start.works))
        record = StartRecord(
            id=name,
            number=next(self._start_numbers),
            setup=start.setup,
            start_s=start_s,
            deploy_s=deploy_s,
            listening=footprint.listening(engine),
            upkeep=self._look_at(start, engine),
            versions=about.versions,
            settings=about.settings,
        )
        self._folder.write_start(record)
        return record

    def _look_at(self, start: Start, engine: Engine) -> Upkeep | None:
        """Look once at what each setup consists of: the next start of it would be the same, and looking takes a while."""
        setup = start.setup
        if setup.control or setup in self._looked_at:
            return None
        self._looked_at.add(setup)
        return footprint.upkeep(engine)

    def _run(self, site: Site, name: str, trial: Trial, *, warmup: bool = False) -> None:
        """Make one trial and write it down; raise when the engine is not to be trusted with another."""
        self._take_turn(ALONE if warmup else trial.id)
        folder = self._folder.new_trial(trial.id)
        log = site.engine.log_size()
        # An interrupted try of the same trial may have left traces: its start had another name.
        outcome, _ = self._timed(lambda: make(site, trial, folder, f"{name}/{trial.id}"))
        self._write(site.start, name, trial, outcome, warmup=warmup, log=site.engine.log_since(log))
        if outcome.costs_the_engine:
            raise EngineError(str(outcome.because))

    def _write(
        self, start: Start, name: str, trial: Trial, outcome: Outcome, *, log: bytes = b"", warmup: bool = False
    ) -> None:
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
            end=outcome.end,
            because=outcome.because,
            runs=list(outcome.runs),
            facts=outcome.facts,
        )
        self._folder.write_trial(record, log)
        wrong = problem(trial.case, outcome)
        self._done[record.id] = bool(wrong)
        self._watcher.ended(start, record, wrong)

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


def _outcome(record: TrialRecord) -> Outcome:
    return Outcome(record.end, record.because, record.runs, record.facts)


def _warmups(start: Start, following: Trial) -> list[Trial]:
    """Return what has to run in an engine before the trial: what warms up any engine, and what warms up for its scenario."""
    general = [each for each in start.warmups if each.case.name in warmups.NAMES]
    return general + [each for each in start.warmups if each.scenario == following.scenario and each not in general]
