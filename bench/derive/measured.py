"""Trials -> outcomes: each verified by its events, then measured, then put with the others of its subject."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from bench.events.timeline import Timeline, verify
from bench.plan import warmups
from bench.plan.setup import Setup
from bench.scenarios import METRICS, SCENARIOS, Case, Seen, Work
from bench.scenarios.kit.formulas import Run, makespan_s
from bench.scenarios.kit.metrics import COLD_RUN, measure_reported
from bench.store.records import TrialRecord

COLD_RUNS = {warmups.COLD.name} | {each.warmups[0].name for each in SCENARIOS.values() if each.warmups}
"""The first runs of their kind after an engine's start, whose makespan is the metric COLD_RUN."""


@dataclass(frozen=True)
class MeasuredTrial:
    """What one trial yielded: values, or the reason why there are none."""

    record: TrialRecord
    expected: Sequence[str]
    """The metrics that such a trial may yield when all goes well."""
    values: Mapping[str, float]
    wrong: Mapping[str, str] = field(default_factory=dict)
    because: str | None = None
    seen: Seen | None = None
    """What the scenario's checks may look at, of a run that counts, where it has any."""


@dataclass
class Group:
    """All trials of one subject in one scenario."""

    scenario: str
    setup: Setup
    outcomes: list[MeasuredTrial] = field(default_factory=list)

    @property
    def label(self) -> str:
        """Its name, which no other group has."""
        return f"{self.scenario}/{self.setup.path}"

    @property
    def widths(self) -> dict[str, int | None]:
        """The engine starts in which its trials ran, each with its width."""
        return dict(sorted({each.record.start: each.record.width for each in self.outcomes}.items()))

    @property
    def keys(self) -> dict[str, str]:
        """Return who it is, as every row of results.json says it."""
        keys: dict[str, str] = msgspec.to_builtins(self.setup)
        return {key: value for key, value in keys.items() if key not in {"default", "control"}}


def measured(
    record: TrialRecord, workloads: Mapping[str, Work], width: int, read: Callable[[str], Timeline]
) -> MeasuredTrial:
    """Verify one trial and measure it; a trial that did other work than it was asked yields no value."""
    work, width = workloads[record.workload], record.width or width
    expected = _expected(record, work)
    # A run that failed has its events; of one that was cut short the last line may be broken.
    what_ran = read(record.id) if record.status in {"ok", "failed"} else Timeline()
    if record.status != "ok":
        seen = _seen(record, work, width, what_ran, record.because)
        return MeasuredTrial(record, expected, {}, because=record.because, seen=seen)
    if wrong := verify(what_ran, work, width):
        because = "; ".join(f"{check}: {why}" for check, why in wrong.items())
        return MeasuredTrial(record, expected, {}, wrong, because, _seen(record, work, width, what_ran, because))
    run = Run(what_ran, work, width, record.facts)
    if record.warmup:
        return MeasuredTrial(record, expected, {expected[0]: makespan_s(run)})
    values = _values(expected, run)
    seen = _seen(record, work, width, what_ran, None)
    values |= measure_reported(record.reported.get("submitted"), record.reported.get("tasks", {}), work)
    return MeasuredTrial(record, expected, values, seen=seen)


def _values(names: Sequence[str], run: Run) -> dict[str, float]:
    """Return those of the metrics that a run has."""
    found = {name: of(run) for name in names if (of := METRICS[name].of)}
    return {name: float(value) for name, value in found.items() if value is not None}


def _seen(record: TrialRecord, work: Work, width: int, what_ran: Timeline, problem: str | None) -> Seen | None:
    if record.warmup:
        return None
    if not SCENARIOS[record.scenario].checks:
        return None  # nobody will look at it, and a long run has a million events
    return Seen(
        trial=record.id,
        case=record.workload,
        round=record.round,
        repeat=record.repeat,
        attempts={name: len(attempts) for name, attempts in what_ran.attempts.items()},
        facts=record.facts,
        problem=problem,
        status=record.status,
        work=work,
        axes=record.axes,
        timeline=what_ran,
        width=width,
        number=record.number,
        tasks=record.reported.get("tasks", {}),
    )


def _expected(record: TrialRecord, work: Work) -> Sequence[str]:
    if record.warmup:
        return (COLD_RUN,) if record.workload in COLD_RUNS else ("makespan_s",)
    return SCENARIOS[record.scenario].metrics(Case(work, record.axes))


def group(outcomes: Iterable[MeasuredTrial]) -> list[Group]:
    """Put the outcomes of each subject together."""
    groups: dict[tuple[str, Setup], Group] = {}
    for each in outcomes:
        key = (each.record.scenario, each.record.setup)
        groups.setdefault(key, Group(*key)).outcomes.append(each)
    return sorted(groups.values(), key=lambda its: its.label)
