"""Scaling: how a number grows with the size of the work, with the width or with a task's duration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from bench.base import wording
from bench.plan.tools import REFERENCE
from bench.report.charts import Curve, Drawing, curves
from bench.report.charts.curves import Level, Point
from bench.report.facts import Facts
from bench.scenarios import SCENARIOS, parallelism, payload
from bench.store.records import TrialRecord
from contract import pipeline
from contract.pipeline import Pipeline

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Spot:
    """Where a workload is drawn: in which chart, and where on its x axis."""

    chart: str
    x: float
    part: str = ""
    """Which curve of a subject's it belongs to, where not all of them are of the same graph."""


@dataclass(frozen=True)
class Scaling:
    """A number that is drawn over what the workloads of a scenario differ in."""

    what: str
    over: str
    spots: Callable[[Facts, str], Mapping[str, Spot]]
    """From the facts and the scenario: each workload that has a place, in the order of the charts."""
    metric: str = "makespan_s"
    over_plain: bool = False
    """Whether its ratio to plain Python's is drawn instead, for all but plain Python."""
    log: bool = True
    level: Level | None = None


# Where the workloads stand: by what was recorded of them ---------------------------------------------------------------


def _by_size(facts: Facts, scenario: str) -> dict[str, Spot]:
    families = facts.sizes(scenario).items()
    return {workload: Spot(family, size) for family, sizes in families for workload, size in sizes.items()}


def _by_duration(facts: Facts, scenario: str) -> dict[str, Spot]:
    # In one chart, as METG is one number: each subject has a graph of as many lanes as it can use, and its curve says which.
    sweep = SCENARIOS[scenario].sweep
    return {
        each.workload: Spot("METG(50 %)", 1000 * float(each.axes[sweep.over]), family)
        for each in _counted(facts, scenario)
        if sweep and (family := sweep.of(each.axes))
    }


def _by_width(facts: Facts, scenario: str) -> dict[str, Spot]:
    widths = {each.workload: each.width or facts.run.width for each in _counted(facts, scenario)}
    return {
        name: Spot(kind, width)
        for kind in parallelism.KINDS
        for name, width in widths.items()
        if name == parallelism.name_of(kind, width)
    }


def _by_frame(facts: Facts, scenario: str) -> dict[str, Spot]:
    works = [
        pipeline.read(facts.run.workloads[name]) for name in {each.workload: None for each in _counted(facts, scenario)}
    ]
    frames = [work for work in works if isinstance(work, Pipeline) and not work.watched]
    return {
        work.name: Spot(way, work.parameters["size"] / payload.KB)
        for way in payload.WAYS
        for work in frames
        if work.parameters["way"] == way
    }


def _counted(facts: Facts, scenario: str) -> list[TrialRecord]:
    return [each for each in facts.trials if each.scenario == scenario and not each.warmup]


SCALINGS: Final[Mapping[str, Sequence[Scaling]]] = {
    "overhead": (
        Scaling("makespan", "tasks", _by_size),
        Scaling(
            "makespan in multiples of plain Python's",
            "ms of work in a task",
            _by_duration,
            over_plain=True,
            level=(2.0, "twice plain Python's, where half of the lanes' time is the user's work"),
        ),
    ),
    # Flat is level 0, which has no place on a logarithmic axis.
    "composition": (Scaling("makespan", "levels of nesting", _by_size, log=False),),
    # Not the speed-up, which has no row at width 1, and hides how long what was sped up takes.
    "parallelism": (Scaling("makespan", "width (tasks at once)", _by_width),),
    "payload": (Scaling("throughput", "size of the frame in kB", _by_frame, "mb_per_s"),),
}
"""What is drawn of each scenario that measures the same at several sizes."""


# The charts ------------------------------------------------------------------------------------------------------------


def scaling(facts: Facts, scenario: str, tier: str) -> list[Drawing]:
    """Draw the curves of a scenario at a tier: one for each subject that has two points or more."""
    drawings: list[Drawing] = []
    for each in SCALINGS.get(scenario, ()):
        rows = _rows(facts, scenario, tier, each)
        spots = each.spots(facts, scenario)
        for chart in dict.fromkeys(spot.chart for spot in spots.values()):
            its = {name: spot for name, spot in spots.items() if spot.chart == chart}
            shown = [row for row in rows if row["workload"] in its]
            lines = [
                Curve(
                    f"curve-{scenario}-{tier}-{len(drawings) + 1}-{number}",
                    ", ".join([subject, *[part] * bool(part)]),
                    facts.tools.look(subject.partition("/")[0]),
                    points,
                    _fit(facts, scenario, tier, chart, subject),
                )
                for number, ((subject, part), points) in enumerate(_points(shown, its, each).items(), 1)
            ]
            if lines:
                title = f"{chart}: {each.what} over {each.over}, {tier} tier"
                unit = "x" if each.over_plain else shown[0]["unit"]
                drawings.append(curves(title, each.over, unit, lines, log=each.log, note=_note(shown), level=each.level))
    return drawings


def _rows(facts: Facts, scenario: str, tier: str, its: Scaling) -> list[Row]:
    if not its.over_plain:
        return [row for row in facts.estimates(scenario, tier) if row["metric"] == its.metric and row["median"] is not None]
    return [
        row
        for row in facts.results["ratios"]
        if (row["scenario"], row["tier"], row["metric"], row["against"]) == (scenario, tier, its.metric, REFERENCE)
        and row["orchestrator"] != REFERENCE
        and row["ratio"] is not None
    ]


def _points(rows: Sequence[Row], spots: Mapping[str, Spot], its: Scaling) -> dict[tuple[str, str], list[Point]]:
    """Return the points of each curve, by its subject and part."""
    found: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for row in rows:
        spot = spots[row["workload"]]
        value = row["ratio" if its.over_plain else "median"]
        found[wording.subject(row), spot.part].append((spot.x, value, row["low"], row["high"]))
    return {curve: sorted(points, key=itemgetter(0)) for curve, points in found.items() if len(points) > 1}


def _fit(facts: Facts, scenario: str, tier: str, family: str, subject: str) -> tuple[float, float] | None:
    """Return the line of makespan over size, in seconds, where the results have one of such a family."""
    line = SCENARIOS[scenario].line
    if line is None:
        return None
    slope, intercept = (facts.estimate(scenario, tier, metric, family, subject) for metric in (line.slope, line.intercept))
    if not slope or not intercept or slope["median"] is None or intercept["median"] is None:
        return None
    return slope["median"] / 1000, intercept["median"] / 1000


def _note(rows: Sequence[Row]) -> str:
    """Say what the bars are, and which points have none."""
    if not (bars := wording.bars(rows)):
        return "Each point is a single run"
    return f"Bars: {bars}" + "; without one: a single run" * any(row["n"] == 1 for row in rows)
