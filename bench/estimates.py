"""Outcomes -> estimates: medians, lines over the number of tasks, and the crossing of the sweep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench import stats
from bench.metrics import METRICS
from bench.orchestrators import REFERENCE
from bench.outcomes import Group, Outcome
from bench.stats import Quantity, Resampler

ByStart = dict[str, list[float]]
Sweep = dict[float, Quantity]
"""The median makespan by task duration."""


@dataclass(frozen=True)
class Estimate:
    """A metric of a subject for a workload (or a family of workloads), with what instability was seen in its values."""

    workload: str
    metric: str
    quantity: Quantity
    unstable: tuple[str, ...] = ()


def estimate_all(groups: Sequence[Group]) -> dict[str, list[Estimate]]:
    """Return the estimates of every group, by its label."""
    references = {
        (its.scenario, its.subject.tier): _sweeps(its, Resampler.of(its.label, its.starts))
        for its in groups
        if its.is_reference
    }
    return {its.label: _estimate(its, references.get((its.scenario, its.subject.tier), {})) for its in groups}


def _estimate(its: Group, reference: Mapping[str, Sweep]) -> list[Estimate]:
    """Return every estimate of one subject; `reference` has the plain makespans of each sweep."""
    resampler = Resampler.of(its.label, its.starts)
    found: list[Estimate] = []
    for workload, outcomes in _by_workload(its).items():
        wanted = {name for each in outcomes for name in (*each.expected, *each.values)}
        for metric in (name for name in METRICS if name in wanted):
            found.append(_direct(workload, metric, outcomes, resampler))
    for family, sizes in _families(its, sweep=False).items():
        if len(sizes) > 1:
            slope, intercept = stats.line({size: resampler.median(values) for size, values in sizes.items()})
            found.append(Estimate(family, "per_task_ms", _times(slope, 1000)))
            found.append(Estimate(family, "per_run_ms", _times(intercept, 1000)))
    for family, sweep in _sweeps(its, resampler).items():
        # Plain is the yardstick: its efficiency is 1 by definition, so that there is no crossing to look for.
        if family in reference and its.subject.orchestrator != REFERENCE:
            work = sorted(sweep.keys() & reference[family].keys())
            crossing = stats.half_efficiency(work, [reference[family][w] for w in work], [sweep[w] for w in work])
            found.append(Estimate(family, "metg50_ms", _times(crossing, 1000)))
    return found


def _sweeps(its: Group, resampler: Resampler) -> dict[str, Sweep]:
    families = _families(its, sweep=True)
    return {
        family: {work: resampler.median(values) for work, values in points.items()} for family, points in families.items()
    }


def _direct(workload: str, metric: str, outcomes: Sequence[Outcome], resampler: Resampler) -> Estimate:
    values: ByStart = defaultdict(list)
    for each in outcomes:
        if metric in each.values:
            values[each.record.start].append(each.values[metric])
    quantity = resampler.median(values)
    if quantity.point is None:
        quantity = stats.missing(next((each.because for each in outcomes if each.because), "no run yielded it"))
    series = [each.values[metric] for each in outcomes if metric in each.values]
    return Estimate(workload, metric, quantity, tuple(stats.instabilities(series)))


def _by_workload(its: Group) -> dict[str, list[Outcome]]:
    found: dict[str, list[Outcome]] = defaultdict(list)
    for each in its.outcomes:
        found[each.record.workload].append(each)
    return found


def _families(its: Group, *, sweep: bool) -> dict[str, dict[Any, ByStart]]:
    """Return the makespans by family, then by size (or task duration, in a sweep), then by engine start."""
    found: dict[str, dict[Any, ByStart]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for each in its.outcomes:
        record = each.record
        if record.family and (record.work_s is not None) == sweep:
            values = found[record.family][record.work_s if sweep else record.size]
            if "makespan_s" in each.values:
                values[record.start].append(each.values["makespan_s"])
    return found


def _times(quantity: Quantity, factor: float) -> Quantity:
    if quantity.point is None:
        return quantity
    return Quantity(quantity.point * factor, quantity.draws * factor, quantity.n, quantity.starts)
