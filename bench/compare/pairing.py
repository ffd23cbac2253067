"""The numbers to compare of two runs: each run by itself, or in pairs if the two fought a duel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import msgspec

from bench.base.stats.starts import slowest_tenths, trimmed_means
from bench.compare.comparable import is_calibrated, is_duel
from bench.derive.figures import Figure, figures_of
from bench.derive.measured import MeasuredRun, MeasuredTrial, grouped
from bench.plan.setup import Part, Setup
from bench.store.records import RunRecord

Key = tuple[str, str, str, str]
Numbers = Mapping[Key, Figure]
"""The figures of a run by their keys, without those of the A/A control."""


class Pair(NamedTuple):
    """The figures of both runs, with those of the A/A control."""

    before: Sequence[Figure]
    after: Sequence[Figure]


def figures_of_both(before: MeasuredRun, after: MeasuredRun) -> Pair:
    """Return the figures of two runs: of all trials, or of pairs of trials if the two fought a duel."""
    if not is_duel(before.record, after.record):
        # Independent draws for either run.
        return Pair(figures_of(before.groups, "before "), figures_of(after.groups, "after "))
    # No warm-ups: engine starts are not in step, so that two cold runs are a dozen seconds apart, and a start has only one.
    first, second = ([trial for trial in run.trials if not trial.record.warmup] for run in (before, after))
    first, second = _paired(first, second), _paired(second, first)
    # The same draws pick the same runs of both sides, so that what slowed one of them slowed the other.
    starts = {trial.record.id: trial.record.start for trial in first}
    second = [
        replace(trial, record=msgspec.structs.replace(trial.record, start=starts.get(trial.record.id, trial.record.start)))
        for trial in second
    ]
    return Pair(*map(_of_a_side, (first, second)))


def _of_a_side(trials: Sequence[MeasuredTrial]) -> list[Figure]:
    """Return the means of a side, and what its slow runs take: a mean does not see a tenth that got slower."""
    groups = grouped(trials)
    slow = figures_of(groups, centre=trimmed_means, of_runs=slowest_tenths)
    return [*figures_of(groups, centre=trimmed_means), *(_named_slow(each) for each in slow if _has_slow_runs(each))]


def _has_slow_runs(figure: Figure) -> bool:
    """Whether it is a time of runs, and the starts have several runs each."""
    return (
        figure.metric.of is not None
        and figure.metric.unit in {"s", "ms"}
        and figure.quantity.n >= 3 * figure.quantity.starts
    )


def _named_slow(figure: Figure) -> Figure:
    return replace(figure, metric=replace(figure.metric, name=f"{figure.metric.name}_p90"))


def twins(before: RunRecord, after: RunRecord) -> list[tuple[Part, Part]]:
    """Pair the parts of two runs: by the name of the suite, and by their order where several parts have that of one."""
    if not (before.parts or after.parts):
        return [(msgspec.UNSET, msgspec.UNSET)]
    first, second = _by_suite(before), _by_suite(after)
    return [(first[suite], second[suite]) for suite in first if suite in second]


def _by_suite(run: RunRecord) -> Mapping[tuple[str, int], Part]:
    seen: Counter[str] = Counter()
    found: dict[tuple[str, int], Part] = {}
    for name, part in run.by_part.items():
        suite = part.suite["name"]
        found[suite, seen[suite]] = name
        seen[suite] += 1
    return found


def compared(figures: Sequence[Figure], run: RunRecord, part: Part, *, in_duel: bool) -> Numbers:
    """Return the figures to compare, without those of the control and of calibrated work; their setups get the part.

    Each run calibrates the amount of such work to the machine. The sides of a duel share a calibration, and keep it.
    """
    calibrated = set() if in_duel else {name for name in run.cases if is_calibrated(name, run)}
    own = [figure for figure in figures if not figure.setup.control and figure.workload not in calibrated]
    named = [replace(figure, setup=figure.setup.within(part)) for figure in own]
    return {figure.key: figure for figure in named}


def _paired(trials: Sequence[MeasuredTrial], others: Sequence[MeasuredTrial]) -> list[MeasuredTrial]:
    """Keep the runs with a twin; without a single pair of their kind keep all, because the number is lost.

    A run without a twin may bring an engine start that the other side lacks: the sides would draw from different starts.
    """
    twins = {trial.record.id for trial in others if trial.values}
    paired = {trial.record.id: _kind(trial) for trial in trials if trial.values and trial.record.id in twins}
    kinds = set(paired.values())
    return [trial for trial in trials if trial.record.id in paired or _kind(trial) not in kinds]


def _kind(trial: MeasuredTrial) -> tuple[str, Setup, str]:
    return trial.record.scenario, trial.record.setup, trial.record.workload
