"""Measured trials -> figures: medians, lines over the number of tasks, and the crossing of the sweep, each with its draws.

Where a duel is compared, a resampler takes trimmed means in place of medians, in all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from bench.base import stats
from bench.base.stats import Centre, Quantity, Resampler
from bench.derive.measured import COLD_RUNS, Group, MeasuredTrial
from bench.plan.setup import Setup
from bench.scenarios import METRICS, SCENARIOS
from bench.scenarios.kit.case import Axes
from bench.scenarios.kit.families import Family, Line, Sweep
from bench.scenarios.kit.metrics import COUNTS, Metric

ByStart = dict[str, list[float]]


@dataclass(frozen=True)
class Figure:
    """A metric of a setup for a workload, or for a family of workloads, with what instability was seen in its values."""

    scenario: str
    setup: Setup
    workload: str
    metric: Metric
    quantity: Quantity
    unstable: tuple[str, ...] = ()
    axes: Axes = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is a number of: no other figure of a run has the same, and another run's figure of the same has it too."""
        return self.scenario, self.setup.path, self.workload, self.metric.name

    @property
    def is_known(self) -> bool:
        """Whether there is a number."""
        return self.quantity.point is not None


def figures_of(groups: Sequence[Group], salt: str = "", centre: Centre = stats.medians) -> list[Figure]:
    """Return the figures of every group, in their order; another salt makes other draws, for another run."""
    drawn = [_Drawn(group, Resampler.of(salt + group.label, group.widths, centre)) for group in groups]
    references = {(each.group.scenario, each.group.setup.tier): each for each in drawn if each.group.setup.is_reference}
    return [
        figure for each in drawn for figure in each.figures(references.get((each.group.scenario, each.group.setup.tier)))
    ]


@dataclass(frozen=True)
class _Drawn:
    """A group with its resampler: where its figures come from, and what a scenario may look at; see derived.Medians."""

    group: Group
    resampler: Resampler

    def figures(self, reference: _Drawn | None) -> Iterator[Figure]:
        """Yield every figure of the group; a crossing is that of its sweep with the reference's."""
        scenario = SCENARIOS[self.group.scenario]
        for workload, trials in self._by_workload.items():
            wanted = {name for each in trials for name in (*each.expected, *each.values)}
            yield from (self._direct(workload, name, trials) for name in METRICS if name in wanted)
        if scenario.line:
            yield from self._on_lines(scenario.line)
        if scenario.sweep and reference and not self.group.setup.is_plain:
            yield from self._crossings(scenario.sweep, reference)
        for each in scenario.derive(self) if scenario.derive else ():
            axes = each.axes or _common(self._by_workload.get(each.workload, ()))
            yield replace(self._figure(each.workload, each.metric, each.quantity), axes=axes)

    # What a scenario may look at ---------------------------------------------------------------------------------------

    @property
    def workloads(self) -> Sequence[str]:
        return list(self._by_workload)

    def asked(self, workload: str) -> int:
        return len(self._by_workload[workload])

    def axes(self, workload: str) -> Axes:
        return _common(self._by_workload[workload])

    def median(self, workload: str, metric: str) -> Quantity:
        return self._centre(self._by_workload[workload], metric, workload)

    # One after the other -----------------------------------------------------------------------------------------------

    def _figure(self, workload: str, metric: str, quantity: Quantity) -> Figure:
        return Figure(self.group.scenario, self.group.setup, workload, METRICS[metric], quantity)

    def _direct(self, workload: str, metric: str, trials: Sequence[MeasuredTrial]) -> Figure:
        series = [each.values[metric] for each in trials if metric in each.values]
        figure = self._figure(workload, metric, self._centre(trials, metric, workload))
        return replace(figure, unstable=tuple(stats.instabilities(series)), axes=_common(trials))

    def _on_lines(self, line: Line) -> Iterator[Figure]:
        """Yield what each family's line says: its slope, and its intercept where that means something."""
        for family, sizes in self._families(line).items():
            if len(sizes) < 2:
                continue
            points = self._points(family, sizes)
            unstable = ("curved",) if stats.is_curved(points) else ()
            axes = _common(each for trials in sizes.values() for each in trials)
            for metric, quantity in zip((line.slope, line.intercept), stats.line(points), strict=True):
                if metric:
                    figure = self._figure(family, metric, _in_ms(quantity))
                    yield replace(figure, unstable=unstable, axes=axes)

    def _points(self, family: str, sizes: Mapping[int, Sequence[MeasuredTrial]]) -> dict[int, Quantity]:
        """Return the median makespan by size.

        Where an engine polls for submissions, each run waits for the next poll, up to ten seconds, and a few such waits
        would bury a slope of milliseconds. There the wait of every single run is replaced by the median wait of all of them.
        """
        every = [each for trials in sizes.values() for each in trials]
        if not any(each.record.polls for each in every):
            return {size: self._centre(trials, "makespan_s", f"{family}{size}") for size, trials in sizes.items()}
        wait = self._centre(every, "submit_to_first_s", family)
        return {
            size: self._centre(trials, "first_to_last_s", f"{family}{size}").plus(wait) for size, trials in sizes.items()
        }

    def _crossings(self, sweep: Sweep, reference: _Drawn) -> Iterator[Figure]:
        """Yield where each family's sweep crosses half efficiency; plain Python's is 1 by definition: it has no crossing."""
        plain = reference.makespans(sweep)
        for family, makespans in self.makespans(sweep).items():
            if family in plain:
                work = sorted(makespans.keys() & plain[family].keys())
                crossing = stats.half_efficiency(work, [plain[family][w] for w in work], [makespans[w] for w in work])
                axes = _common(each for trials in self._families(sweep)[family].values() for each in trials)
                yield replace(self._figure(family, sweep.half, _in_ms(crossing)), axes=axes)

    def makespans(self, sweep: Sweep) -> dict[str, dict[float, Quantity]]:
        """Return the median makespans of each family of a sweep, by task duration."""
        return {
            family: {work: self._centre(trials, "makespan_s", f"{family}{work}") for work, trials in points.items()}
            for family, points in self._families(sweep).items()
        }

    def _centre(self, trials: Sequence[MeasuredTrial], metric: str, name: str) -> Quantity:
        """Return the median of a metric, or what the resampler takes instead; without a value, why a trial has none."""
        values: ByStart = defaultdict(list)
        for each in trials:
            if metric in each.values:
                values[each.record.start].append(each.values[metric])
            elif metric == "first_to_last_s" and {"makespan_s", "submit_to_first_s"} <= each.values.keys():
                # Of a single task it is no number of its own, but the line over the sizes begins with it.
                values[each.record.start].append(each.values["makespan_s"] - each.values["submit_to_first_s"])
        if values:
            # A count that is the same in nearly every run is that count, whatever else stands for times.
            counted = metric in METRICS and METRICS[metric].unit in COUNTS
            return self.resampler.centre_of(values, f"{name} {metric}", stats.medians if counted else None)
        reason = next((each.because for each in trials if each.because), None)
        return stats.missing(reason or (METRICS[metric].lack if metric in METRICS else "no run yielded it"))

    @cached_property
    def _by_workload(self) -> dict[str, list[MeasuredTrial]]:
        found: dict[str, list[MeasuredTrial]] = defaultdict(list)
        for each in self.group.trials:
            if not each.record.warmup or each.record.workload in COLD_RUNS:
                found[each.record.workload].append(each)
        return found

    def _families(self, family: Family) -> dict[str, dict[Any, list[MeasuredTrial]]]:
        """Return the trials of each family, by what its cases differ in."""
        found: dict[str, dict[Any, list[MeasuredTrial]]] = defaultdict(lambda: defaultdict(list))
        for each in self.group.counted:
            axes = each.record.axes
            if name := family.of(axes):
                found[name][axes[family.over]].append(each)
        return found


def _common(trials: Iterable[MeasuredTrial]) -> Axes:
    """Return what all of the trials have in common of their places on the axes."""
    every = [each.record.axes for each in trials]
    return (
        {axis: value for axis, value in every[0].items() if all(each.get(axis) == value for each in every)} if every else {}
    )


def _in_ms(seconds: Quantity) -> Quantity:
    if seconds.point is None:
        return seconds
    return Quantity(seconds.point * 1000, seconds.draws * 1000, seconds.n, seconds.starts)
