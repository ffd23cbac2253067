"""Outcomes -> estimates: medians, lines over the number of tasks, and the crossing of the sweep.

Where a duel is compared, a resampler takes trimmed means in place of medians, in all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.base import stats
from bench.base.stats import Centre, Quantity, Resampler
from bench.derive.measured import COLD_RUNS, Group, MeasuredTrial
from bench.scenarios import METRICS, SCENARIOS
from bench.scenarios.kit.case import Axes
from bench.scenarios.kit.families import Family, Line
from bench.scenarios.kit.metrics import COUNTS

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


def estimate_all(groups: Sequence[Group], salt: str = "", centre: Centre = stats.medians) -> dict[str, list[Estimate]]:
    """Return the estimates of every group, by its label; another salt makes other draws, for another run."""
    resamplers = {its.label: Resampler.of(salt + its.label, its.widths, centre) for its in groups}
    references = {
        (its.scenario, its.setup.tier): _sweeps(its, resamplers[its.label]) for its in groups if its.setup.is_reference
    }
    return {
        its.label: _estimate(its, resamplers[its.label], references.get((its.scenario, its.setup.tier), {}))
        for its in groups
    }


def _estimate(its: Group, resampler: Resampler, reference: Mapping[str, Sweep]) -> list[Estimate]:
    """Return every estimate of one subject; `reference` has the plain makespans of each sweep."""
    found: list[Estimate] = []
    scenario = SCENARIOS[its.scenario]
    by_workload = _by_workload(its)
    for workload, outcomes in by_workload.items():
        wanted = {name for each in outcomes for name in (*each.expected, *each.values)}
        for metric in (name for name in METRICS if name in wanted):
            found.append(_direct(workload, metric, outcomes, resampler))
    if scenario.line:
        found += _on_lines(its, scenario.line, resampler)
    found += _crossings(its, reference, resampler)
    if scenario.derive:
        found += [Estimate(*each) for each in scenario.derive(_Medians(by_workload, resampler))]
    return found


def _on_lines(its: Group, line: Line, resampler: Resampler) -> Iterator[Estimate]:
    """Yield what each family's line says: its slope, and its intercept where that means something."""
    for family, sizes in _families(its, line).items():
        if len(sizes) < 2:
            continue
        points = _points(family, sizes, resampler)
        unstable = ("curved",) if stats.is_curved(points) else ()
        for metric, quantity in zip((line.slope, line.intercept), stats.line(points), strict=True):
            if metric:
                yield Estimate(family, metric, _times(quantity, 1000), unstable)


def _crossings(its: Group, reference: Mapping[str, Sweep], resampler: Resampler) -> Iterator[Estimate]:
    """Yield where each family's sweep crosses half efficiency; plain Python's is 1 by definition, and has no crossing."""
    sweep = SCENARIOS[its.scenario].sweep
    if sweep is None or its.setup.is_plain:
        return
    for family, makespans in _sweeps(its, resampler).items():
        if family in reference:
            work = sorted(makespans.keys() & reference[family].keys())
            crossing = stats.half_efficiency(work, [reference[family][w] for w in work], [makespans[w] for w in work])
            yield Estimate(family, sweep.half, _times(crossing, 1000))


@dataclass(frozen=True)
class _Medians:
    """What a scenario may look at to make one number of several workloads; see scenario.Medians."""

    outcomes: Mapping[str, Sequence[MeasuredTrial]]
    resampler: Resampler

    @property
    def workloads(self) -> Sequence[str]:
        return list(self.outcomes)

    def asked(self, workload: str) -> int:
        return len(self.outcomes[workload])

    def axes(self, workload: str) -> Axes:
        return self.outcomes[workload][0].record.axes

    def median(self, workload: str, metric: str) -> Quantity:
        return _centre(self.outcomes[workload], metric, workload, self.resampler)


def _points(family: str, sizes: Mapping[int, list[MeasuredTrial]], resampler: Resampler) -> dict[int, Quantity]:
    """Return the median makespan by size.

    Where an engine polls for submissions, each run waits for the next poll, up to ten seconds, and a few such waits would
    bury a slope of milliseconds. There the wait of every single run is replaced by the median wait of all of them.
    """
    if not any(each.record.polls for outcomes in sizes.values() for each in outcomes):
        return {size: _centre(outcomes, "makespan_s", f"{family}{size}", resampler) for size, outcomes in sizes.items()}
    every = [each for outcomes in sizes.values() for each in outcomes]
    wait = _centre(every, "submit_to_first_s", family, resampler)
    return {
        size: _centre(outcomes, "first_to_last_s", f"{family}{size}", resampler).plus(wait)
        for size, outcomes in sizes.items()
    }


def _centre(outcomes: Sequence[MeasuredTrial], metric: str, name: str, resampler: Resampler) -> Quantity:
    """Return the median of a metric, or what its resampler takes instead; without a value, why the first run has none."""
    values: ByStart = defaultdict(list)
    for each in outcomes:
        if metric in each.values:
            values[each.record.start].append(each.values[metric])
        elif metric == "first_to_last_s" and {"makespan_s", "submit_to_first_s"} <= each.values.keys():
            # Of a single task it is no number of its own, but the line over the sizes begins with it.
            values[each.record.start].append(each.values["makespan_s"] - each.values["submit_to_first_s"])
    if values:
        # A count that is the same in nearly every run is that count, whatever else stands for times.
        counted = metric in METRICS and METRICS[metric].unit in COUNTS
        return resampler.centre_of(values, f"{name} {metric}", stats.medians if counted else None)
    reason = next((each.because for each in outcomes if each.because), None)
    return stats.missing(reason or (METRICS[metric].lack if metric in METRICS else "no run yielded it"))


def _sweeps(its: Group, resampler: Resampler) -> dict[str, Sweep]:
    sweep = SCENARIOS[its.scenario].sweep
    return {
        family: {work: _centre(outcomes, "makespan_s", f"{family}{work}", resampler) for work, outcomes in points.items()}
        for family, points in (_families(its, sweep) if sweep else {}).items()
    }


def _direct(workload: str, metric: str, outcomes: Sequence[MeasuredTrial], resampler: Resampler) -> Estimate:
    series = [each.values[metric] for each in outcomes if metric in each.values]
    return Estimate(workload, metric, _centre(outcomes, metric, workload, resampler), tuple(stats.instabilities(series)))


def _by_workload(its: Group) -> dict[str, list[MeasuredTrial]]:
    found: dict[str, list[MeasuredTrial]] = defaultdict(list)
    for each in its.outcomes:
        if not each.record.warmup or each.record.workload in COLD_RUNS:
            found[each.record.workload].append(each)
    return found


def _families(its: Group, family: Family) -> dict[str, dict[Any, list[MeasuredTrial]]]:
    """Return the trials of each family, by what its cases differ in."""
    found: dict[str, dict[Any, list[MeasuredTrial]]] = defaultdict(lambda: defaultdict(list))
    for each in its.outcomes:
        axes = each.record.axes
        if not each.record.warmup and (name := family.of(axes)):
            found[name][axes[family.over]].append(each)
    return found


def _times(quantity: Quantity, factor: float) -> Quantity:
    if quantity.point is None:
        return quantity
    return Quantity(quantity.point * factor, quantity.draws * factor, quantity.n, quantity.starts)
