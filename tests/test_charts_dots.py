"""Dots: each number is where it belongs, is written beside its mark, and is not drawn where there is none."""

from __future__ import annotations

import itertools
import math
import re

import pytest
from conftest import ROOT
from drawings import SVG, look, mark, off_the_line, panel, parsed, places, texts
from small_runs import read_results

from bench.base import wording
from bench.report import charts
from bench.report.charts import Mark, Panel


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        ({"a": 1.2, "b": 3.4, "c": 7.7, "d": 0.9}, "s"),
        ({"a": -1.2, "b": 3.4, "c": 7.7}, "ms"),
        ({"a": 0.12, "b": 0.34, "c": 0.5}, "share"),
        ({"a": 1.2e3, "b": 3.4e6, "c": 7.7e6, "d": 2.2e6, "e": 1e6, "f": 9e5}, "B"),
    ],
)
def test_a_marker_stands_where_its_value_is(values: dict[str, float | None], unit: str) -> None:
    """Within a panel, places are a straight line over the values, or over their logarithms where these span decades."""
    found = places(charts.dots("t", [panel(values, unit)]))
    numbers = [value for value in values.values() if value is not None]
    log = min(numbers) > 0 and max(numbers) > 20 * min(numbers)
    shown = [math.log(number) if log else number for number in numbers]
    across = [found[key][0][0] for key in values]
    assert off_the_line(shown, across) < 0.5
    assert max(across) - min(across) > 100


def test_decades_are_drawn_on_a_logarithmic_axis() -> None:
    """From microseconds to seconds, each subject can be told from its neighbour, and the panel says what its axis is."""
    values: dict[str, float | None] = {"a": 12e-6, "b": 3.1e-3, "c": 62e-3, "d": 0.99, "e": 6.3}
    drawing = charts.dots("t", [panel(values)])
    across = [places(drawing)[key][0][0] for key in values]
    assert off_the_line([math.log(value) for value in values.values() if value], across) < 0.5
    assert min(after - before for before, after in itertools.pairwise(across)) > 50
    assert "ms, logarithmic" in texts(drawing)


def test_each_number_is_written_beside_its_mark() -> None:
    """In the words that tables have, above the marker and in its row."""
    values: dict[str, float | None] = {"a": 0.0123, "b": 0.0456, "c": 0.2}
    drawing = charts.dots("t", [panel(values)])
    found = places(drawing)
    for key, value in values.items():
        said = wording.said("s", value or 0)
        [its] = [each for each in parsed(drawing).iter(f"{SVG}text") if each.text == said]
        (x, y) = found[key][0]
        assert 0 < y - float(its.attrib["y"]) < 14 and abs(x - float(its.attrib["x"])) < 30


def test_a_panel_has_one_unit() -> None:
    """Its ticks are plain numbers of the unit that fits, which stands in its heading."""
    for unit, values, name, tick in (
        ("s", (0.002, 0.009), "ms", "10"),
        ("ms", (2000.0, 9000.0), "s", "10"),
        ("s", (2e-6, 9e-6), "us", "10"),
        ("B", (2e6, 9e6), "MB", "10"),
        ("B", (2e3, 9e3), "kB", "10"),
        ("share", (0.2, 0.9), "%", "50"),
        ("bodies", (1, 2), "bodies", "2"),
    ):
        found = texts(charts.dots("t", [panel({f"k{value}": value for value in values}, unit)]))
        assert name in found and tick in found, unit


def test_what_is_missing_is_said_in_its_place() -> None:
    """No number is no mark: neither at zero nor anywhere, but the reason, in its row."""
    drawing = charts.dots("t", [panel({"a": 1.0, "b": None, "c": 2.0})])
    found = places(drawing)
    [said] = [each for each in parsed(drawing).iter(f"{SVG}text") if each.text == "unsupported"]
    assert "b" not in found
    assert found["a"][0][1] < float(said.attrib["y"]) < found["c"][0][1]
    assert "unsupported: airflow/b" in drawing.alt


def test_a_panel_without_any_number_is_drawn() -> None:
    """Nothing measured is a result too."""
    drawing = charts.dots("t", [panel({"a": None, "b": None})])
    assert texts(drawing).count("unsupported") == 2 and not places(drawing)


def test_an_interval_that_reaches_below_zero_stays_in_a_logarithmic_panel() -> None:
    """It has no end there: its bar begins at the panel's edge, with an arrow that says that it goes on."""
    marks = [Mark("a", "a", look("plain"), 0.001, -1.0, 0.1), Mark("b", "b", look("airflow"), 5.0, 4.0, 6.0)]
    drawing = charts.dots("t", [Panel("p", "s", marks)])
    numbers = [
        float(each) for path in parsed(drawing).iter(f"{SVG}path") for each in re.findall(r"-?[\d.]+", path.attrib["d"])
    ]
    assert min(numbers) > -10 and max(numbers) < 810
    assert "a 1.00 ms (-1,000 .. 100 ms)" in drawing.alt
    found = {key: x for key, [(x, _)] in places(drawing).items()}
    [arrow] = {float(use.attrib["x"]) for use in parsed(drawing).iter(f"{SVG}use")} - set(found.values())
    assert arrow < found["a"] < found["b"]


def test_many_runs_are_thinned_and_that_is_said() -> None:
    """A chart of many thousand runs stays small, and keeps the fastest and the slowest."""
    runs = [1 + (i * 37 % 5000) / 5000 for i in range(5000)]
    panels = [Panel(f"p{p}", "s", [mark(f"{p}-{i}", 1.5, "prefect", runs) for i in range(8)]) for p in range(6)]
    for each in panels:
        assert len(each.marks[0].runs) == 40 and {min(runs), max(runs)} <= set(each.marks[0].runs)
    drawing = charts.dots("t", panels)
    assert "more than 40 single runs" in drawing.alt
    assert len(drawing.svg) < 64_000
    assert "more than 40" not in charts.dots("t", [Panel("p", "s", [mark("a", 1.5, "prefect", runs[:40])])]).alt


def test_the_words_name_six_subjects_at_most() -> None:
    """Who cannot see the chart hears the numbers of the best six, and that there are more."""
    drawing = charts.dots("t", [panel({f"k{i}": 1.0 + i for i in range(9)})])
    assert len(re.findall(r"airflow/k\d", drawing.alt)) == 6 and "and 3 more" in drawing.alt
    assert "airflow/k0 1.00 s (0.900 .. 1.10 s)" in drawing.alt
    several = charts.dots("t", [panel({f"{p}{i}": 1.0 + i for i in range(9)}, title=p) for p in ("p", "q")])
    assert "p: from airflow/p0 1.00 s" in several.alt and "to airflow/q8 9.00 s" in several.alt


def test_a_real_run_can_be_drawn() -> None:
    """Every number of the sample is at its place, whatever its unit."""
    rows = read_results(ROOT / "reports" / "sample").estimates
    panels = []
    for metric, workload in (("per_task_ms", "chain"), ("submit_to_first_s", "chain_1"), ("finish_lag_s", "chain_1")):
        its = [row for row in rows if (row.metric, row.workload, row.setup.tier) == (metric, workload, "service")]
        marks = [
            Mark(f"{metric}-{i}", row.setup.name, look(row.setup.orchestrator), row.median, row.low, row.high)
            for i, row in enumerate(its)
        ]
        panels.append(Panel(metric, its[0].unit, marks))
    found = places(charts.dots("t", panels))
    for each in panels:
        known = [(its.value, found[its.key][0][0]) for its in each.marks if its.value is not None]
        values, across = [value for value, _ in known], [x for _, x in known]
        scales = (float, math.log) if min(values) > 0 else (float,)
        assert len(known) >= 4
        assert min(off_the_line([scale(value) for value in values], across) for scale in scales) < 0.5
