"""Samples and estimates: the rows of single trials, and the rows of figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from bench.derive.figures import Figure
from bench.derive.measured import MeasuredTrial
from bench.scenarios import METRICS
from bench.store.rows import Estimate, Sample


def samples(trial: MeasuredTrial) -> Iterator[Sample]:
    """Yield a row for each metric of a trial; without values, each row says why."""
    values: dict[str, float | None] = dict(trial.values) or dict.fromkeys(trial.expected)
    record = trial.record
    for metric, value in values.items():
        yield Sample(
            trial=record.id,
            scenario=record.scenario,
            workload=record.workload,
            setup=record.setup,
            start=record.start,
            round=record.round,
            repeat=record.repeat,
            warmup=record.warmup,
            metric=metric,
            unit=METRICS[metric].unit,
            value=value,
            missing_because=None if trial.values else trial.because,
        )


def estimate(figure: Figure, *, usual: bool) -> Estimate:
    """Return the row of a figure."""
    low, high = figure.quantity.interval()
    return Estimate(
        scenario=figure.scenario,
        workload=figure.workload,
        setup=figure.setup,
        axes=dict(figure.axes),
        metric=figure.metric.name,
        unit=figure.metric.unit,
        better=figure.metric.better,
        n=figure.quantity.n,
        starts=figure.quantity.starts,
        median=figure.quantity.point,
        low=low,
        high=high,
        subtracted=figure.quantity.subtracted or msgspec.UNSET,
        unstable=list(figure.unstable),
        missing_because=figure.quantity.why_not,
        usual=usual,
    )


def usual(figures: Sequence[Figure], *, of_each_class: bool = False) -> list[Figure]:
    """Return the figures that stand for each tool: of the usual deployment, or of the next one that has a value.

    A tool that has several classes of isolation has a figure of each, if that is asked for.
    """
    rivals: dict[tuple[str, ...], list[Figure]] = defaultdict(list)
    for figure in figures:
        setup = figure.setup
        tool = (setup.tier, setup.profile, setup.orchestrator, setup.apart if of_each_class else "")
        rivals[(figure.scenario, *tool, figure.workload, figure.metric.name)].append(figure)
    return [min(own, key=lambda one: (not one.is_known, not one.setup.default)) for own in rivals.values()]
