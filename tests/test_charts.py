"""Charts of every kind: no number is too odd for them, names are text, a page may hold many, and a file stands alone."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest
from drawings import KNOWN, SVG, TOOLS, look, mark, named, panel, parsed, places, texts
from pages import OBEYED
from small_runs import made_up_record

from bench.plan.about import About, Colour
from bench.report import charts
from bench.report.charts import Curve, Mark, Panel, Point, Scales
from bench.report.tools import Tools

STYLE = Path(charts.__file__).parents[1] / "templates" / "style.css"
HOSTILE = ("<script>alert(1)</script>", "$x_1$ & \"two\" 'three'", "</svg>&amp;#b3431f", r"a_b\frac{1}{2}^$$")


@pytest.mark.parametrize("values", [(0.0, 0.0), (5.0, 5.0), (-3.0, -3.0), (0.0, 1e9), (1e-9, 1e-9), (-1.0, 0.0)])
def test_no_numbers_are_too_odd_to_be_drawn(values: tuple[float, float]) -> None:
    """All equal, all zero, below zero, tiny or huge: each has its place within the picture, and so has each interval."""
    marks = [mark(key, value) for key, value in zip("ab", values, strict=True)]
    found = places(charts.dots("t", [Panel("p", "s", marks)]))
    assert all(0 < found[key][0][0] < 800 for key in "ab")
    line = [Curve("c", "c", look("plain"), [Point(value, value, value, value) for value in values])]
    assert all(0 < x < 800 and 0 < y < 400 for x, y in places(charts.curves("t", Scales("n", "s"), line))["c"])


def test_ticks_stand_where_something_was_measured() -> None:
    """Sizes are few and uneven on logarithmic axes; and nobody counts half a task, or half a process."""
    points = [Point(x, x) for x in (7.0, 50.0, 1200.0)]
    assert {"7", "50", "1,200"} <= set(
        texts(charts.curves("t", Scales("tasks", "s", log_x=True, log_y=True), [Curve("c", "c", look("plain"), points)]))
    )
    counts = texts(charts.dots("t", [panel({"a": 1.0, "b": 2.0}, "processes")]))
    assert {"0", "1", "2"} <= set(counts) and not {"0.5", "1.5"} & set(counts)


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
    names = ["x" * 300, "客户流失" * 3, "null\0bell\aline\nend\ud800", "😀 ﷽", "\u202etxt.exe\u2028\ufffe"]
    drawing = named(names)[kind]
    shown = " ".join(texts(drawing))
    assert "x" * 101 not in shown and "…" in shown and names[1] in shown and "line end" in shown
    assert names[0] in drawing.alt
    assert not any(OBEYED.search(file.decode()) for file in (drawing.svg.encode(), drawing.files()["svg"]))


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
    root, used = parsed(drawing), set(re.findall(r"var\(--([a-z0-9-]+)\)", drawing.svg))
    # The page's own definitions, and those of the tools.
    sheets = [style.split("@media (prefers-color-scheme: dark)") for style in (STYLE.read_text(), str(TOOLS.style))]
    light, dark = ("".join(parts) for parts in zip(*sheets, strict=True))
    assert used and all(f"--{name}: #" in light and f"--{name}: #" in dark for name in used)
    assert not re.search(r"#[0-9a-f]{6}\b|font-family|<style|<\?xml|<!|metadata", drawing.svg)
    assert re.findall(r"https?://[^\"]*", drawing.svg) == ["http://www.w3.org/2000/svg"]
    assert root.attrib["role"] == "img" and "viewBox" in root.attrib and not {"width", "height"} & set(root.attrib)


def test_each_tool_has_its_colour_and_shape() -> None:
    """A tool looks as its folder says, and two that say nothing look like none of the others."""
    said = {name: each for name, each in KNOWN.items() if each.colour}
    tools = Tools(made_up_record(orchestrators=[*said, "newcomer", "stranger"], tools=said))
    names = [*said, "newcomer", "stranger"]
    marks = [Mark(name, name, tools.look(name), 1.0, 0.9, 1.1) for name in names]
    groups = {
        each.attrib["id"]: ET.tostring(each, encoding="unicode")
        for each in parsed(charts.dots("t", [Panel("p", "s", marks)])).iter()
        if "id" in each.attrib
    }
    variables = {name: re.findall(r"fill: var\((--[\w-]+)\)", groups[name])[-1] for name in names}
    for name, about in said.items():
        assert about.colour and f"{variables[name]}: {about.colour.light};" in tools.style
        assert f"{variables[name]}: {about.colour.dark};" in tools.style
    assert len(set(variables.values())) == len(names) > 2
    assert len({re.findall(r'href="([^"]+)', groups[name])[0] for name in names}) == len(names)


def test_a_tool_does_not_recolour_the_page() -> None:
    """One whose colour is the paper's is drawn in it, and the paper stays as it is."""
    paper = Colour("#ffffff", "#abcdef")
    tools = Tools(made_up_record(orchestrators=["a"], tools={"a": About(colour=paper, marker="circle")}))
    drawing = charts.dots("t", [Panel("p", "s", [Mark("a", "a", tools.look("a"), 1.0, 0.9, 1.1)])])
    assert "fill: var(--paper)" in drawing.svg
    assert "#" not in tools.style


@pytest.mark.parametrize("colour", ["red", "#b3431f;} body {display:none", "url(x)"])
def test_a_colour_is_a_number(colour: str) -> None:
    """What a run says of a colour gets into the page's style only if it can do nothing else there."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"colour": {"light": colour, "dark": "#000000"}}, About)


# Files -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["dots", "curves", "gantt"])
def test_the_same_data_give_the_same_bytes(kind: str) -> None:
    """A report rendered again differs in nothing."""
    first, second = (named(["airflow", "plain"])[kind] for _ in range(2))
    assert first.svg == second.svg
    assert first.files() == second.files()


@pytest.mark.parametrize("kind", ["dots", "curves", "gantt"])
def test_files_stand_alone(kind: str) -> None:
    """The vector file has its own colours, size and title; the picture is 1600 pixels wide."""
    drawing = named(["airflow", "plain"])[kind]
    files = drawing.files()
    text = files["svg"].decode()
    assert "var(" not in text and ET.fromstring(text).attrib["width"] == "800"
    assert drawing.title in [each.text for each in ET.fromstring(text).iter(f"{SVG}text")]
    assert drawing.title not in texts(drawing), "the page has a heading of its own"
    head = files["png"][:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">I", head[16:20]) == (1600,)
