"""Ratios: each figure over that of plain Python, and over that of the best tool, at the same tier and in the same settings.

What begins with the submission holds a wait, which a poll may draw, and is divided by nothing.
The best tool is the best of the usual deployments: which other deployment is the fastest by chance decides nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from bench.derive.controls import noise_floor
from bench.derive.figures import Figure
from bench.store.rows import Control, Ratio


def ratios(figures: Sequence[Figure], usual: Collection[tuple[str, ...]], controls: Sequence[Control]) -> Iterator[Ratio]:
    """Yield the ratios of all figures; `usual` has the keys of the figures that stand for their tools."""
    fields: dict[tuple[str, str, str, str], list[Figure]] = defaultdict(list)
    for figure in figures:
        if not figure.metric.crosscheck and not figure.metric.waits:
            fields[figure.scenario, figure.setup.tier, figure.workload, figure.metric.name].append(figure)
    for (scenario, tier, _, _), field in fields.items():
        floor = noise_floor(controls, scenario, tier)
        plain = next((figure for figure in field if figure.setup.is_reference), None)
        rivals = [figure for figure in field if figure.is_known and not figure.setup.is_plain and figure.key in usual]
        for figure in field:
            best = _best([rival for rival in rivals if rival.setup.profile == figure.setup.profile])
            yield from (_ratio(figure, other, floor) for other in (plain, best) if other and other is not figure)


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
        above_noise=_above_noise(low, high, floor) if ratio.starts > 1 else None,
        missing_because=ratio.why_not,
    )


def _above_noise(low: float | None, high: float | None, floor: float | None) -> bool | None:
    """Whether the interval lies wholly beyond the noise floor; nothing where either is unknown."""
    if low is None or high is None or floor is None:
        return None
    return low > 1 + floor or high < 1 / (1 + floor)
