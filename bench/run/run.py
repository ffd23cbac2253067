"""A run, from its first line to its results: begin (or resume), and carry out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench.base import machine
from bench.base.problem import Problem
from bench.base.signals import raised
from bench.derive.results import Findings
from bench.plan import tools
from bench.plan.plan import Plan, make
from bench.plan.suite import Suite
from bench.plan.tools import CORE, Tool, discover
from bench.run.execute import Executor, Watcher
from bench.run.observe import observe
from bench.run.turns import Turns
from bench.scenarios import SCENARIOS
from bench.store.folder import SHARED, RunFolder
from bench.store.records import RunRecord, Segment
from contract.workload import Workload

Publish = Callable[[RunFolder, RunRecord], Findings]
"""Derives the results of what there is so far, and writes them down."""


@dataclass
class Prepared:
    """A run that can start: its folder, its record and its plan."""

    began: float
    folder: RunFolder
    record: RunRecord
    plan: Plan
    orchestrators: dict[str, Tool]


def begin(
    folder: RunFolder,
    suite: Suite,
    orchestrators: Sequence[Tool],
    seed: int,
    own: Workload | None = None,
    data: Path | None = None,
    warnings: Sequence[str] = (),
    turns: Turns | None = None,
) -> Prepared:
    """Plan a new run; nothing is written before the plan is known to be good."""
    began = time.monotonic()
    rounds_per_s = turns.cpu_rounds_per_s if turns else machine.calibrate()
    plan = make(suite, orchestrators, seed, rounds_per_s, own, str(folder.data(data)) if data else "")
    by_name = {each.name: each for each in orchestrators}
    folder.make_for_run(sum(SCENARIOS[trial.scenario].hooks.leaves_bytes for trial in plan.trials))
    if data:
        folder.keep_data(data)
    folder.keep_code(SHARED, CORE)
    for each in orchestrators:
        folder.keep_code(each.name, each.source)
    record = RunRecord(
        id=folder.path.resolve().name,
        suite=msgspec.to_builtins(suite),
        seed=seed,
        orchestrators=list(by_name),
        scenarios={block.scenario: SCENARIOS[block.scenario].version for block in suite.blocks},
        width=suite.width,
        cpu_rounds_per_s=rounds_per_s,
        cases=plan.cases,
        own_workload=own.name if own else None,
        data={"file": data.name, "sha256": machine.hash_of(folder.data(data))} if data else {},
        tools={each.name: each.about for each in orchestrators},
        trials_planned=len(plan.trials),
        plan=plan.digest,
        host=machine.host(),
        locks=tools.lock_hashes(by_name),
        git=machine.git_state(tools.ROOT),
        warnings=list(warnings),
        duel=turns.duel if turns else "",
    )
    return Prepared(began, folder, record, plan, by_name)


def resume(folder: RunFolder) -> Prepared:
    """Plan the same run again, from its own record."""
    began = time.monotonic()
    record = folder.run()
    if record.duel:
        raise Problem(f"{folder.path} is a side of a duel, and cannot be gone on with alone; begin a new duel")
    known = discover()
    if lost := [name for name in record.orchestrators if name not in known or known[name].missing()]:
        raise Problem(f"{folder.path}: it measures {lost[0]}, which is not installed here; run `make setup`")
    chosen = {name: known[name] for name in record.orchestrators}
    if record.host.name != machine.host().name:
        raise Problem(f"{folder.path} was begun on {record.host.name}; two machines cannot share a run")
    if record.locks != tools.lock_hashes(chosen):
        raise Problem(f"{folder.path} was begun with other versions (a uv.lock has changed); begin a new run")
    try:
        suite = msgspec.convert(record.suite, Suite)
        own = _own(record)
        plan = make(suite, list(chosen.values()), record.seed, record.cpu_rounds_per_s, own, _kept_data(folder, record))
        same = plan.digest == record.plan
    except (msgspec.ValidationError, KeyError):
        same = False
    if not same:
        raise Problem(f"{folder.path} was planned by another version of orchbench; begin a new run")
    return Prepared(began, folder, record, plan, chosen)


def _own(record: RunRecord) -> Workload | None:
    work = record.cases[record.own_workload].asked if record.own_workload else None
    return work if isinstance(work, Workload) else None


def _kept_data(folder: RunFolder, record: RunRecord) -> str:
    """Return the run's copy of the reader's customers, if it has them."""
    if not record.data:
        return ""
    copy = folder.data(Path(record.data["file"]))
    if not copy.is_file() or machine.hash_of(copy) != record.data["sha256"]:
        raise Problem(f"{copy}: the customers of this run are not there any more, or are others; begin a new run")
    return str(copy)


def carry_out(run: Prepared, watcher: Watcher, publish: Publish, turns: Turns | None = None) -> Findings:
    """Do what is not done yet, and publish what there is, also when it is cut short; in a duel, from turn to turn."""
    segment = Segment(began=datetime.now(UTC).isoformat(timespec="seconds"), boot_id=machine.host().boot_id)
    run.record.segments.append(segment)
    run.folder.write_run(run.record)
    run.folder.close_interrupted_starts()
    observe(run.folder, run.record)
    executor = Executor(run.plan, run.orchestrators, run.folder, watcher, turns.take_turn if turns else lambda _step: None)
    rest = "" if turns else f"; `orchbench run --resume {run.folder.path}` goes on"
    with raised(f"finished trials are saved{rest}"):
        try:
            executor.execute()
            run.record.finished = True
        finally:
            derived = publish(run.folder, run.record)
            segment.wall_s = time.monotonic() - run.began - (turns.waited_s if turns else 0.0)
            segment.subjects_s = executor.subjects_s
            run.folder.write_run(run.record)
    return derived


def default_folder(suite: str) -> Path:
    """Return a new folder's name, by time and suite."""
    return Path("reports") / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}-{suite}"
