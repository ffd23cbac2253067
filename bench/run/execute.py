"""Executes a plan: engine by engine, and run by run. Each run is written down when it ends.

An engine that crashes or hangs costs the run that it was busy with. The record says why, and a new start serves the rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import chain, count
from typing import Protocol, TypeVar

import msgspec

from bench.base import machine
from bench.base.text import masked
from bench.plan import warmups
from bench.plan.plan import Plan, Start, Trial
from bench.plan.tools import Tool, maker
from bench.run import footprint
from bench.run.channel import EngineError, UnsupportedWork
from bench.run.duel import ALONE
from bench.run.engine import Engine, Place
from bench.run.environment import ToolEnvironment
from bench.run.trial import Outcome, Site, make, problem
from bench.scenarios import SCENARIOS
from bench.scenarios.kit.hooks import all_variables
from bench.store.folder import RunFolder
from bench.store.records import StartRecord, TrialRecord, Upkeep

Value = TypeVar("Value")

TRIES = 3
"""How many engine starts in a row may fail without a single run before the remaining runs are given up."""


class Watcher(Protocol):
    """Hears how the execution goes."""

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
        """Take up the plan, less the trials that the folder already holds. Each step first calls `take_turn`.

        A trial whose engine could not be started is tried again: the cause may be mended by now.
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
        most_first = sorted(plan.starts, key=lambda start: len(start.works), reverse=True)
        self._to_look_at = {start.setup: start.id for start in most_first}
        """By setup: a start that has the least to serve, so that all setups serve much the same."""
        self._trial_numbers = count(1 + max((record.number for record in trials), default=0))
        self._start_numbers = count(1 + max((record.number for record in starts), default=0))
        self.subjects_s = 0.0
        """How long engines started, ran or stopped so far."""

    def execute(self) -> None:
        """Make every run that is still to be made."""
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
        """Make what all engines share."""
        environment = ToolEnvironment(maker(self._orchestrators))
        for name in dict.fromkeys(trial.scenario for trial in self._plan.trials):
            if prepare := SCENARIOS[name].hooks.prepare:
                prepare(self._folder.shared, environment)

    def _attempt(self, start: Start, todo: list[Trial]) -> str:
        """Start an engine and make the runs, taking each off the list; return why the engine was lost, if it was."""
        self._take_turn(ALONE)
        self._watcher.starting(start)
        site = self._new_site(start)
        try:
            record = self._bring_up(site)
            self._make_all(site, todo)
            self._take_turn(ALONE)
            left, stop_s = self._timed(site.engine.stop)
        except (EngineError, UnsupportedWork) as error:
            self._timed(site.engine.kill)
            self._watcher.lost(start, str(error))
            return str(error)
        except BaseException:
            site.engine.kill()
            raise
        finally:
            self._folder.close_start(site.name)
        self._folder.write_start(msgspec.structs.replace(record, stop_s=stop_s, left_behind=left))
        return ""

    def _new_site(self, start: Start) -> Site:
        tool, shared = self._orchestrators[start.setup.orchestrator], self._folder.shared
        name = self._free_name(start)
        folder = self._folder.new_start(name)
        variables = all_variables([scenario.hooks for scenario in start.scenarios], shared, folder / "home")
        engine = Engine(tool, start.setup, Place(folder, start.width, variables))
        return Site(engine, start, name, shared, ToolEnvironment(tool))

    def _make_all(self, site: Site, todo: list[Trial]) -> None:
        """Make the runs, and before each one those that it needs in this engine."""
        made: set[str] = set()
        while todo:
            for trial in (*_warmups(site.start, todo[0]), *self._built_on(site.start, todo[0])):
                if trial.id not in made:
                    again = "again-" if trial.id in self._done else ""
                    self._make(site, replace(trial, id=f"{site.name}-{again}{trial.id}", warmup=True))
                    made.add(trial.id)
            made.add(todo[0].id)
            self._make(site, todo.pop(0))

    def _built_on(self, start: Start, following: Trial) -> list[Trial]:
        """Return the finished runs that the next one builds on: an engine that is started anew knows nothing of them.

        Runs that went wrong are left out, because another try could cost this engine too.
        """
        if not SCENARIOS[following.scenario].in_order:
            return []
        before = start.trials[: start.trials.index(following)]
        same = (following.scenario, following.repeat)
        return [trial for trial in before if (trial.scenario, trial.repeat) == same and self._done.get(trial.id) is False]

    def _bring_up(self, site: Site) -> StartRecord:
        engine, start = site.engine, site.start
        paces = [machine.pace(lanes) for lanes in machine.PROBED]
        about, start_s = self._timed(engine.start)
        _, deploy_s = self._timed(lambda: engine.deploy(start.works))
        record = StartRecord(
            id=site.name,
            number=next(self._start_numbers),
            setup=start.setup,
            start_s=start_s,
            deploy_s=deploy_s,
            listening=footprint.listening(engine),
            upkeep=self._look_at(start, engine),
            versions=about.versions,
            settings=about.settings,
            paces=paces,
        )
        self._folder.write_start(record)
        return record

    def _look_at(self, start: Start, engine: Engine) -> Upkeep | None:
        """Look once at what each setup consists of: the starts of a setup are alike, and looking takes seconds."""
        setup = start.setup
        if setup.control or setup in self._looked_at or self._to_look_at[setup] != start.id:
            return None
        upkeep = footprint.upkeep(engine)
        self._looked_at.add(setup)
        return upkeep

    def _make(self, site: Site, trial: Trial) -> None:
        """Make one trial and write it down; raise when the engine cannot be trusted with another one."""
        self._take_turn(ALONE if trial.warmup else trial.id)
        folder = self._folder.new_trial(trial.id)
        log = site.engine.log_size()
        outcome, _ = self._timed(lambda: make(site, trial, folder))
        self._write(site.start, site.name, trial, outcome, site.engine.log_since(log))
        if outcome.costs_the_engine:
            raise EngineError(str(outcome.because))

    def _write(self, start: Start, name: str, trial: Trial, outcome: Outcome, log: bytes = b"") -> None:
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
            pause_s=outcome.pause_s,
            polls=start.polls_every_s > 0,
            period_s=start.polls_every_s,
            jitter=start.polls_jitter,
            grain_s=start.polls_grain_s,
            width=start.width,
            warmup=trial.warmup,
            end=outcome.end,
            because=outcome.because and masked(outcome.because),
            runs=list(outcome.runs),
            facts=outcome.facts,
        )
        self._folder.write_trial(record, log)
        wrong = problem(trial.case, outcome)
        self._done[record.id] = bool(wrong)
        self._watcher.ended(start, record, wrong)

    def _free_name(self, start: Start) -> str:
        taken = self._folder.start_names()
        names = chain([start.id], (f"{start.id}-{number}" for number in count(2)))
        return next(name for name in names if name not in taken)

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
    """Return what has to run in an engine before the trial: the warm-ups of any engine, then those of the scenario."""
    general = [each for each in start.warmups if each.case.name in warmups.NAMES]
    return general + [each for each in start.warmups if each.scenario == following.scenario and each not in general]
