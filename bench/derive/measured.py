"""Trials -> measured trials: each is verified by the events, measured, and grouped with the others of its setup."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, TypeVar

import msgspec

from bench.events import timeline
from bench.events.timeline import Timeline
from bench.events.verification import verify
from bench.plan import warmups
from bench.plan.setup import Part, Setup
from bench.scenarios import METRICS, SCENARIOS, Case, Seen
from bench.scenarios.kit.common_metrics import COLD_RUN, RECORDED_LAG, measure_reported
from bench.scenarios.kit.formulas import Run, makespan_s
from bench.store.crosscheck import check_records
from bench.store.folder import RunFolder
from bench.store.records import ObservationRecord, RunRecord, StartRecord, TrialRecord
from bench.store.rows import within
from contract.workload import Workload

Record = TypeVar("Record", TrialRecord, StartRecord, ObservationRecord)

COLD_RUNS = {warmups.COLD.name} | {each.warmups[0].name for each in SCENARIOS.values() if each.warmups}
"""The first runs of their kind after the start of an engine; their makespan is the metric COLD_RUN."""

Ending = Literal["ok", "failed", "timeout", "crashed", "not_started", "unsupported"]
"""How a trial ended, by our judgement: `ok` if the tool reported the outcome that the case expects."""


@dataclass(frozen=True)
class MeasuredTrial:
    """What one trial yielded: values, or the reason why there are none."""

    record: TrialRecord
    ending: Ending
    expected: Sequence[str]
    """The metrics that such a trial may yield when all goes well."""
    values: Mapping[str, float] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    """What the trial did otherwise than asked, by the check that found it."""
    because: str | None = None
    """Why there are no values."""
    seen: Seen | None = None
    """What the checks of the scenario may look at, for a trial that counts in a scenario with checks."""

    @property
    def ended_well(self) -> bool:
        """Whether the trial ended as it should have, whatever it did until then."""
        return self.ending == "ok"


@dataclass
class Group:
    """All trials of one setup in one scenario."""

    scenario: str
    setup: Setup
    trials: list[MeasuredTrial] = field(default_factory=list)

    @property
    def label(self) -> str:
        """The name of the group, which no other group has."""
        return f"{self.scenario}/{self.setup.path}"

    @property
    def counted(self) -> list[MeasuredTrial]:
        """The trials without the warm-ups."""
        return [trial for trial in self.trials if not trial.record.warmup]

    @property
    def widths(self) -> dict[str, int | None]:
        """The width of each engine start of the trials."""
        return dict(sorted({trial.record.start: trial.record.width for trial in self.trials}.items()))

    @property
    def rounds(self) -> dict[str, int]:
        """The round of each engine start of the trials."""
        return {trial.record.start: trial.record.round for trial in self.trials}


@dataclass(frozen=True)
class MeasuredRun:
    """A run with every trial measured: the source of everything that is derived."""

    record: RunRecord
    starts: Sequence[StartRecord]
    trials: Sequence[MeasuredTrial]
    observations: Sequence[ObservationRecord] = ()
    """What was seen where nothing ran."""
    part: Part = msgspec.UNSET
    """Which part of a merged run it is."""

    @cached_property
    def groups(self) -> list[Group]:
        """The trials by scenario and setup, in the order of the results."""
        return grouped(self.trials)

    @property
    def setups(self) -> list[Group]:
        """The groups without those of the A/A control."""
        return [group for group in self.groups if not group.setup.control]


def measured_parts(folder: RunFolder, record: RunRecord) -> list[MeasuredRun]:
    """Measure every trial in the run's folder: each part of a merged run by itself, or the whole run as its only part."""
    trials, starts, observations = folder.trials(), folder.starts(), folder.observations()
    check_records(folder.path, record, trials, starts, observations)
    runs: list[MeasuredRun] = []
    for name, part in record.by_part.items():
        run = measure(part, _of(name, trials), _of(name, starts), lambda trial: timeline.read(folder.events(trial)))
        runs.append(replace(run, observations=_of(name, observations), part=name))
    return runs


def _of(part: Part, records: Sequence[Record]) -> list[Record]:
    """Return the records of a part as they were before it was merged, so that the same numbers come of them."""
    return [within(each, msgspec.UNSET) for each in records if each.setup.part == part]


def measure(
    run: RunRecord,
    records: Sequence[TrialRecord],
    starts: Sequence[StartRecord],
    events: Callable[[str], Timeline],
) -> MeasuredRun:
    """Measure every trial; `events` returns what ran in one."""
    # Read once: a graph of a thousand tasks may have a thousand trials.
    cases: dict[tuple[str, str], Case] = {}
    trials: list[MeasuredTrial] = []
    begun: set[str] = set()
    for each in records:
        key = (each.scenario, each.workload)
        case = cases[key] = cases.get(key) or run.cases[each.workload].at(each.axes)
        trials.append(measured(each, case, each.width or run.width, events, is_first=each.start not in begun))
        if not each.warmup:
            begun.add(each.start)
    return MeasuredRun(run, starts, trials)


def grouped(trials: Sequence[MeasuredTrial]) -> list[Group]:
    """Put the trials of each setup in each scenario together."""
    groups: dict[tuple[str, Setup], Group] = {}
    for each in trials:
        key = (each.record.scenario, each.record.setup)
        groups.setdefault(key, Group(*key)).trials.append(each)
    return sorted(groups.values(), key=lambda group: group.label)


def measured(
    record: TrialRecord, case: Case, width: int, events: Callable[[str], Timeline], *, is_first: bool = True
) -> MeasuredTrial:
    """Verify one trial and measure it; a trial that did other work than asked yields no value."""
    # The last line of a trial that was cut short may be broken.
    what_ran = events(record.id) if record.end == "over" else Timeline()
    trial = _ended(record, case, what_ran)
    run = Run(what_ran, case.work, width, record.facts, is_first)
    if trial.ended_well:
        if wrong := verify(what_ran, case.work, width, case.expectation, case.procedure.runs):
            trial = replace(trial, wrong=wrong, because="; ".join(f"{check}: {why}" for check, why in wrong.items()))
        else:
            trial = replace(trial, values=_values(trial, run))
    # The events are kept only where somebody will look at them: a long run has a million.
    if record.warmup or not SCENARIOS[record.scenario].checks:
        return trial
    return replace(trial, seen=_seen(trial, case, run))


def _ended(record: TrialRecord, case: Case, what_ran: Timeline) -> MeasuredTrial:
    """Judge how a trial ended: compare the outcome that the tool reported with the one that the case expects."""
    trial = MeasuredTrial(record, "ok", _expected(record, case))
    if record.end != "over":
        return replace(trial, ending=record.end, because=record.because)
    if case.expectation.is_open or what_ran.state == case.expected.state:
        return trial
    error = next((f": {run.last_error}" for run in record.runs if run.last_error and run.state == what_ran.state), "")
    outcome = f"the tool calls the run {what_ran.state}{error} (see adapter.log beside this file)"
    return replace(trial, ending="failed", because=record.because or outcome)


def _expected(record: TrialRecord, case: Case) -> Sequence[str]:
    if record.warmup:
        return (COLD_RUN,) if record.workload in COLD_RUNS else ("makespan_s",)
    return SCENARIOS[record.scenario].metrics(case)


def _values(trial: MeasuredTrial, run: Run) -> Mapping[str, float]:
    if trial.record.warmup:
        return {trial.expected[0]: makespan_s(run)}
    formulas = {name: METRICS[name].of for name in trial.expected}
    values = {name: of(run) for name, of in formulas.items() if of}
    reported = trial.record.reported
    # The records have the last try of a task; its start is not when the task began.
    tasks = {} if any(tries > 1 for tries in reported.attempts.values()) else reported.tasks
    crosschecks = measure_reported(reported.submitted, tasks, run.work) | _recorded_lag(trial, run)
    return {name: float(value) for name, value in values.items() if value is not None} | crosschecks


def _recorded_lag(trial: MeasuredTrial, run: Run) -> dict[str, float]:
    """Return how long it took until the tool's records had each task, of a run that did all of its tasks."""
    tasks = {node.id for node in run.work.nodes} if isinstance(run.work, Workload) else set()
    recorded = trial.record.runs[0].recorded if len(trial.record.runs) == 1 else None
    if recorded is None or not tasks or tasks - trial.record.reported.tasks.keys():
        return {}
    return {RECORDED_LAG: (recorded - run.timeline.last_end) / 1e9}


def _seen(trial: MeasuredTrial, case: Case, run: Run) -> Seen:
    record = trial.record
    return Seen(
        trial=record.id,
        asked=case,
        round=record.round,
        repeat=record.repeat,
        timeline=run.timeline,
        facts=record.facts,
        problem=trial.because,
        status=trial.ending,
        width=run.width,
        number=record.number,
        tasks=record.reported.tasks,
    )
