"""Measured trials -> figures: medians, lines over the number of tasks, and the crossing of the sweep, each with draws.

In the comparison of a duel, the resampler takes trimmed means instead of medians everywhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from bench.base.stats.instability import instabilities
from bench.base.stats.lines import half_efficiency, is_curved, line_through
from bench.base.stats.quantity import Quantity, missing
from bench.base.stats.starts import Centre, Resampler, medians
from bench.derive.measured import COLD_RUNS, Group, MeasuredTrial
from bench.plan.setup import Setup
from bench.scenarios import METRICS, SCENARIOS
from bench.scenarios.kit.case import Axes
from bench.scenarios.kit.common_metrics import COUNTS, Metric
from bench.scenarios.kit.families import Family, Line, Sweep

ByStart = dict[str, list[float]]


@dataclass(frozen=True)
class Figure:
    """A metric of a setup for a workload or a family of workloads, with the kinds of instability in the values."""

    scenario: str
    setup: Setup
    workload: str
    metric: Metric
    quantity: Quantity
    unstable: tuple[str, ...] = ()
    axes: Axes = field(default_factory=dict)
    polls: bool = False
    """Whether the engine looks for submissions from time to time, so that a wait is a draw."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The same for the same number in two runs, and different for two numbers of a run."""
        return self.scenario, self.setup.path, self.workload, self.metric.name

    @property
    def is_known(self) -> bool:
        """Whether there is a number."""
        return self.quantity.point is not None


def figures_of(
    groups: Sequence[Group], salt: str = "", centre: Centre = medians, of_runs: Centre | None = None
) -> list[Figure]:
    """Return the figures of every group, in their order; another salt makes other draws, for another run."""
    drawn = [
        _Drawn(group, Resampler.of(salt + group.label, group.widths, centre, of_runs, group.rounds)) for group in groups
    ]
    references = {(one.group.scenario, one.group.setup.tier): one for one in drawn if one.group.setup.is_reference}
    return [
        figure
        for one in drawn
        for figure in replace(one, plain=references.get((one.group.scenario, one.group.setup.tier))).figures()
    ]


@dataclass(frozen=True)
class _Drawn:
    """A group and a resampler, from which the figures come; a scenario sees it as `Medians`."""

    group: Group
    resampler: Resampler
    plain: _Drawn | None = None
    """The reference at the tier, if it was measured; it is its own."""

    def figures(self) -> Iterator[Figure]:
        """Yield every figure of the group; a crossing is one with the sweep of the reference."""
        scenario = SCENARIOS[self.group.scenario]
        for workload, trials in self._by_workload.items():
            wanted = {name for trial in trials for name in (*trial.expected, *trial.values)}
            yield from (self._direct(workload, name, trials) for name in METRICS if name in wanted)
        if scenario.line:
            yield from self._on_lines(scenario.line)
        if scenario.sweep and self.plain and not self.group.setup.is_plain:
            yield from self._crossings(scenario.sweep, self.plain)
        for derived in scenario.derive(self) if scenario.derive else ():
            axes = derived.axes or _common(self._by_workload.get(derived.workload, ()))
            yield replace(self._figure(derived.workload, derived.metric, derived.quantity), axes=axes)

    # What a scenario may look at ---------------------------------------------------------------------------------------

    @property
    def workloads(self) -> Sequence[str]:
        return list(self._by_workload)

    def asked(self, workload: str) -> int:
        return len(self._by_workload[workload])

    def axes(self, workload: str) -> Axes:
        return _common(self._by_workload[workload])

    def median(self, workload: str, metric: str) -> Quantity:
        return self._centre(self._by_workload[workload], metric)

    # One after the other -----------------------------------------------------------------------------------------------

    def _figure(self, workload: str, metric: str, quantity: Quantity) -> Figure:
        polls = any(trial.record.polls for trial in self.group.trials)
        return Figure(self.group.scenario, self.group.setup, workload, METRICS[metric], quantity, polls=polls)

    def _direct(self, workload: str, metric: str, trials: Sequence[MeasuredTrial]) -> Figure:
        series = [trial.values[metric] for trial in trials if metric in trial.values]
        figure = self._figure(workload, metric, self._centre(trials, metric))
        return replace(figure, unstable=tuple(instabilities(series)), axes=_common(trials))

    def _on_lines(self, line: Line) -> Iterator[Figure]:
        """Yield the slope of the line of each family, and the intercept where it means something."""
        for family, sizes in self._families(line).items():
            if len(sizes) < 2:
                continue
            points = self._by_size(sizes, line.through)
            unstable = ("curved",) if is_curved(points) else ()
            axes = _common(trial for trials in sizes.values() for trial in trials)
            every = [trial for trials in sizes.values() for trial in trials]
            slope, shortest = line_through(points, line.least)
            found = {line.slope: slope.times(line.per)}
            if line.intercept:
                found[line.intercept] = shortest.plus(self._centre(every, "submit_to_first_s"))
            if line.ahead and not any(trial.record.polls for trial in every):  # else it would be the slope of draws
                found[line.ahead], _ = line_through(self._by_size(sizes, "submit_to_first_s"))
            for metric, quantity in found.items():
                yield replace(self._figure(family, metric, quantity.times(1000)), unstable=unstable, axes=axes)

    def _by_size(self, sizes: Mapping[Any, Sequence[MeasuredTrial]], metric: str) -> dict[Any, Quantity]:
        return {size: self._centre(trials, metric) for size, trials in sizes.items()}

    def _crossings(self, sweep: Sweep, reference: _Drawn) -> Iterator[Figure]:
        """Yield where the sweep of each family crosses half efficiency; plain Python is the measure, and has no crossing."""
        plain = reference._families(sweep)
        for family, own in self._families(sweep).items():
            if not (work := sorted(own.keys() & plain.get(family, {}).keys())):
                continue
            axes = _common(trial for trials in own.values() for trial in trials)
            seen = reference._by_size(plain[family], sweep.body)
            for half, metric in sweep.halves:
                times, of_plain = self._by_size(own, metric), reference._by_size(plain[family], metric)
                crossing = half_efficiency(*([each[w] for w in work] for each in (seen, of_plain, times)))
                yield replace(self._figure(family, half, crossing.times(1000)), axes=axes)

    def _centre(self, trials: Sequence[MeasuredTrial], metric: str) -> Quantity:
        """Return the median of a metric, or what the resampler takes instead; without values, the reason of a trial."""
        values: ByStart = defaultdict(list)
        for trial in trials:
            if metric in trial.values:
                values[trial.record.start].append(trial.values[metric])
            elif metric == "first_to_last_s" and {"makespan_s", "submit_to_first_s"} <= trial.values.keys():
                # For a single task this is no metric, but the line over the sizes begins with it.
                values[trial.record.start].append(trial.values["makespan_s"] - trial.values["submit_to_first_s"])
        if values:
            # The median of a count that is the same in nearly every run is that count, whatever is taken for times.
            counted = metric in METRICS and METRICS[metric].unit in COUNTS
            return self.resampler.centre_of(values, medians if counted else None)
        reason = next((trial.because for trial in trials if trial.because), None)
        return missing(reason or (METRICS[metric].lack if metric in METRICS else "no run yielded it"))

    @cached_property
    def _by_workload(self) -> dict[str, list[MeasuredTrial]]:
        by_workload: dict[str, list[MeasuredTrial]] = defaultdict(list)
        for trial in self.group.trials:
            if not trial.record.warmup or trial.record.workload in COLD_RUNS:
                by_workload[trial.record.workload].append(trial)
        return by_workload

    def _families(self, family: Family) -> dict[str, dict[Any, list[MeasuredTrial]]]:
        """Return the trials of each family by the values on the axis of the family."""
        families: dict[str, dict[Any, list[MeasuredTrial]]] = defaultdict(lambda: defaultdict(list))
        for trial in self.group.counted:
            axes = trial.record.axes
            if name := family.of(axes):
                families[name][axes[family.over]].append(trial)
        return families


def _common(trials: Iterable[MeasuredTrial]) -> Axes:
    """Return the axes on which all trials have the same value."""
    first, *others = [trial.record.axes for trial in trials] or [{}]
    return {axis: value for axis, value in first.items() if all(axes.get(axis) == value for axes in others)}
