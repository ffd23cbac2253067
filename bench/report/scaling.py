"""Scaling: how a number grows with the size of the work, with the width or with a task's duration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.derive.reading import bars
from bench.plan.setup import Setup
from bench.plan.tools import REFERENCE
from bench.report import charts
from bench.report.charts import Drawing, curves
from bench.report.charts.curves import Point
from bench.report.facts import Facts
from bench.scenarios import SCENARIOS
from bench.scenarios.kit.curve import Curve
from bench.store.rows import Estimate, Ratio

Measured = Estimate | Ratio


@dataclass(frozen=True)
class Spot:
    """Where a workload is drawn: on the curve of which family, and where on the axis."""

    family: str
    x: float


@dataclass(frozen=True)
class Chart:
    """A chart that a scenario asks for, and the workloads that have a place in it."""

    title: str
    curve: Curve
    spots: Mapping[str, Spot]

    def points(self, rows: Sequence[Measured]) -> dict[tuple[Setup, str], list[Point]]:
        """Return the points of each curve, by the setup and the family; a single point makes none."""
        found: dict[tuple[Setup, str], list[Point]] = defaultdict(list)
        for row in rows:
            spot, value = self.spots[row.workload], _value(row)
            if value is not None:
                found[row.setup, spot.family].append(Point(spot.x, value, row.low, row.high))
        return {curve: sorted(points, key=lambda point: point.at) for curve, points in found.items() if len(points) > 1}


def scaling(facts: Facts, scenario: str, tier: str) -> list[Drawing]:
    """Draw the curves of a scenario at a tier: one for each setup that has two points or more."""
    drawings: list[Drawing] = []
    for curve in SCENARIOS[scenario].curves:
        rows = _rows(facts, scenario, tier, curve)
        for chart in _charts(facts, scenario, curve):
            shown = [row for row in rows if row.workload in chart.spots]
            lines = [
                charts.Curve(
                    f"curve-{scenario}-{tier}-{len(drawings) + 1}-{number}",
                    f"{setup.name}, {family}" if curve.chart else setup.name,
                    facts.tools.look(setup.orchestrator),
                    points,
                    _fit(facts, scenario, curve, family, setup),
                )
                for number, ((setup, family), points) in enumerate(chart.points(shown).items(), 1)
            ]
            if lines:
                title = f"{chart.title}: {curve.number} over {curve.over}, {tier} tier"
                unit = "x" if curve.against_plain else shown[0].unit
                note = _note(shown)
                drawings.append(curves(title, curve.over, unit, lines, log=curve.log, note=note, level=curve.level))
    return drawings


def _charts(facts: Facts, scenario: str, curve: Curve) -> Iterator[Chart]:
    """Yield a chart for each family, or the one that all share."""
    spots = {
        workload: Spot(family, curve.times * float(axes[curve.family.over]))
        for workload, axes in facts.axes(scenario).items()
        if (family := curve.family.of(axes))
    }
    if curve.chart:
        yield Chart(curve.chart, curve, spots)
        return
    families = {spot.family for spot in spots.values()}
    for each in [*(name for name in curve.first if name in families), *sorted(families - {*curve.first})]:
        yield Chart(each, curve, {workload: spot for workload, spot in spots.items() if spot.family == each})


def _rows(facts: Facts, scenario: str, tier: str, curve: Curve) -> list[Measured]:
    """Return what is drawn: the estimates, or their ratios to plain Python's."""
    rows: Sequence[Measured] = facts.estimates(scenario, tier)
    if curve.against_plain:
        rows = [row for row in facts.results.ratios if row.against == REFERENCE and not row.setup.is_plain]
    place = (scenario, tier, curve.metric)
    return [row for row in rows if (row.scenario, row.setup.tier, row.metric) == place and _value(row) is not None]


def _value(row: Measured) -> float | None:
    return row.ratio if isinstance(row, Ratio) else row.median


def _fit(facts: Facts, scenario: str, curve: Curve, family: str, setup: Setup) -> tuple[float, float] | None:
    """Return the line of makespan over size, in seconds, where the curve is of that and the results have one."""
    line = SCENARIOS[scenario].line
    if line is None or curve.family != line or curve.metric != "makespan_s":
        return None
    slope, intercept = (facts.estimate(scenario, metric, family, setup) for metric in (line.slope, line.intercept))
    if not slope or not intercept or slope.median is None or intercept.median is None:
        return None
    return slope.median / 1000, intercept.median / 1000


def _note(rows: Sequence[Measured]) -> str:
    """Say what the bars are, and which points have none."""
    if not (what := bars(rows)):
        return "Each point is a single run"
    return f"Bars: {what}" + "; without one: a single run" * any(row.n == 1 for row in rows)
