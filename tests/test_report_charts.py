"""The charts of a report show what results.json says: read back from the page, by the numbers at their axes."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import pytest
from pictures import Line, Marker, Panel, Picture
from small_runs import read_results

from bench.base import wording
from bench.derive.reading import reading
from bench.derive.table import columns_of, matches
from bench.report.sections import anchor, key
from bench.scenarios import SCENARIOS
from bench.store.folder import RunFolder
from bench.store.rows import Estimate, Ratio, Results

pytest_plugins = ["report_runs"]  # its runs are made once for all tests
pytestmark = pytest.mark.xdist_group("report")

PIXEL = 0.5
"""By how much a place may be off: places are written to a tenth, and a scale is taken from two of them."""

REPORTED = pytest.mark.parametrize("reported", ["run", "mixed"], indirect=True)


@pytest.fixture
def reported(request: pytest.FixtureRequest) -> Path:
    """The run of that name."""
    folder: Path = request.getfixturevalue(request.param)
    return folder


def pictures_of(run: Path) -> list[Picture]:
    """Return the charts of its page."""
    page = (run / "report.html").read_text()
    return [Picture(ET.fromstring(svg)) for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]


def is_said(shown: str, said: str) -> bool:
    """Whether that is what is written there, as far as there was room for it."""
    return shown == said or (shown.endswith("…") and said.startswith(shown[:-1]))


# Dots ------------------------------------------------------------------------------------------------------------------


def headline_rows(results: Results) -> Iterator[tuple[Estimate, str]]:
    """Yield each number that stands for a scenario and is one, with what its panel is called."""
    for scenario, tier in {(row.scenario, row.setup.tier): None for row in results.estimates}:
        rows = [row for row in results.estimates if (row.scenario, row.setup.tier) == (scenario, tier)]
        for column in columns_of(scenario, rows):
            first = {row.setup.name: row for row in reversed(rows) if matches(row, column)}
            for row in first.values():
                if reading(row).kind == "value":
                    yield row, column.title


def dots_of(run: Path) -> dict[str, tuple[Picture, Marker]]:
    """Return each estimate's marker, by the estimate's anchor, with the chart that it is in."""
    found: dict[str, tuple[Picture, Marker]] = {}
    for picture in pictures_of(run):
        for name, markers in picture.markers.items():
            if name.startswith("dot-"):
                (marker,) = markers
                found[name.removeprefix("dot-")] = picture, marker
    return found


@REPORTED
def test_each_dot_stands_where_its_median_is(reported: Path) -> None:
    """Each number that stands for a scenario has a marker at its median, above which it is written, and no other has one."""
    rows = {key(row): row for row, _ in headline_rows(read_results(reported))}
    dots = dots_of(reported)
    assert dots.keys() == rows.keys() and len(rows) > 20
    for name, (picture, dot) in dots.items():
        row, its = rows[name], picture.panel(dot.x, dot.y)
        assert row.median is not None
        assert dot.x == pytest.approx(its.across.at(row.median, row.unit), abs=PIXEL), name
        above = [each.said for each in picture.texts if 6 < dot.y - each.y < 10 and its.left <= each.x <= its.right]
        assert above == [wording.said(row.unit, row.median)], name


@REPORTED
def test_each_dot_is_named_as_its_row(reported: Path) -> None:
    """Beside it stands who was measured, above its panel what, and above the chart where."""
    titles = {key(row): (row, title) for row, title in headline_rows(read_results(reported))}
    for name, (picture, dot) in dots_of(reported).items():
        (row, title), its = titles[name], picture.panel(dot.x, dot.y)
        beside = [each for each in picture.texts if each.anchor == "end" and each.x < its.left and 2 < each.y - dot.y < 6]
        assert is_said(max(beside).said, row.setup.name), name
        assert is_said(its.heading, title), name
        assert picture.title.startswith(f"{row.scenario}, {row.setup.tier} tier")


@REPORTED
def test_each_bar_is_the_interval_of_its_row(reported: Path) -> None:
    """It ends where the interval does, or at the edge of a logarithmic panel; without an interval there is no bar."""
    rows = {key(row): row for row, _ in headline_rows(read_results(reported))}
    assert any(row.low is None for row in rows.values())
    for name, (picture, dot) in dots_of(reported).items():
        row, its = rows[name], picture.panel(dot.x, dot.y)
        ends = [its.across.at(end, row.unit) for end in (row.low, row.high) if end is not None]
        drawn = [each for line in drawn_at(picture, its, dot.y, "stroke-width: 3.5") for each in (line.x, line.to_x)]
        assert drawn == pytest.approx([max(its.left, end) for end in ends], abs=PIXEL), name


@REPORTED
def test_the_small_dots_are_the_single_runs(reported: Path) -> None:
    """Each run that counts, and none of a control's or of those that warm up."""
    rows = {key(row): row for row, _ in headline_rows(read_results(reported))}
    runs: dict[str, list[float]] = defaultdict(list)
    for sample in RunFolder(reported).samples():
        if not sample.warmup and not sample.setup.control and sample.value is not None:
            runs[anchor(*sample.of)].append(sample.value)
    for name, (picture, dot) in dots_of(reported).items():
        its = picture.panel(dot.x, dot.y)
        expected = sorted(its.across.at(value, rows[name].unit) for value in runs[name])
        drawn = sorted(line.x for line in drawn_at(picture, its, dot.y + 8.5, "stroke-linecap: round"))
        assert drawn == pytest.approx(expected, abs=PIXEL), name


def drawn_at(picture: Picture, panel: Panel, y: float, style: str) -> list[Line]:
    """Return what is drawn in that style at a height of a panel."""
    lines = [line for line in picture.lines if style in line.style and abs(line.y - y) < PIXEL]
    return [line for line in lines if panel.left - 1 <= line.x <= panel.right + 1]


# Curves ----------------------------------------------------------------------------------------------------------------


class Point(NamedTuple):
    """A row as a point of a curve."""

    x: float
    y: float
    low: float | None
    high: float | None
    unit: str


SPAN = "from the first task to the last"

STEP = "from step to step"

OVER_PLAIN = "time per task in multiples of plain Python's"

Curves = dict[str, list[Point]]
"""The points of each curve, by its label."""


def spot(trial: Mapping[str, Any]) -> tuple[str, float, str] | None:
    """Return where the workload of a run is drawn, by what was recorded of it: the chart, x, and the part of a subject's."""
    if trial["warmup"]:
        return None
    if frame := re.fullmatch(r"(value|store|file)_(\d+)kb", trial["workload"]):
        return f"{frame[1]}: {STEP} over size of the frame in kB", float(frame[2]), ""
    axes = trial["axes"]
    if "work_s" in axes:
        of = f"lanes_{axes['lanes']}x{axes['depth']}"
        return f"METG(50 %): {OVER_PLAIN} over ms that a task takes in plain Python", axes["work_s"] * 1000, of
    return (f"{axes['shape']}: {SPAN} over tasks", axes["tasks"], "") if "shape" in axes else None


def drawable(results: Results) -> Iterator[tuple[str, Estimate | Ratio, float, str]]:
    """Yield what is drawn over something: what it is, its row, the number and its unit."""
    for row in results.estimates:
        if row.metric in {"first_to_last_s", "passing_s"} and row.median is not None:
            yield SPAN if row.metric == "first_to_last_s" else STEP, row, row.median, row.unit
    for each in results.ratios:
        if each.metric == "period_s" and each.against == "plain" and not each.setup.is_plain and each.ratio is not None:
            yield OVER_PLAIN, each, each.ratio, "x"


def expected_curves(run: Path) -> dict[tuple[str, str], Curves]:
    """Return the curves of each chart, by its scenario and title: those of all subjects with two points or more."""
    trials = [json.loads(path.read_text()) for path in run.glob("trials/*/trial.json")]
    spots = {(trial["scenario"], trial["workload"]): its for trial in trials if (its := spot(trial))}
    charts: dict[tuple[str, str], Curves] = defaultdict(lambda: defaultdict(list))
    results = read_results(run)
    bodies = {row.workload: row.median for row in results.estimates if row.metric == "body_s" and row.setup.is_reference}
    for what, row, value, unit in drawable(results):
        title, x, part = spots.get((row.scenario, row.workload), ("", 0.0, ""))
        if what == OVER_PLAIN:
            x = 1000 * (bodies[row.workload] or 0.0)
        if f": {what} over " in title:
            label = ", ".join(filter(None, (row.setup.name, part)))
            point = Point(x, value, row.low, row.high, unit)
            charts[row.scenario, f"{title}, {row.setup.tier} tier"][label].append(point)
    found = {
        chart: {label: sorted(points) for label, points in curves.items() if len(points) > 1}
        for chart, curves in charts.items()
    }
    return {chart: curves for chart, curves in found.items() if curves}


def drawn_curves(run: Path) -> dict[tuple[str, str], Picture]:
    """Return the charts with curves, by their scenario and title."""
    found: dict[tuple[str, str], Picture] = {}
    for picture in pictures_of(run):
        for scenario in {name.split("-")[1] for name in picture.markers if name.startswith("curve-")}:
            found[scenario, picture.title] = picture
    return found


def points_by_label(picture: Picture) -> dict[str, Sequence[Marker]]:
    """Return the markers of each curve by what is written beside the one in the legend that looks like them."""
    found: dict[str, Sequence[Marker]] = {}
    for own in picture.legend:
        (points,) = (points for points in picture.markers.values() if points[0].look == own.look)
        (label,) = (each.said for each in picture.texts if own.x < each.x < own.x + 12 and 3 < each.y - own.y < 5)
        found[label] = points
    return found


@REPORTED
def test_each_point_of_a_curve_is_a_row(reported: Path) -> None:
    """Whatever was measured at two sizes or more has a curve, which has a marker for each of them and no other."""
    expected, drawn = expected_curves(reported), drawn_curves(reported)
    assert drawn.keys() == expected.keys() and len(drawn) >= 4
    for chart, picture in drawn.items():
        across, up = picture.axes()
        shown = points_by_label(picture)
        assert shown.keys() == expected[chart].keys()
        for label, points in expected[chart].items():
            places = [(across.at(each.x), up.at(each.y, each.unit)) for each in points]
            assert [(each.x, each.y) for each in shown[label]] == [pytest.approx(each, abs=PIXEL) for each in places], label


@REPORTED
def test_each_bar_of_a_curve_is_an_interval(reported: Path) -> None:
    """At each point that has one, from its lower end, or the edge of the chart, to its upper one."""
    expected = expected_curves(reported)
    for chart, picture in drawn_curves(reported).items():
        across, up = picture.axes()
        bottom = max(line.y for line in picture.grid)
        bars = [
            (across.at(each.x), min(bottom, up.at(each.low, each.unit)), up.at(each.high, each.unit))
            for points in expected[chart].values()
            for each in points
            if each.low is not None and each.high is not None
        ]
        drawn = [(line.x, line.y, line.to_y) for line in picture.lines if "stroke-width: 1.6" in line.style]
        assert sorted(drawn) == [pytest.approx(each, abs=PIXEL) for each in sorted(bars)], chart


@REPORTED
def test_each_dashed_line_is_the_fit_of_the_results(reported: Path) -> None:
    """It ends at the greatest size, has the slope of results.json, and goes through the middle of the points."""
    expected, estimates = expected_curves(reported), read_results(reported).estimates
    medians = {(row.workload, row.setup.tier, row.metric, row.setup.name): row.median for row in estimates}
    seen = 0
    for (scenario, title), picture in drawn_curves(reported).items():
        across, up = picture.axes()
        ends: list[tuple[float, float]] = []
        for label, points in expected[scenario, title].items():
            line = SCENARIOS[scenario].line
            told = medians.get((title.partition(":")[0], title.split()[-2], line.slope if line else "", label))
            if line and told is not None:
                slope = told / line.per
                intercept = median(1000 * point.y - slope * point.x for point in points)
                ends.append((across.at(points[-1].x), up.at(slope * points[-1].x + intercept, "ms")))
        dashed = [(line.to_x, line.to_y) for line in picture.lines if "dasharray: 5" in line.style]
        drawn = [each for each in dashed if any(abs(each[0] - x) < PIXEL for x, _ in ends)]
        assert inside(picture, drawn) == [pytest.approx(each, abs=PIXEL) for each in inside(picture, ends)], title
        seen += len(inside(picture, ends))
    assert seen


def inside(picture: Picture, places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return those between the lowest and the highest line of the grid, in their order."""
    heights = [height for line in picture.grid for height in (line.y, line.to_y)]
    return sorted(each for each in places if min(heights) <= each[1] <= max(heights))
