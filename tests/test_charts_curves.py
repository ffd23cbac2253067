"""Curves: each point is where it belongs, and a line leads only to what can be compared."""

from __future__ import annotations

import itertools
import math

import pytest
from drawings import SVG, look, off_the_line, parsed, places, texts

from bench.report import charts
from bench.report.charts import Curve, Fit, Point, Scales


@pytest.mark.parametrize("log", [False, True])
def test_a_curve_has_its_points(log: bool) -> None:
    """Each point has a marker where it belongs, and the line that was fitted is dashed."""
    points = [Point(x, 0.2 + 0.05 * x) for x in (1.0, 3.0, 10.0, 40.0, 100.0)]
    drawing = charts.curves(
        "t", Scales("tasks", "s", log, log), [Curve("c", "airflow", look("airflow"), points, Fit(0.05, 0.2))]
    )
    found = places(drawing)["c"]
    scale = math.log if log else float
    assert off_the_line([scale(x) for x, *_ in points], [x for x, _ in found]) < 0.5
    assert off_the_line([scale(y) for _, y, *_ in points], [y for _, y in found]) < 0.5
    assert "stroke-dasharray" in drawing.svg
    assert {"tasks", "airflow"} <= set(texts(drawing))


def test_a_curve_is_broken_where_nothing_leads_on() -> None:
    """Between two points that cannot be compared there is no line, and both are there."""
    points = [Point(x, x) for x in (1.0, 2.0, 3.0, 4.0)]
    whole, broken = (
        charts.curves("t", Scales("n", "s"), [Curve("c", "c", look("plain"), points, breaks=breaks)])
        for breaks in ((), (3.0,))
    )
    begun = [sum(path.attrib["d"].count("M") for path in parsed(each).iter(f"{SVG}path")) for each in (whole, broken)]
    assert begun[1] == begun[0] + 1
    assert places(whole) == places(broken)


def test_eight_curves_are_told_apart() -> None:
    """Their labels keep a distance, and no two curves of a tool have the same marker."""
    curves = [
        Curve(f"c{i}", f"subject {i}", look(tool), [Point(1.0, 1 + i / 100), Point(9.0, 2 + i / 100)])
        for i, tool in enumerate(["airflow", "airflow", "airflow", "airflow", "dagster", "prefect", "plain", "new"])
    ]
    drawing = charts.curves("t", Scales("n", "s"), curves)
    labels = sorted(
        float(each.attrib["y"]) for each in parsed(drawing).iter(f"{SVG}text") if (each.text or "").startswith("subject")
    )
    assert len(labels) == 8 and labels[0] > 20 and labels[-1] < 360
    assert min(below - above for above, below in itertools.pairwise(labels)) >= 14
    groups = {each.attrib["id"]: each for each in parsed(drawing).iter(f"{SVG}g") if "id" in each.attrib}
    shapes = [next(groups[f"c{i}"].iter(f"{SVG}use")).attrib for i in range(8)]
    assert len({(shape["href"], shape["style"]) for shape in shapes}) == 8


def test_what_has_no_place_on_logarithmic_axes_is_counted() -> None:
    """A point at zero is not moved to where it is not."""
    points = [Point(0.0, 1.0), Point(1.0, 2.0), Point(2.0, 4.0)]
    drawing = charts.curves(
        "t",
        Scales("n", "s", log_x=True, log_y=True),
        [Curve("c", "c", look("plain"), points), Curve("d", "d", look("plain"), points[:1])],
    )
    assert len(places(drawing)["c"]) == 2 and "d" not in places(drawing)
    assert "2 points at or below zero" in drawing.alt and "d: none" in texts(drawing)
