"""The charts of a page as a reader finds them: lines, markers and texts, and axes that are read by their ticks."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from xml.etree import ElementTree as ET

from drawings import SVG

UNITS = {"us": 1e-6, "ms": 1e-3, "kB": 1e3, "MB": 1e6, "%": 0.01}
"""How much one of them is of what the others of its kind are measured in."""


class Line(NamedTuple):
    """A straight line, or a dot: a line from a place to the same place."""

    x: float
    y: float
    to_x: float
    to_y: float
    style: str


class Marker(NamedTuple):
    """Where a marker is, and what tells it from those of others."""

    x: float
    y: float
    look: str


class Text(NamedTuple):
    """Where something is written: to the right of that place, to its left, or around it."""

    x: float
    y: float
    said: str
    anchor: str


@dataclass(frozen=True)
class Scale:
    """From numbers to pixels, by what is written at an axis."""

    ticks: Mapping[float, str]
    """What is written, by where it is."""
    unit: str
    log: bool

    def at(self, number: float, unit: str = "") -> float:
        """Return where a number lies that is in that unit."""
        (first, low), (last, high) = min(self.ticks.items()), max(self.ticks.items())
        here = self._along(number * UNITS.get(unit, 1.0) / UNITS.get(self.unit, 1.0))
        start, end = (self._along(float(each.replace(",", ""))) for each in (low, high))
        return first + (last - first) * (here - start) / (end - start)

    def _along(self, number: float) -> float:
        if not self.log:
            return number
        return math.log(number) if number > 0 else -math.inf


@dataclass(frozen=True)
class Panel:
    """A part of a chart with axes of its own."""

    left: float
    right: float
    heading: str
    across: Scale


@dataclass(frozen=True)
class Picture:
    """A chart of a page."""

    root: ET.Element

    @property
    def title(self) -> str:
        """What it is called."""
        return self.root.findtext(f"{SVG}title") or ""

    @cached_property
    def markers(self) -> dict[str, list[Marker]]:
        """The markers of each id."""
        groups = [group for group in self.root.iter(f"{SVG}g") if "id" in group.attrib]
        return {group.attrib["id"]: [_marker(use) for use in group.iter(f"{SVG}use")] for group in groups}

    @property
    def legend(self) -> list[Marker]:
        """The markers that stand for themselves."""
        return [_marker(use) for use in self.root.findall(f"{SVG}use")]

    @cached_property
    def lines(self) -> list[Line]:
        """Each step of each path."""
        return [line for path in self.root.findall(f"{SVG}path") for line in _lines(path)]

    @cached_property
    def grid(self) -> list[Line]:
        """The lines that help the eye."""
        return [line for line in self.lines if "var(--grid)" in line.style]

    @cached_property
    def texts(self) -> list[Text]:
        """All that is written in it."""
        return [_text(each) for each in self.root.iter(f"{SVG}text")]

    def panel(self, x: float, y: float) -> Panel:
        """Return the panel in which that place lies on a line that goes from its left edge to its right one."""
        (level,) = (line for line in self.grid if line.y == line.to_y == y and line.x <= x <= line.to_x)
        upright = [line for line in self.grid if line.x == line.to_x and level.x <= line.x <= level.to_x]
        inside = [line for line in upright if line.to_y <= y <= line.y]
        (top,), (bottom,) = {line.to_y for line in inside}, {line.y for line in inside}
        places = {line.x for line in inside}
        ticks = {each.x: each.said for each in self.texts if each.x in places and 0 < each.y - bottom < 16}
        # The heading may take two lines; the unit stands below them.
        *heading, unit = (each.said for each in sorted(self._above(level.x, top), key=lambda each: each.y))
        return Panel(level.x, level.to_x, " ".join(heading), Scale(ticks, *_unit(unit)))

    def axes(self) -> tuple[Scale, Scale]:
        """Return both scales of a chart that has one panel; the unit above it is that of the heights."""
        levels = [line for line in self.grid if line.y == line.to_y]
        its = self.panel(levels[0].x, levels[0].y)
        written = [each for each in self.texts if each.anchor == "end" and each.x < its.left]
        ticks = {line.y: each.said for line in levels for each in written if 0 < each.y - line.y < 5}
        return Scale(its.across.ticks, "", its.across.log), Scale(ticks, its.across.unit, its.across.log)

    def _above(self, left: float, top: float) -> list[Text]:
        return [each for each in self.texts if each.x == left and each.anchor == "start" and 0 < top - each.y < 40]


def _unit(said: str) -> tuple[str, bool]:
    """Return what an axis measures in, and whether it is logarithmic."""
    unit, _, how = said.rpartition(", ") if "logarithmic" in said else (said, "", "")
    return unit, bool(how)


def _marker(use: ET.Element) -> Marker:
    return Marker(float(use.attrib["x"]), float(use.attrib["y"]), f"{use.attrib['href']} {use.attrib['style']}")


def _text(each: ET.Element) -> Text:
    anchor = re.findall(r"text-anchor: (\w+)", each.attrib["style"])
    return Text(float(each.attrib["x"]), float(each.attrib["y"]), each.text or "", *anchor)


def _lines(path: ET.Element) -> Iterator[Line]:
    here = (0.0, 0.0)
    for step, *place in re.findall(r"([A-Za-z])([-\d.]+)(?: ([-\d.]+))?", path.get("d", "")):
        there = here if step == "h" else (float(place[0]), float(place[1]))
        if step != "M":
            yield Line(*here, *there, path.attrib["style"])
        here = there
