"""Ratios: each figure over that of plain Python, and over that of the best tool, at the same tier and in the same settings.

The best within a class of isolation is divided by, too: a process for each task costs more than one for each run.

What begins with the submission holds a wait, which a poll may draw, and is divided by nothing.
The best tool is the best of the usual deployments: which other deployment is the fastest by chance decides nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from bench.derive.controls import noise_floor
from bench.derive.figures import Figure
from bench.derive.floor import between_runs
from bench.scenarios.kit.case import OWN_WIDTH
from bench.store.rows import Control, Ratio

Keys = Collection[tuple[str, ...]]


def ratios(figures: Sequence[Figure], usual: Keys, of_classes: Keys, controls: Sequence[Control]) -> Iterator[Ratio]:
    """Yield the ratios of all figures, given the keys of those that stand for their tools, and for their classes."""
    fields: dict[tuple[str, str, str, str], list[Figure]] = defaultdict(list)
    for figure in figures:
        if figure.metric.is_divided and OWN_WIDTH not in figure.axes:
            fields[figure.scenario, figure.setup.tier, figure.workload, figure.metric.name].append(figure)
    for (scenario, tier, _, metric), field in fields.items():
        of_controls = noise_floor(controls, scenario, tier)
        plain = next((figure for figure in field if figure.setup.is_reference), None)
        tools = [figure for figure in field if figure.is_known and not figure.setup.is_plain]
        for figure in field:
            alike = [each for each in tools if each.setup.profile == figure.setup.profile]
            best = _best([each for each in alike if each.key in usual])
            own = [each for each in alike if each.key in of_classes and each.setup.apart == figure.setup.apart]
            others = {id(other): other for other in (plain, best, _best(own)) if other}
            for other in others.values():
                if other is not figure:
                    floor = larger(
                        of_controls, between_runs(tier, metric, figure.setup.orchestrator, other.setup.orchestrator)
                    )
                    yield _ratio(figure, other, floor)


def larger(one: float | None, other: float | None) -> float | None:
    """Return the larger of two floors, of which either may be unknown."""
    return max((each for each in (one, other) if each is not None), default=None)


def _best(rivals: Sequence[Figure]) -> Figure | None:
    if not rivals:
        return None
    choose = max if rivals[0].metric.better == "higher" else min
    return choose(rivals, key=lambda rival: rival.quantity.point or 0.0)


def _ratio(figure: Figure, other: Figure, floor: float | None) -> Ratio:
    ratio = figure.quantity.over(other.quantity)
    low, high = ratio.interval()
    return Ratio(
        scenario=figure.scenario,
        workload=figure.workload,
        setup=figure.setup,
        axes=dict(figure.axes),
        metric=figure.metric.name,
        unit=figure.metric.unit,
        better=figure.metric.better,
        against=other.setup.orchestrator,
        against_deployment=other.setup.deployment,
        against_profile=other.setup.profile,
        n=ratio.n,
        starts=ratio.starts,
        median=figure.quantity.point,
        ratio=ratio.point,
        low=low,
        high=high,
        floor=floor,
        above_noise=_above_noise(low, high, floor) if ratio.starts > 1 else None,
        missing_because=ratio.why_not,
    )


def _above_noise(low: float | None, high: float | None, floor: float | None) -> bool | None:
    """Whether the interval lies wholly beyond the noise floor; nothing where either is unknown."""
    if low is None or high is None or floor is None:
        return None
    return low > 1 + floor or high < 1 / (1 + floor)
