"""Charts: what is drawn is what was measured, names are text, and a page may hold many of them."""

from __future__ import annotations

import itertools
import json
import math
import re
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from bench import wording
from bench.report import charts
from bench.report.charts import Curve, Drawing, Lane, Mark, Panel, Span

SVG = "{http://www.w3.org/2000/svg}"
STYLE = Path(charts.__file__).parents[1] / "templates" / "style.css"
HOSTILE = ("<script>alert(1)</script>", "$x_1$ & \"two\" 'three'", "</svg>&amp;#b3431f", r"a_b\frac{1}{2}^$$")


def mark(key: str, value: float | None, tool: str = "airflow", points: Sequence[float] = (), instead: str = "") -> Mark:
    """Return a mark with an interval of a tenth to either side."""
    low, high = (None, None) if value is None else (value - abs(value) / 10, value + abs(value) / 10)
    return Mark(key, f"{tool}/{key}", tool, value, low, high, points, instead)


def panel(values: dict[str, float | None], unit: str = "s", title: str = "per run") -> Panel:
    """Return a panel of such marks."""
    return Panel(title, unit, [mark(key, value, instead="" if value else "unsupported") for key, value in values.items()])


def named(names: Iterable[str], key: str = "k") -> dict[str, Drawing]:
    """Return a chart of each kind, whose subjects have these names."""
    many = list(names)
    marks = [Mark(f"{key}d{i}", name, name, i + 1.0, i + 0.5, i + 2.0, (i + 1.0,)) for i, name in enumerate(many)]
    points = [(1.0, 2.0, 1.5, 2.5), (10.0, 9.0, None, None)]
    lines = [Curve(f"{key}c{i}", name, name, points, (0.7, 1.2)) for i, name in enumerate(many)]
    spans = [Span(0, 1, "waiting"), Span(1, 2, "transition"), Span(2, 4, "running"), Span(4, 5, "failed")]
    return {
        "dots": charts.dots(f"dots {many[0]}", [Panel(many[0], "s", marks), Panel(f"{many[0]} again", "s", [])]),
        "curves": charts.curves(f"curves {many[0]}", many[0], "s", lines),
        "gantt": charts.gantt(f"gantt {many[0]}", [Lane(name, spans) for name in many]),
    }


def parsed(drawing: Drawing) -> ET.Element:
    """Return the drawing as a browser would have it."""
    return ET.fromstring(drawing.svg)


def texts(drawing: Drawing) -> list[str]:
    """Return what is written in the picture."""
    return [each.text or "" for each in parsed(drawing).iter(f"{SVG}text")]


def places(drawing: Drawing) -> dict[str, list[tuple[float, float]]]:
    """Return where the markers of each key are."""
    return {
        group.attrib["id"]: [(float(use.attrib["x"]), float(use.attrib["y"])) for use in group.iter(f"{SVG}use")]
        for group in parsed(drawing).iter(f"{SVG}g")
        if "id" in group.attrib
    }


def off_the_line(inputs: Sequence[float], outputs: Sequence[float]) -> float:
    """Return how far an output is, at most, from the straight line between the outermost inputs."""
    (first, start), (last, end) = min(zip(inputs, outputs, strict=True)), max(zip(inputs, outputs, strict=True))
    slope = (end - start) / (last - first)
    return max(abs(start + slope * (x - first) - y) for x, y in zip(inputs, outputs, strict=True))


# What was measured is what is drawn --------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("values", [(0.0, 0.0), (5.0, 5.0), (-3.0, -3.0), (0.0, 1e9), (1e-9, 1e-9), (-1.0, 0.0)])
def test_no_numbers_are_too_odd_to_be_drawn(values: tuple[float, float]) -> None:
    """All equal, all zero, below zero, tiny or huge: each has its place within the picture, and so has each interval."""
    marks = [mark(key, value) for key, value in zip("ab", values, strict=True)]
    found = places(charts.dots("t", [Panel("p", "s", marks)]))
    assert all(0 < found[key][0][0] < 800 for key in "ab")
    line = [Curve("c", "c", "plain", [(value, value, value, value) for value in values])]
    assert all(0 < x < 800 and 0 < y < 400 for x, y in places(charts.curves("t", "n", "s", line))["c"])


def test_an_interval_that_reaches_below_zero_stays_in_a_logarithmic_panel() -> None:
    """It has no end there: its bar begins at the panel's edge, with an arrow that says that it goes on."""
    marks = [Mark("a", "a", "plain", 0.001, -1.0, 0.1), Mark("b", "b", "airflow", 5.0, 4.0, 6.0)]
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


@pytest.mark.parametrize("log", [False, True])
def test_a_curve_has_its_points(log: bool) -> None:
    """Each point has a marker where it belongs, and the line that was fitted is dashed."""
    points = [(x, 0.2 + 0.05 * x, None, None) for x in (1.0, 3.0, 10.0, 40.0, 100.0)]
    drawing = charts.curves("t", "tasks", "s", [Curve("c", "airflow", "airflow", points, (0.05, 0.2))], log)
    found = places(drawing)["c"]
    scale = math.log if log else float
    assert off_the_line([scale(x) for x, *_ in points], [x for x, _ in found]) < 0.5
    assert off_the_line([scale(y) for _, y, *_ in points], [y for _, y in found]) < 0.5
    assert "stroke-dasharray" in drawing.svg
    assert {"tasks", "airflow"} <= set(texts(drawing))


def test_ticks_stand_where_something_was_measured() -> None:
    """Sizes are few and uneven on logarithmic axes; and nobody counts half a task, or half a process."""
    points = [(x, x, None, None) for x in (7.0, 50.0, 1200.0)]
    assert {"7", "50", "1,200"} <= set(texts(charts.curves("t", "tasks", "s", [Curve("c", "c", "plain", points)], log=True)))
    counts = texts(charts.dots("t", [panel({"a": 1.0, "b": 2.0}, "processes")]))
    assert {"0", "1", "2"} <= set(counts) and not {"0.5", "1.5"} & set(counts)


def test_a_curve_is_broken_where_nothing_leads_on() -> None:
    """Between two points that cannot be compared there is no line, and both are there."""
    points = [(x, x, None, None) for x in (1.0, 2.0, 3.0, 4.0)]
    whole, broken = (
        charts.curves("t", "n", "s", [Curve("c", "c", "plain", points, breaks=breaks)]) for breaks in ((), (3.0,))
    )
    begun = [sum(path.attrib["d"].count("M") for path in parsed(each).iter(f"{SVG}path")) for each in (whole, broken)]
    assert begun[1] == begun[0] + 1
    assert places(whole) == places(broken)


def test_eight_curves_are_told_apart() -> None:
    """Their labels keep a distance, and no two curves of a tool have the same marker."""
    curves = [
        Curve(f"c{i}", f"subject {i}", tool, [(1.0, 1 + i / 100, None, None), (9.0, 2 + i / 100, None, None)])
        for i, tool in enumerate(["airflow", "airflow", "airflow", "airflow", "dagster", "prefect", "plain", "new"])
    ]
    drawing = charts.curves("t", "n", "s", curves)
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
    points = [(0.0, 1.0, None, None), (1.0, 2.0, None, None), (2.0, 4.0, None, None)]
    drawing = charts.curves(
        "t", "n", "s", [Curve("c", "c", "plain", points), Curve("d", "d", "plain", points[:1])], log=True
    )
    assert len(places(drawing)["c"]) == 2 and "d" not in places(drawing)
    assert "2 points at or below zero" in drawing.alt and "d: none" in texts(drawing)


def test_a_timeline_says_what_it_leaves_out() -> None:
    """Of many lanes the first forty are drawn; the picture and the words say so."""
    lanes = [Lane(f"task {i:03}", [Span(i, i + 1, "running")]) for i in range(123)]
    drawing = charts.gantt("t", lanes)
    assert sum(text.startswith("task ") for text in texts(drawing)) == 40
    assert "The first 40 of 123 lanes." in texts(drawing) and "123 lanes" in drawing.alt and "first 40" in drawing.alt
    assert "The first" not in charts.gantt("t", lanes[:40]).alt


def test_kinds_of_spans_differ_by_more_than_colour() -> None:
    """What failed and what is under way are hatched, and the legend names what there is."""
    root = parsed(named(["a"])["gantt"])
    assert len(list(root.iter(f"{SVG}pattern"))) == 2
    assert {"running", "failed", "waiting", "transition"} <= set(texts(named(["a"])["gantt"]))
    only = charts.gantt("t", [Lane("a", [Span(0, 1, "running")]), Lane("b", [])])
    assert "waiting" not in texts(only) and "none" in texts(only)


# Names are text ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["dots", "curves", "gantt"])
def test_names_are_shown_as_they_are(kind: str) -> None:
    """Markup, formulas and quotes in a name are the name."""
    drawing = named(HOSTILE)[kind]
    root = parsed(drawing)
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
        *("svg", "title", "desc", "g", "defs", "path", "use", "text", "clipPath", "rect", "pattern")
    }
    assert set(HOSTILE) <= set(texts(drawing))
    assert [root[0].text, root[1].text] == [drawing.title, drawing.alt]
    assert HOSTILE[0] in drawing.title and "<script" not in drawing.svg


@pytest.mark.parametrize("kind", ["dots", "curves", "gantt"])
def test_names_may_be_long_foreign_or_broken(kind: str) -> None:
    """What is too long for the picture is shortened there, not in the words; control characters break nothing."""
    names = ["x" * 300, "客户流失" * 3, "null\0bell\aline\nend\ud800", "😀 ﷽"]
    drawing = named(names)[kind]
    shown = " ".join(texts(drawing))
    assert "x" * 101 not in shown and "…" in shown and names[1] in shown and "line end" in shown
    assert names[0] in drawing.alt


def test_text_stays_in_the_picture() -> None:
    """No label begins before the left edge or ends behind the right one, however long the names are."""
    for drawing in named(["prefect/worker, tuned and named at length by somebody"] * 3).values():
        for each in parsed(drawing).iter(f"{SVG}text"):
            style = each.attrib["style"]
            [size] = re.findall(r"font-size: ([\d.]+)px", style)
            wide = len(each.text or "") * float(size) * 0.6
            start = float(each.attrib["x"]) - wide * (0.5 if "middle" in style else 1 if "anchor: end" in style else 0)
            assert start > -6 and start + wide < 806, each.text


# Many of them in a page --------------------------------------------------------------------------------------------------


def test_two_drawings_share_no_id() -> None:
    """In a page, each id is one drawing's, and each reference finds what it means."""
    drawings = [*named(["a", "b"], "1").values(), *named(["a", "c"], "2").values()]
    page = ET.fromstring(f"<body>{''.join(each.svg for each in drawings)}</body>")
    ids = [each.attrib["id"] for each in page.iter() if "id" in each.attrib]
    assert len(ids) == len(set(ids)) > 20
    said = " ".join(value for each in page.iter() for value in each.attrib.values())
    referred = {each.attrib["href"] for each in page.iter() if "href" in each.attrib} | set(
        re.findall(r"url\(([^)]+)\)", said)
    )
    assert referred and referred <= {f"#{each}" for each in ids}
    labels = [
        name for each in page.iter() if "aria-labelledby" in each.attrib for name in each.attrib["aria-labelledby"].split()
    ]
    assert len(labels) == 2 * len(drawings) and set(labels) <= set(ids)


@pytest.mark.parametrize("kind", ["dots", "curves", "gantt"])
def test_a_drawing_takes_everything_from_the_page(kind: str) -> None:
    """Its colours are the page's in light and dark, its width and font too; it fetches nothing and styles nothing else."""
    drawing = named(["airflow", "prefect", "dagster", "plain", "another"])[kind]
    root, light, dark = parsed(drawing), *STYLE.read_text().split("@media (prefers-color-scheme: dark)")
    used = set(re.findall(r"var\(--([a-z-]+)\)", drawing.svg))
    assert used and all(f"--{name}: #" in light and f"--{name}: #" in dark for name in used)
    assert not re.search(r"#[0-9a-f]{6}\b|font-family|<style|<\?xml|<!|metadata", drawing.svg)
    assert re.findall(r"https?://[^\"]*", drawing.svg) == ["http://www.w3.org/2000/svg"]
    assert root.attrib["role"] == "img" and "viewBox" in root.attrib and not {"width", "height"} & set(root.attrib)


def test_each_tool_has_its_colour_and_shape() -> None:
    """Four tools have their own, whoever else comes shares the fifth, even one that is named like another colour."""
    tools = ["airflow", "prefect", "dagster", "plain", "newcomer", "ink"]
    drawing = charts.dots("t", [Panel("p", "s", [mark(tool, 1.0, tool) for tool in tools])])
    groups = {
        each.attrib["id"]: ET.tostring(each, encoding="unicode") for each in parsed(drawing).iter() if "id" in each.attrib
    }
    colours = {tool: re.findall(r"fill: var\(--(\w+)\)", groups[tool])[-1] for tool in tools}
    assert colours == {tool: tool for tool in tools[:4]} | dict.fromkeys(tools[4:], "other")
    assert len({re.findall(r'href="([^"]+)', groups[tool])[0] for tool in tools}) == 5


def test_the_words_name_six_subjects_at_most() -> None:
    """Who cannot see the chart hears the numbers of the best six, and that there are more."""
    drawing = charts.dots("t", [panel({f"k{i}": 1.0 + i for i in range(9)})])
    assert len(re.findall(r"airflow/k\d", drawing.alt)) == 6 and "and 3 more" in drawing.alt
    assert "airflow/k0 1.00 s (0.900 .. 1.10 s)" in drawing.alt
    several = charts.dots("t", [panel({f"{p}{i}": 1.0 + i for i in range(9)}, title=p) for p in ("p", "q")])
    assert "p: from airflow/p0 1.00 s" in several.alt and "to airflow/q8 9.00 s" in several.alt


# Files -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["dots", "curves", "gantt"])
def test_the_same_data_give_the_same_bytes(kind: str, tmp_path: Path) -> None:
    """A report rendered again differs in nothing."""
    first, second = (named(["airflow", "plain"])[kind] for _ in range(2))
    assert first.svg == second.svg
    first.save(tmp_path / "first")
    second.save(tmp_path / "second")
    for suffix in ("svg", "png"):
        assert (tmp_path / f"first.{suffix}").read_bytes() == (tmp_path / f"second.{suffix}").read_bytes()


@pytest.mark.parametrize("kind", ["dots", "curves", "gantt"])
def test_saved_files_stand_alone(kind: str, tmp_path: Path) -> None:
    """The vector file has its own colours, size and title; the picture is 1600 pixels wide."""
    drawing = named(["airflow", "plain"])[kind]
    drawing.save(tmp_path / "overhead.library")
    text = (tmp_path / "overhead.library.svg").read_text(encoding="utf-8")
    assert "var(" not in text and ET.fromstring(text).attrib["width"] == "800"
    assert drawing.title in [each.text for each in ET.fromstring(text).iter(f"{SVG}text")]
    assert drawing.title not in texts(drawing), "the page has a heading of its own"
    head = (tmp_path / "overhead.library.png").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">I", head[16:20]) == (1600,)


def test_a_real_run_can_be_drawn() -> None:
    """Every number of the sample is at its place, whatever its unit."""
    rows: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "reports" / "sample" / "results.json").read_text())[
        "estimates"
    ]
    panels = []
    for metric, workload in (("per_task_ms", "chain"), ("submit_to_first_s", "chain_1"), ("finish_lag_s", "chain_1")):
        its = [row for row in rows if (row["metric"], row["workload"], row["tier"]) == (metric, workload, "service")]
        marks = [
            Mark(f"{metric}-{i}", wording.subject(row), row["orchestrator"], row["median"], row["low"], row["high"])
            for i, row in enumerate(its)
        ]
        panels.append(Panel(metric, its[0]["unit"], marks))
    found = places(charts.dots("t", panels))
    for each in panels:
        known = [(its.value, found[its.key][0][0]) for its in each.marks if its.value is not None]
        values, across = [value for value, _ in known], [x for _, x in known]
        scales = (float, math.log) if min(values) > 0 else (float,)
        assert len(known) >= 4
        assert min(off_the_line([scale(value) for value in values], across) for scale in scales) < 0.5
