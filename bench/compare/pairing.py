"""The numbers of two runs that are to be compared: each run's own, or those of pairs, where the two fought a duel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import msgspec

from bench.base import stats
from bench.compare.comparable import is_calibrated, is_duel
from bench.derive.figures import Figure, figures_of
from bench.derive.measured import MeasuredRun, MeasuredTrial, grouped
from bench.plan.setup import Setup
from bench.store.records import RunRecord

Key = tuple[str, str, str, str]
Numbers = Mapping[Key, Figure]
"""The figures of a run by what they are of, without those of the A/A control."""


class Pair(NamedTuple):
    """The figures of both runs, those of the A/A control too."""

    before: Sequence[Figure]
    after: Sequence[Figure]


def figures_of_both(before: MeasuredRun, after: MeasuredRun) -> Pair:
    """Return the figures of two runs: of all their trials, or of pairs where the two fought a duel."""
    if not is_duel(before.record, after.record):
        # Other draws for either, which have nothing to do with each other.
        return Pair(figures_of(before.groups, "before "), figures_of(after.groups, "after "))
    # Warm-ups come with the start, which is not in step: two cold runs lie a dozen seconds apart, one of them in a start.
    first, second = ([each for each in run.trials if not each.record.warmup] for run in (before, after))
    first, second = _paired(first, second), _paired(second, first)
    # The same draws pick the same runs of both, so that what slowed the one slowed the other.
    starts = {each.record.id: each.record.start for each in first}
    second = [
        replace(each, record=msgspec.structs.replace(each.record, start=starts.get(each.record.id, each.record.start)))
        for each in second
    ]
    return Pair(*(figures_of(grouped(trials), centre=stats.trimmed_means) for trials in (first, second)))


def compared(figures: Sequence[Figure], run: RunRecord, *, in_duel: bool) -> Numbers:
    """Return what is compared: not the control, and outside of a duel not what each run has calibrated for itself.

    Work that takes a given time on the machine is made as much as the machine does in it; in a duel both sides do as much.
    """
    calibrated = set() if in_duel else {name for name in run.cases if is_calibrated(name, run)}
    return {each.key: each for each in figures if not each.setup.control and each.workload not in calibrated}


def _paired(trials: Sequence[MeasuredTrial], others: Sequence[MeasuredTrial]) -> list[MeasuredTrial]:
    """Keep the runs that are of a pair, on both sides the same; of a kind without a pair all, since its number is lost.

    With the others would come their engine starts, and either side would draw from other starts than its twin.
    """
    twins = {each.record.id for each in others if each.values}
    paired = {each.record.id: _kind(each) for each in trials if each.values and each.record.id in twins}
    kinds = set(paired.values())
    return [each for each in trials if each.record.id in paired or _kind(each) not in kinds]


def _kind(trial: MeasuredTrial) -> tuple[str, Setup, str]:
    return trial.record.scenario, trial.record.setup, trial.record.workload
