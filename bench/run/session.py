"""A session of the harness: a run is begun or resumed, and then carried out.

`begin` plans a new run, and `resume` plans one again that was cut short. Both return a `Session`, which `carry_out` takes
from the first engine start to the results.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench.base import machine
from bench.base.problem import Problem
from bench.base.signals import raised
from bench.derive.results import Findings
from bench.plan import tools
from bench.plan.plan import Plan
from bench.plan.planning import Choice, make
from bench.plan.suite import Suite
from bench.plan.tools import CONTRACT, CORE, Tool, discover
from bench.run.duel import Turns
from bench.run.execute import Executor, Watcher
from bench.run.forecast import disk_bytes
from bench.run.observe import observe
from bench.scenarios import SCENARIOS
from bench.store.folder import RunFolder
from bench.store.raw_records import MOST_OF_DATA
from bench.store.records import RunRecord, Segment
from bench.store.sources import SHARED
from contract.workload import Workload

Publish = Callable[[RunFolder, RunRecord], Findings]
"""Derives the results of what there is so far, and writes them down."""


@dataclass
class Session:
    """A run that is ready to go on: the run's folder, record, plan and tools."""

    began: float
    folder: RunFolder
    record: RunRecord
    plan: Plan
    tools: dict[str, Tool]
    is_new: bool = False
    data: Path | None = None
    """The reader's customers, of which a new run has yet to make a copy."""


def begin(folder: RunFolder, choice: Choice, warnings: Sequence[str] = (), turns: Turns | None = None) -> Session:
    """Plan a new run. The folder is made once the plan is known to be good."""
    began = time.monotonic()
    suite, own, data = choice.suite, choice.own, choice.data
    rounds_per_s = turns.cpu_rounds_per_s if turns else machine.calibrate()
    # The pipelines read the run's own copy of the customers, so that the run can be resumed without the original.
    plan = make(replace(choice, data=folder.data(data) if data else None), rounds_per_s)
    by_name = {tool.name: tool for tool in choice.tools}
    folder.make_for_run(disk_bytes(plan))
    record = RunRecord(
        id=folder.path.resolve().name,
        suite=msgspec.to_builtins(suite),
        seed=choice.seed,
        orchestrators=list(by_name),
        scenarios={block.scenario: SCENARIOS[block.scenario].version for block in suite.blocks},
        width=suite.width,
        cpu_rounds_per_s=rounds_per_s,
        cases=plan.cases,
        own_workload=own.name if own else None,
        data={"file": data.name, "sha256": machine.hash_of(data)} if data else {},
        tools={tool.name: tool.about for tool in choice.tools},
        trials_planned=len(plan.trials),
        plan=plan.digest,
        host=machine.host(),
        locks=_locks(by_name),
        git=machine.git_state(tools.ROOT),
        warnings=list(warnings),
        duel=turns.duel if turns else "",
    )
    return Session(began, folder, record, plan, by_name, is_new=True, data=data)


def _keep(session: Session) -> None:
    """Copy what a new run is made with into the folder, which no other harness can write to by now."""
    folder = session.folder
    folder.check_is_free()  # another one may have been faster
    if session.data:
        folder.keep_data(session.data)
        _kept_data(folder, session.record)  # raises, if the file has changed since it was hashed
    for owner, source in _sources(session.tools).items():
        folder.sources.keep(owner, source)


def resume(folder: RunFolder) -> Session:
    """Plan a run again from the record, or raise where the plan, the machine, the versions or the code have changed."""
    began = time.monotonic()
    record = folder.run()
    if record.seed is None:
        raise Problem(f"{folder.path} is merged of several runs; resume the one that is cut short, and merge again")
    if record.duel:
        raise Problem(f"{folder.path} is a side of a duel, which cannot be resumed alone; begin a new duel")
    known = discover()
    not_installed = [name for name in record.orchestrators if name not in known or known[name].missing()]
    if not_installed:
        raise Problem(f"{folder.path}: this run measures {not_installed[0]}, which is not installed; run `make setup`")
    chosen = {name: known[name] for name in record.orchestrators}
    if record.host.name != machine.host().name:
        raise Problem(f"{folder.path} was begun on {record.host.name}; two machines cannot share a run")
    if changed := _changed(folder, record, chosen):
        raise Problem(f"{folder.path}: since the run began, {changed}; {_way_back(record)}, or begin a new run")
    try:
        suite = msgspec.convert(record.suite, Suite)
        choice = Choice(suite, list(chosen.values()), record.seed, _own(record), _kept_data(folder, record))
        plan = make(choice, record.cpu_rounds_per_s)
        is_same = plan.digest == record.plan
    except (msgspec.ValidationError, KeyError):
        is_same = False
    if not is_same:
        raise Problem(f"{folder.path} was planned by another version of orchbench; {_way_back(record)}, or begin a new run")
    return Session(began, folder, record, plan, chosen)


def _changed(folder: RunFolder, record: RunRecord, chosen: Mapping[str, Tool]) -> str:
    """Say what is no longer as it was when the run began, of all that is measured; nothing, if all is the same."""
    now = {name: SCENARIOS[name].version for name in record.scenarios if name in SCENARIOS}
    if scenarios := _unlike(record.scenarios, now):
        return f"the scenario {scenarios[0]} has changed"
    if locks := _unlike(record.locks, {name: lock for name, lock in _locks(chosen).items() if name in record.locks}):
        return f"the versions of {locks[0]} have changed (uv.lock)"
    files = [file for owner, source in _sources(chosen).items() for file in folder.sources.changed(owner, source)]
    if files:
        more = f", and {len(files) - 1} more of the sources" if len(files) > 1 else ""
        return f"{files[0].relative_to(tools.ROOT)} has changed{more}"
    return ""


def _sources(chosen: Mapping[str, Tool]) -> dict[str, Path]:
    """Return the folders of all code that runs in the environments of the tools, by the names that a run keeps them by."""
    return {SHARED: CORE, CONTRACT.name: CONTRACT} | {name: tool.source for name, tool in chosen.items()}


def _locks(chosen: Mapping[str, Tool]) -> dict[str, str]:
    """Return the hashes of all environments that have a part in a run."""
    maker = tools.maker(chosen)
    return tools.lock_hashes({**chosen, maker.name: maker})


def _unlike(before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """Return the names whose values differ, or that only one side has."""
    return [name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name)]


def _way_back(record: RunRecord) -> str:
    """Say how to have again what the run began with."""
    if not record.git.id:
        return "undo that"
    edits = {True: " and the edits that it had then", None: " and the edits that it had then, if any"}
    return f"go back to commit {record.git.id[:9]}" + edits.get(record.git.dirty, "")


def _own(record: RunRecord) -> Workload | None:
    work = record.cases[record.own_workload].asked if record.own_workload else None
    return work if isinstance(work, Workload) else None


def _kept_data(folder: RunFolder, record: RunRecord) -> Path | None:
    """Return the run's copy of the reader's customers, if there is one."""
    if not record.data:
        return None
    copy = folder.data(Path(record.data["file"]))
    if not copy.is_file() or copy.stat().st_size > MOST_OF_DATA or machine.hash_of(copy) != record.data["sha256"]:
        raise Problem(f"{copy}: the customers of this run are gone or have changed; begin a new run")
    return copy


def carry_out(session: Session, watcher: Watcher, publish: Publish, turns: Turns | None = None) -> Findings:
    """Make the runs that are still to be made, and publish what there is, also after an interruption.

    In a duel, both sides take turns, step by step.
    """
    folder, record = session.folder, session.record
    segment = Segment(began=datetime.now(UTC).isoformat(timespec="seconds"), boot_id=machine.host().boot_id)
    if session.is_new:
        _keep(session)
    record.segments.append(segment)
    folder.write_run(record)
    folder.close_interrupted_starts()
    observe(folder, record)
    executor = Executor(session.plan, session.tools, folder, watcher, turns.take_turn if turns else lambda _step: None)
    how_to_resume = "" if turns else f"; `orchbench run --resume {folder.path}` goes on"
    with raised(f"finished trials are saved{how_to_resume}"):
        try:
            executor.execute()
            record.finished = True
        finally:
            derived = publish(folder, record)
            segment.wall_s = time.monotonic() - session.began - (turns.waited_s if turns else 0.0)
            segment.subjects_s = executor.subjects_s
            folder.write_run(record)
    return derived


def default_folder(suite: str) -> Path:
    """Return a new folder's name, by time and suite."""
    return Path("reports") / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}-{suite}"
