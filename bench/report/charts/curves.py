"""Curves: how a number grows with another, for several setups."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.base import wording
from bench.report.charts import theme
from bench.report.charts.axis import Axis, axis
from bench.report.charts.drawing import EDGE, WIDTH, Drawing, Sheet, keyed
from bench.report.charts.theme import Look
from bench.scenarios.kit.curve import Level


class Point(NamedTuple):
    """A value at a place, with the interval where there is one."""

    at: float
    value: float
    low: float | None = None
    high: float | None = None


class Fit(NamedTuple):
    """The straight line that fits the points of a curve best."""

    slope: float
    intercept: float

    def at(self, x: float) -> float:
        """Return the height of the line."""
        return self.slope * x + self.intercept


@dataclass(frozen=True)
class Scales:
    """What both axes measure, and how."""

    x: str
    """In words."""
    unit: str
    """Of y."""
    log_x: bool = False
    log_y: bool = False
    level: Level | None = None

    def hold(self, point: Point) -> bool:
        """Whether the point has a place: a logarithmic axis begins above zero."""
        return (point.at > 0 or not self.log_x) and (point.value > 0 or not self.log_y)


_LEFT, _TOP, _BELOW, _NOTE, _LABEL, _LABELS_MOST = 58, 26, 40, 18, 17, 230

_VARIANTS: Final = ((1.0, True), (1.0, False), (0.65, True), (0.65, False))
"""Size, and whether it is filled: by these the markers of one tool's curves differ."""


@dataclass(frozen=True)
class Curve:
    """One setup: its points in the order of x, and the line that fits them best.

    The key is the id of the markers in the page, where no other curve may have the same.
    """

    key: str
    label: str
    look: Look
    points: Sequence[Point]
    line: Fit | None = None
    breaks: Sequence[float] = ()
    """Each x to which no line leads from the point before."""


def curves(title: str, scales: Scales, curves: Sequence[Curve], note: str = "") -> Drawing:
    """Draw the points that the scales hold, with bars for their intervals, of which `note` says more."""
    shown = [replace(curve, points=list(filter(scales.hold, curve.points))) for curve in curves]
    lost = sum(len(curve.points) for curve in curves) - sum(len(curve.points) for curve in shown)
    return Drawing(title, _in_words(scales, shown, lost), lambda alone: _paint(title, scales, shown, note, alone=alone))


# The picture -----------------------------------------------------------------------------------------------------------


def _paint(title: str, scales: Scales, curves: Sequence[Curve], note: str, *, alone: bool) -> Figure:
    labels = min(max((theme.width(curve.label, theme.BODY) for curve in curves), default=0), _LABELS_MOST)
    width = WIDTH - _LEFT - labels - 52
    height = max(320, _LABEL * len(curves))
    bottom = _TOP + height
    sheet = Sheet(bottom + _BELOW + _NOTE, title, alone=alone)
    x, y = _axes(scales, curves)
    area = sheet.area(_LEFT, _TOP, width, height, x=x, y=y)
    if scales.level:
        area.axhline(scales.level.at, color=theme.SOFT, linewidth=1.5, dashes=(1, 2), zorder=1)
    named = y.named.replace("logarithmic", "both axes logarithmic") if x.log else y.named
    sheet.text(_LEFT, _TOP - 10, named, colour=theme.SOFT)
    below = theme.shortened(scales.x, theme.BODY, width)
    sheet.text(_LEFT + width / 2, bottom + 34, below, colour=theme.SOFT, align="center")
    sheet.text(EDGE, bottom + _BELOW + _NOTE - 6, _note(scales, curves, note), size=theme.SMALL, colour=theme.SOFT)
    ends = [_TOP + height * (1 - y.at(curve.points[-1].value)) if curve.points else math.inf for curve in curves]
    heights = _apart([min(end, bottom) for end in ends], _LABEL, bottom)
    seen: Counter[Look] = Counter()
    for curve, end, label_y in zip(curves, ends, heights, strict=True):
        style = _marker(curve.look, seen[curve.look])
        seen[curve.look] += 1
        right, colour = _LEFT + width + 30, curve.look.colour.light
        if curve.points:
            _paint_curve(area, x, y, curve, style)
            last_x = _LEFT + width * x.at(curve.points[-1].at)
            sheet.line([last_x + 7, right - 8], [end, label_y], color=colour, linewidth=0.7, alpha=0.6)
        sheet.line([right], [label_y], **style)
        name = theme.shortened(curve.label, theme.BODY, labels + 1) if curve.points else f"{curve.label}: none"
        sheet.text(right + 9, label_y + 4, name, colour=theme.INK if curve.points else theme.SOFT)
    return sheet.figure


def _axes(scales: Scales, curves: Sequence[Curve]) -> tuple[Axis, Axis]:
    points = [point for curve in curves for point in curve.points]
    xs = [point.at for point in points] or [1.0]
    heights = [number for point in points for number in (point.value, point.low, point.high) if number is not None]
    level = [scales.level.at] if scales.level else []
    zero = min(xs) <= max(xs) / 2
    # Between two whole numbers of tasks or of runs there is nothing to read.
    finest = 0.0 if any(x % 1 for x in xs) else 1.0
    across = axis("", xs, log=scales.log_x, ticks=8, zero=zero, finest=finest)
    up = axis(scales.unit, [*heights, *level] or [1.0], log=scales.log_y, ticks=7)
    return _ticked_at(across, xs) if across.log else across, up


def _ticked_at(x: Axis, measured: Sequence[float]) -> Axis:
    """Put the ticks where something was measured, if these places are few and not too close."""
    places = sorted(set(measured))
    apart = all(x.at(right) - x.at(left) > 0.06 for left, right in pairwise(places))
    return replace(x, ticks={place: f"{place:,g}" for place in places}) if apart and len(places) <= 10 else x


def _marker(look: Look, variant: int) -> dict[str, Any]:
    scale, filled = _VARIANTS[variant % len(_VARIANTS)]
    face = {"markerfacecolor": look.colour.light if filled else theme.PAPER, "markeredgecolor": look.colour.light}
    return {
        "linestyle": "none",
        "marker": look.shape.symbol,
        "markersize": 0.85 * scale * look.shape.size,
        "markeredgewidth": 1.3,
        **face,
    }


def _paint_curve(area: Axes, x: Axis, y: Axis, curve: Curve, style: dict[str, Any]) -> None:
    colour = curve.look.colour.light
    xs, ys = [point.at for point in curve.points], [point.value for point in curve.points]
    path = list(_path(curve))
    alpha = 0.35 if curve.line else 0.8
    area.plot([at for at, _ in path], [to for _, to in path], color=colour, linewidth=1, alpha=alpha, clip_on=False)
    bars = [(at, max(low, y.low), high) for at, _, low, high in curve.points if low is not None and high is not None]
    if bars:
        across = [place for at, _, _ in bars for place in (at, at, math.nan)]
        up = [place for _, low, high in bars for place in (low, high, math.nan)]
        area.plot(across, up, color=colour, linewidth=1.6, alpha=0.8)
    if curve.line:
        # On a logarithmic axis a straight line is curved.
        along = [x.low + (max(xs) - x.low) * step / 64 for step in range(65)] if x.log else [x.low, max(xs)]
        fit = [(at, curve.line.at(at)) for at in along if curve.line.at(at) > 0 or not y.log]
        area.plot([at for at, _ in fit], [to for _, to in fit], color=colour, linewidth=1.3, dashes=(4, 3))
    area.plot(xs, ys, gid=keyed(curve.key), clip_on=False, zorder=3, **style)


def _path(curve: Curve) -> Iterator[tuple[float, float]]:
    """Yield the corners of the line through the points; a value that is no number breaks it."""
    for point in curve.points:
        if point.at in curve.breaks:
            yield point.at, math.nan
        yield point.at, point.value


def _apart(wanted: Sequence[float], gap: float, bottom: float) -> list[float]:
    """Return heights at which no label covers another: as near as possible to those wanted, in the same order."""
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    places = list(wanted)
    for above, below in pairwise(order):
        places[below] = max(places[below], places[above] + gap)
    limit = bottom
    for each in reversed(order):
        places[each] = min(places[each], limit)
        limit = places[each] - gap
    return places


def _note(scales: Scales, curves: Sequence[Curve], note: str) -> str:
    notes = [note] if note else []
    if not note and any(point.low is not None for curve in curves for point in curve.points):
        notes.append("Bars: 95 % intervals")
    if any(curve.line for curve in curves):
        notes.append("dashed: the straight line that fits best")
    if scales.level:
        notes.append(f"dotted: {scales.level.means}")
    if not notes:
        return ""
    text = "; ".join(notes)
    return f"{text[:1].upper()}{text[1:]}."


# The words -------------------------------------------------------------------------------------------------------------


def _in_words(scales: Scales, curves: Sequence[Curve], lost: int) -> str:
    both = ", both axes logarithmic" if scales.log_x else ""
    logarithmic = both or (", on a logarithmic axis" if scales.log_y else "")
    sentences = [f"{len(curves)} curves over {scales.x}{logarithmic}."]
    sentences += [_course(curve, scales.unit) for curve in curves[:6]]
    if len(curves) > 6:
        sentences.append(f"{len(curves) - 6} more curves are drawn.")
    if lost:
        sentences.append(f"{lost} points at or below zero have no place on logarithmic axes.")
    if scales.level:
        sentences.append(f"Dotted, at {wording.said(scales.unit, scales.level.at)}: {scales.level.means}.")
    return " ".join(sentences)


def _course(curve: Curve, unit: str) -> str:
    if not curve.points:
        return f"{curve.label}: none."
    ends = [f"{wording.said(unit, point.value)} at {point.at:g}" for point in (curve.points[0], curve.points[-1])]
    return f"{curve.label}: {', '.join(ends[: len(curve.points)])}."
