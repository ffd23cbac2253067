"""The numbers of two runs that are to be compared: each run's own, or those of pairs, where the two fought a duel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from bench import stats, timeline
from bench.comparable import is_calibrated, is_duel
from bench.estimates import Estimate, estimate_all
from bench.outcomes import Outcome, group, outcome
from bench.stats import Centre
from bench.store import RunFolder
from contract import pipeline

Key = tuple[tuple[str, str], ...]
Numbers = Mapping[Key, Estimate]


def of_both(before: RunFolder, after: RunFolder) -> tuple[Numbers, Numbers]:
    """Return the numbers of both runs."""
    first, second = _outcomes(before), _outcomes(after)
    if not is_duel(before.run(), after.run()):
        # Other draws for either, which have nothing to do with each other.
        return _estimates(before, first, stats.medians, "before "), _estimates(after, second, stats.medians, "after ")
    first, second = _paired(first, second), _paired(second, first)
    # The same draws pick the same runs of both, so that what slowed the one slowed the other.
    starts = {each.record.id: each.record.start for each in first}
    second = [
        replace(each, record=msgspec.structs.replace(each.record, start=starts.get(each.record.id, each.record.start)))
        for each in second
    ]
    return _estimates(before, first, stats.trimmed_means), _estimates(after, second, stats.trimmed_means)


def _outcomes(folder: RunFolder) -> list[Outcome]:
    run = folder.run()
    workloads = {name: pipeline.read(text) for name, text in run.workloads.items()}
    return [
        outcome(each, workloads, run.width, lambda trial: timeline.read(folder.events(trial))) for each in folder.trials()
    ]


def _paired(outcomes: Sequence[Outcome], others: Sequence[Outcome]) -> list[Outcome]:
    """Leave out the runs whose twin came to nothing; but not where all of its kind did, which is a number that is lost."""
    twins = {each.record.id for each in others if each.values}
    kinds = {_kind(each) for each in others if each.values}
    return [each for each in outcomes if each.record.id in twins or _kind(each) not in kinds]


def _kind(its: Outcome) -> tuple[Any, ...]:
    return its.record.scenario, its.record.subject, its.record.workload


def _estimates(folder: RunFolder, outcomes: Sequence[Outcome], centre: Centre, salt: str = "") -> Numbers:
    run = folder.run()
    calibrated = {name for name in run.workloads if is_calibrated(name, run)}
    groups = group(outcomes)
    estimates = estimate_all(groups, salt, centre)
    found: dict[Key, Estimate] = {}
    for its in groups:
        if not its.subject.control:
            for each in estimates[its.label]:
                keys: dict[str, Any] = {
                    "scenario": its.scenario,
                    **its.keys,
                    "workload": each.workload,
                    "metric": each.metric,
                }
                del keys["isolation"]
                if each.workload not in calibrated:
                    found[tuple(keys.items())] = each
    return found
