"""The numbers of two runs that are to be compared: each run's own, or those of pairs, where the two fought a duel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from bench.base import stats
from bench.base.stats import Centre
from bench.compare.comparable import is_calibrated, is_duel
from bench.derive.estimates import Estimate, estimate_all
from bench.derive.measured import MeasuredTrial, group, measured
from bench.events import timeline
from bench.store.folder import RunFolder
from bench.store.records import RunRecord
from contract import pipeline

Key = tuple[tuple[str, str], ...]
Numbers = Mapping[Key, Estimate]


def of_both(before: RunFolder, after: RunFolder) -> tuple[Numbers, Numbers]:
    """Return the numbers of both runs."""
    first, second = _outcomes(before), _outcomes(after)
    if not is_duel(before.run(), after.run()):
        # Other draws for either, which have nothing to do with each other.
        return (
            _without_calibrated(_estimates(first, stats.medians, "before "), before.run()),
            _without_calibrated(_estimates(second, stats.medians, "after "), after.run()),
        )
    # Warm-ups come with the start, which is not in step: two cold runs lie a dozen seconds apart, one of them in a start.
    first, second = ([each for each in its if not each.record.warmup] for its in (first, second))
    first, second = _paired(first, second), _paired(second, first)
    # The same draws pick the same runs of both, so that what slowed the one slowed the other.
    starts = {each.record.id: each.record.start for each in first}
    second = [
        replace(each, record=msgspec.structs.replace(each.record, start=starts.get(each.record.id, each.record.start)))
        for each in second
    ]
    return _estimates(first, stats.trimmed_means), _estimates(second, stats.trimmed_means)


def _outcomes(folder: RunFolder) -> list[MeasuredTrial]:
    run = folder.run()
    workloads = {name: pipeline.read(text) for name, text in run.workloads.items()}
    return [
        measured(each, workloads, run.width, lambda trial: timeline.read(folder.events(trial))) for each in folder.trials()
    ]


def _paired(outcomes: Sequence[MeasuredTrial], others: Sequence[MeasuredTrial]) -> list[MeasuredTrial]:
    """Keep the runs that are of a pair, on both sides the same; of a kind without a pair all, since its number is lost.

    With the others would come their engine starts, and either side would draw from other starts than its twin.
    """
    twins = {each.record.id for each in others if each.values}
    paired = {each.record.id: _kind(each) for each in outcomes if each.values and each.record.id in twins}
    kinds = set(paired.values())
    return [each for each in outcomes if each.record.id in paired or _kind(each) not in kinds]


def _kind(its: MeasuredTrial) -> tuple[Any, ...]:
    return its.record.scenario, its.record.setup, its.record.workload


def _estimates(outcomes: Sequence[MeasuredTrial], centre: Centre, salt: str = "") -> Numbers:
    groups = group(outcomes)
    estimates = estimate_all(groups, salt, centre)
    found: dict[Key, Estimate] = {}
    for its in groups:
        if not its.setup.control:
            for each in estimates[its.label]:
                keys: dict[str, Any] = {
                    "scenario": its.scenario,
                    **its.keys,
                    "workload": each.workload,
                    "metric": each.metric,
                }
                del keys["isolation"]
                found[tuple(keys.items())] = each
    return found


def _without_calibrated(numbers: Numbers, run: RunRecord) -> Numbers:
    """Leave out those of work that was made as much as the machine does in a time; in a duel both sides do as much."""
    calibrated = {name for name in run.workloads if is_calibrated(name, run)}
    return {key: number for key, number in numbers.items() if dict(key)["workload"] not in calibrated}
