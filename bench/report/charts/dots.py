"""Dots: a panel for each number, with a dot for every setup, the interval and the runs behind it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.base import wording
from bench.report.charts import theme
from bench.report.charts.axis import Axis, axis
from bench.report.charts.drawing import EDGE, WIDTH, Drawing, Sheet, keyed
from bench.report.charts.theme import Look

POINTS_DRAWN: Final = 40
"""The most runs of a mark that are drawn: more would make the page larger, and the picture no clearer."""

_DECADES: Final = 20
"""Beyond this factor between the values of a panel, the small ones cannot be told apart on an even axis."""

_PITCH, _BASE, _GAP, _TICKS, _NOTE = 33, 19, 30, 30, 18
"""Pixels: of a row, down to the mark in it, between two panels, for the labels of the ticks, and for the note."""

_LABELS_MOST, _PANEL_LEAST = 220, 140


@dataclass(frozen=True)
class Mark:
    """One setup: the number with the interval and the runs behind it, or a text instead of the number.

    The key is the id of the marker in the page, where no other mark may have the same.
    """

    key: str
    label: str
    look: Look
    value: float | None
    low: float | None
    high: float | None
    points: Sequence[float] = ()
    instead: str = ""

    @property
    def runs(self) -> Sequence[float]:
        """The runs that are drawn: all, or POINTS_DRAWN of them at even distances in the order of size."""
        if len(self.points) <= POINTS_DRAWN:
            return self.points
        ranked, last = sorted(self.points), len(self.points) - 1
        return [ranked[round(rank * last / (POINTS_DRAWN - 1))] for rank in range(POINTS_DRAWN)]


@dataclass(frozen=True)
class Panel:
    """One number of every setup."""

    title: str
    unit: str
    marks: Sequence[Mark]


def dots(title: str, panels: Sequence[Panel], bars: str = "95 % intervals") -> Drawing:
    """Draw panels side by side, with a row for each setup; `bars` says what the bars are."""
    return Drawing(title, _in_words(panels), lambda alone: _paint(title, panels, bars, alone=alone))


# The picture -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Layout:
    """Where the panels go: where all have the same setups, a row of panels names them once."""

    shared: bool
    labels: float
    columns: int
    panel: float
    """The width of a panel."""

    @classmethod
    def of(cls, panels: Sequence[Panel]) -> _Layout:
        named = [tuple(mark.label for mark in panel.marks) for panel in panels]
        shared = len(set(named)) == 1
        longest = max((theme.width(label, theme.BODY) for labels in named for label in labels), default=0)
        labels = min(longest, _LABELS_MOST) + 12
        rows = max(1, math.ceil(len(panels) / 3))
        columns = max(1, math.ceil(len(panels) / rows))
        while columns > 1 and cls._left_for(columns, labels, shared=shared) < _PANEL_LEAST:
            columns -= 1
        return cls(shared, labels, columns, cls._left_for(columns, labels, shared=shared))

    @staticmethod
    def _left_for(columns: int, labels: float, *, shared: bool) -> float:
        return (WIDTH - 2.5 * EDGE - _GAP * (columns - 1) - labels * (1 if shared else columns)) / columns

    def left(self, column: int) -> float:
        labels = self.labels * (1 if self.shared else column + 1)
        return EDGE + labels + column * (self.panel + _GAP)

    def heading(self, panel: Panel) -> list[str]:
        return theme.wrapped(panel.title, theme.HEADING * 1.1, self.panel + _GAP / 2, most=2)


def _paint(title: str, panels: Sequence[Panel], bars: str, *, alone: bool) -> Figure:
    layout = _Layout.of(panels)
    rows = [panels[first : first + layout.columns] for first in range(0, len(panels), layout.columns)]
    heads = [22 + 14 * max(len(layout.heading(panel)) for panel in row) for row in rows]
    heights = [
        head + _PITCH * max(len(panel.marks) for panel in row) + _TICKS for head, row in zip(heads, rows, strict=True)
    ]
    sheet = Sheet(sum(heights) + _NOTE, title, alone=alone)
    top = 0.0
    for row, head, height in zip(rows, heads, heights, strict=True):
        for column, panel in enumerate(row):
            if column == 0 or not layout.shared:
                _paint_labels(sheet, layout, layout.left(column), top + head, panel)
            _paint_panel(sheet, layout, layout.left(column), top + head, panel)
        top += height
    sheet.text(EDGE, top + _NOTE - 6, _note(panels, bars), size=theme.SMALL, colour=theme.SOFT)
    return sheet.figure


def _paint_labels(sheet: Sheet, layout: _Layout, left: float, top: float, panel: Panel) -> None:
    for row, mark in enumerate(panel.marks):
        label = theme.shortened(mark.label, theme.BODY, layout.labels - 11)
        sheet.text(left - 10, top + row * _PITCH + _BASE + 4, label, align="right")


def _paint_panel(sheet: Sheet, layout: _Layout, left: float, top: float, panel: Panel) -> None:
    lines = layout.heading(panel)
    for number, line in enumerate(lines):
        sheet.text(left, top - 20 - 14 * (len(lines) - 1 - number), line, size=theme.HEADING, bold=True)
    for row, mark in enumerate(panel.marks):
        if mark.value is None:
            _write_instead(sheet, left, top + row * _PITCH + _BASE, layout.panel, mark)
    measured = [(row * _PITCH + _BASE, mark, mark.value) for row, mark in enumerate(panel.marks) if mark.value is not None]
    if not measured:
        return
    x = _axis(panel.unit, [mark for _, mark, _ in measured], [value for *_, value in measured])
    sheet.text(left, top - 6, x.named, size=theme.SMALL, colour=theme.SOFT)
    area = sheet.area(left, top, layout.panel, _PITCH * len(panel.marks), x=x)
    ends = [end for _ in measured for end in (x.low, x.high, math.nan)]
    area.plot(ends, [y for y, *_ in measured for _ in range(3)], color=theme.GRID, linewidth=1, zorder=1, clip_on=False)
    for y, mark, value in measured:
        _paint_mark(area, x, y, mark, value)
        label = mark.instead or wording.said(panel.unit, value)
        half = theme.width(label, theme.SMALL) / 2
        middle = min(max(x.at(value) * layout.panel, half - 4), layout.panel - half + 4)
        sheet.text(left + middle, top + y - 8, label, size=theme.SMALL, align="center")


def _axis(unit: str, marks: Sequence[Mark], values: Sequence[float]) -> Axis:
    drawn = [*values, *(run for mark in marks for run in mark.runs)]
    ends = [end for mark in marks for end in (mark.low, mark.high) if end is not None]
    return axis(unit, [*drawn, *ends], log=min(drawn) > 0 and max(values) > _DECADES * min(values), ticks=5)


def _paint_mark(area: Axes, x: Axis, y: float, mark: Mark, value: float) -> None:
    colour, shape = mark.look.colour.light, mark.look.shape
    if mark.low is not None and mark.high is not None:
        # An interval that reaches to zero or below has no end on a logarithmic axis: an arrow says that it goes on.
        low = max(mark.low, x.low)
        area.plot([low, mark.high], [y, y], color=colour, linewidth=3.5, solid_capstyle="butt", clip_on=False)
        if low > mark.low:
            area.plot([low], [y], "<", color=colour, markersize=7, clip_on=False)
    if mark.runs:
        # Lines of no length with round ends are dots: one path holds them all, where each marker would be an element.
        xs = [place for run in mark.runs for place in (run, run * (1 + 1e-6), math.nan)]
        area.plot(
            xs,
            [y + 8.5] * len(xs),
            color=colour,
            alpha=0.55,
            linewidth=3.2,
            solid_capstyle="round",
            snap=False,
            clip_on=False,
        )
    [marker] = area.plot([value], [y], shape.symbol, color=colour, markersize=shape.size, zorder=3, clip_on=False)
    marker.set(markeredgecolor=theme.PAPER, gid=keyed(mark.key))


def _write_instead(sheet: Sheet, left: float, y: float, room: float, mark: Mark) -> None:
    lines = theme.wrapped(mark.instead or "missing", theme.SMALL, room, most=2)
    for number, line in enumerate(lines):
        sheet.text(left, y + 4 + 12 * (number - (len(lines) - 1) / 2), line, size=theme.SMALL, colour=theme.SOFT)


def _note(panels: Sequence[Panel], bars: str) -> str:
    marks = [mark for panel in panels for mark in panel.marks if mark.value is not None]
    if not marks:
        return "Nothing was measured."
    notes = ["Large marks: estimates"]
    if any(mark.low is not None for mark in marks):
        notes.append(f"bars: {bars}")
    if any(mark.points for mark in marks):
        notes.append("small dots: single runs")
    return "; ".join(notes) + "."


# The words -------------------------------------------------------------------------------------------------------------


def _in_words(panels: Sequence[Panel]) -> str:
    setups = {mark.label for panel in panels for mark in panel.marks}
    sentences = [f"{len(setups)} setups compared by {len(panels)} {'number' if len(panels) == 1 else 'numbers'}."]
    for panel in panels:
        sentences += _sentences(panel, every=len(panels) == 1)
    if any(len(mark.points) > POINTS_DRAWN for panel in panels for mark in panel.marks):
        sentences.append(f"Where a setup has more than {POINTS_DRAWN} single runs, {POINTS_DRAWN} of them are drawn.")
    return " ".join(sentences)


def _sentences(panel: Panel, *, every: bool) -> Iterator[str]:
    known = sorted((mark for mark in panel.marks if mark.value is not None), key=lambda mark: mark.value or 0.0)
    if every or len(known) < 3:
        numbers = ", ".join(_number(panel, mark) for mark in known[:6])
        if len(known) > 6:
            numbers += f", and {len(known) - 6} more"
    else:
        numbers = f"from {_number(panel, known[0])} to {_number(panel, known[-1])}"
    if known:
        yield f"{panel.title}: {numbers}."
    gaps = sorted((mark.instead or "missing", mark.label) for mark in panel.marks if mark.value is None)
    for instead, marks in groupby(gaps, key=lambda gap: gap[0]):
        yield f"{panel.title}, {instead}: {', '.join(label for _, label in marks)}."


def _number(panel: Panel, mark: Mark) -> str:
    if mark.value is None or mark.instead:
        return f"{mark.label} {mark.instead}"
    number = f"{mark.label} {wording.said(panel.unit, mark.value)}"
    if mark.low is None or mark.high is None:
        return number
    return f"{number} ({wording.said(panel.unit, mark.low, mark.high, like=mark.value)})"
