"""Scaling: how a number grows with the size of the work, with the width, or with the duration of a task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from bench.base.stats.quantity import MIN_STARTS
from bench.plan.setup import Setup
from bench.plan.tools import REFERENCE
from bench.report import charts
from bench.report.charts import Drawing, Fit, Point, Scales, curves
from bench.report.facts import Facts
from bench.scenarios import SCENARIOS
from bench.scenarios.kit.curve import Curve
from bench.store.rows import Estimate, Ratio

Measured = Estimate | Ratio


@dataclass(frozen=True)
class Spot:
    """Where a workload is drawn: on the curve of the family, at a place on the axis."""

    family: str
    x: float


@dataclass(frozen=True)
class Chart:
    """A chart that a scenario asks for, and the workloads that it shows."""

    scenario: str
    title: str
    curve: Curve
    spots: Mapping[str, Spot]

    def points(self, rows: Sequence[Measured]) -> dict[tuple[Setup, str], list[Point]]:
        """Return the points of each curve by setup and family; a single point makes no curve."""
        found: dict[tuple[Setup, str], list[Point]] = defaultdict(list)
        for row in rows:
            spot, value = self.spots[row.workload], _value(row)
            if value is not None:
                found[row.setup, spot.family].append(Point(spot.x, value, row.low, row.high))
        return {curve: sorted(points, key=lambda point: point.at) for curve, points in found.items() if len(points) > 1}


def scaling(facts: Facts, scenario: str, tier: str, part: str = "", key: str = "") -> list[Drawing]:
    """Draw the curves of a scenario at a tier: one for each setup that has two points or more.

    Where several parts of a run have the scenario, the titles tell the part, and the key is one that no other part has.
    """
    key = key or f"{scenario}-{tier}"
    drawings: list[Drawing] = []
    for curve in SCENARIOS[scenario].curves:
        rows = _rows(facts, scenario, tier, curve)
        for chart in _charts(facts, scenario, tier, curve):
            shown = [row for row in rows if row.workload in chart.spots]
            if lines := _lines(facts, chart, shown, f"curve-{key}-{len(drawings) + 1}"):
                title = f"{chart.title}: {curve.number} over {curve.over}, {tier} tier{part}"
                unit = "x" if curve.against_plain else shown[0].unit
                scales = Scales(curve.over, unit, log_x=curve.log, log_y=curve.log, level=curve.level)
                drawings.append(curves(title, scales, lines, _note(shown)))
    return drawings


def _lines(facts: Facts, chart: Chart, rows: Sequence[Measured], key: str) -> list[charts.Curve]:
    return [
        charts.Curve(
            f"{key}-{number}",
            f"{setup.name}, {family}" if chart.curve.chart else setup.name,
            facts.tools.look(setup.orchestrator),
            points,
            _fit(facts, chart, family, setup, points),
        )
        for number, ((setup, family), points) in enumerate(chart.points(rows).items(), 1)
    ]


def _charts(facts: Facts, scenario: str, tier: str, curve: Curve) -> Iterator[Chart]:
    """Yield a chart for each family, or the one that all share."""
    spots = {
        workload: Spot(family, curve.times * at)
        for workload, axes in facts.axes(scenario).items()
        if (family := curve.family.of(axes)) and (at := _place(facts, scenario, tier, curve, workload)) is not None
    }
    if curve.chart:
        yield Chart(scenario, curve.chart, curve, spots)
        return
    families = {spot.family for spot in spots.values()}
    first = [family for family in curve.first if family in families]
    for family in [*first, *sorted(families - {*first})]:
        yield Chart(scenario, family, curve, {workload: spot for workload, spot in spots.items() if spot.family == family})


def _place(facts: Facts, scenario: str, tier: str, curve: Curve, workload: str) -> float | None:
    """Return where a workload is on the axis: where it was meant to be, or where it was seen to be in plain Python."""
    if not curve.seen:
        return float(facts.axes(scenario)[workload][curve.family.over])
    seen = (row for row in facts.estimates(scenario, tier) if (row.workload, row.metric) == (workload, curve.seen))
    return next((row.median for row in seen if row.setup.is_reference), None)


def _rows(facts: Facts, scenario: str, tier: str, curve: Curve) -> list[Measured]:
    """Return what is drawn: the estimates, or their ratios to plain Python's."""
    rows: Sequence[Measured] = facts.estimates(scenario, tier)
    if curve.against_plain:
        rows = [row for row in facts.results.ratios if row.against == REFERENCE and not row.setup.is_plain]
    wanted = (scenario, tier, curve.metric)
    return [row for row in rows if (row.scenario, row.setup.tier, row.metric) == wanted and _value(row) is not None]


def _value(row: Measured) -> float | None:
    return row.ratio if isinstance(row, Ratio) else row.median


def _fit(facts: Facts, chart: Chart, family: str, setup: Setup, points: Sequence[Point]) -> Fit | None:
    """Return the line of the family, in seconds, if the results have one: the slope that they say, through the points."""
    line = SCENARIOS[chart.scenario].line
    if line is None or chart.curve.family != line:
        return None
    slope = facts.estimate(chart.scenario, line.slope, family, setup)
    if not slope or slope.median is None:
        return None
    rise = slope.median / 1000 / line.per
    return Fit(rise, median(point.value - rise * point.at for point in points))


_FEW: Final = f"fewer than {MIN_STARTS} engine starts"


def _note(rows: Sequence[Measured]) -> str:
    """Say what the bars are, and which points have none."""
    if all(row.low is None for row in rows):
        return "Each point is a single run" if all(row.n == 1 for row in rows) else f"No bars: {_FEW}"
    return "Bars: 95 % intervals" + (f"; without one: {_FEW}" if any(row.low is None for row in rows) else "")
