"""Charts to look at, and what a browser would find in their drawings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from small_runs import made_up_record

from bench.plan.tools import discover
from bench.report import charts
from bench.report.charts import Curve, Drawing, Fit, Lane, Look, Mark, Panel, Point, Scales, Span
from bench.report.tools import Tools

SVG = "{http://www.w3.org/2000/svg}"

KNOWN = {each.name: each.about for each in discover().values()}
TOOLS = Tools(made_up_record(orchestrators=[*KNOWN, "another"], tools=KNOWN))


def look(tool: str) -> Look:
    """Return how a tool's marks look, as its folder says."""
    return TOOLS.look(tool)


def mark(key: str, value: float | None, tool: str = "airflow", points: Sequence[float] = (), instead: str = "") -> Mark:
    """Return a mark with an interval of a tenth to either side."""
    low, high = (None, None) if value is None else (value - abs(value) / 10, value + abs(value) / 10)
    return Mark(key, f"{tool}/{key}", look(tool), value, low, high, points, instead)


def panel(values: dict[str, float | None], unit: str = "s", title: str = "per run") -> Panel:
    """Return a panel of such marks."""
    return Panel(title, unit, [mark(key, value, instead="" if value else "unsupported") for key, value in values.items()])


def named(names: Iterable[str], key: str = "k") -> dict[str, Drawing]:
    """Return a chart of each kind, whose subjects have these names."""
    many = list(names)
    marks = [Mark(f"{key}d{i}", name, look(name), i + 1.0, i + 0.5, i + 2.0, (i + 1.0,)) for i, name in enumerate(many)]
    points = [Point(1.0, 2.0, 1.5, 2.5), Point(10.0, 9.0)]
    lines = [Curve(f"{key}c{i}", name, look(name), points, Fit(0.7, 1.2)) for i, name in enumerate(many)]
    spans = [Span(0, 1, "waiting"), Span(1, 2, "transition"), Span(2, 4, "running"), Span(4, 5, "failed")]
    return {
        "dots": charts.dots(f"dots {many[0]}", [Panel(many[0], "s", marks), Panel(f"{many[0]} again", "s", [])]),
        "curves": charts.curves(f"curves {many[0]}", Scales(many[0], "s"), lines),
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
