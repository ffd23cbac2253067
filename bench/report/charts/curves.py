"""Curves: how a number grows with another, for several setups."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
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
    """A value at a place, with its interval where there is one."""

    at: float
    value: float
    low: float | None = None
    high: float | None = None


class Logs(NamedTuple):
    """Which axes are logarithmic."""

    x: bool
    y: bool


_LEFT, _TOP, _BELOW, _NOTE, _LABEL, _LABELS_MOST = 58, 26, 40, 18, 17, 230

_VARIANTS: Final = ((1.0, True), (1.0, False), (0.65, True), (0.65, False))
"""Size and whether it is filled: what tells the curves of one tool apart beside their labels."""


@dataclass(frozen=True)
class Curve:
    """One setup: its points in the order of x, and the line that was laid through them, as slope and intercept.

    The key is the id of its markers in the page, and so is no other's there.
    """

    key: str
    label: str
    look: Look
    points: Sequence[Point]
    line: tuple[float, float] | None = None
    breaks: Sequence[float] = ()
    """Each x to which nothing leads from the point before it."""


def curves(
    title: str,
    x_label: str,
    unit: str,
    curves: Sequence[Curve],
    log: bool = False,
    log_y: bool = False,
    note: str = "",
    level: Level | None = None,
) -> Drawing:
    """Draw points with bars, as `note` says; on a logarithmic axis, which both are with `log`, those above zero."""
    logs = Logs(log, log or log_y)
    shown = [(curve, [point for point in curve.points if _has_place(point, logs)]) for curve in curves]
    return Drawing(
        title,
        _in_words(x_label, unit, shown, logs, level),
        lambda alone: _paint(title, x_label, unit, shown, logs, note, level, alone=alone),
    )


def _has_place(point: Point, logs: Logs) -> bool:
    return (point.at > 0 or not logs.x) and (point.value > 0 or not logs.y)


Shown = Sequence[tuple[Curve, list[Point]]]
"""The curves, each with those of its points that have a place on the axes."""

# The picture -----------------------------------------------------------------------------------------------------------


def _paint(
    title: str, x_label: str, unit: str, shown: Shown, logs: Logs, note: str, level: Level | None, *, alone: bool
) -> Figure:
    labels = min(max((theme.width(curve.label, theme.BODY) for curve, _ in shown), default=0), _LABELS_MOST)
    width = WIDTH - _LEFT - labels - 52
    height = max(320, _LABEL * len(shown))
    sheet = Sheet(_TOP + height + _BELOW + _NOTE, title, alone=alone)
    x, y = _axes(unit, shown, logs, [level.at] if level else [])
    area = sheet.area(_LEFT, _TOP, width, height, x=x, y=y)
    if level:
        area.axhline(level.at, color=theme.SOFT, linewidth=1.5, dashes=(1, 2), zorder=1)
    named = y.named.replace("logarithmic", "both axes logarithmic") if x.log else y.named
    sheet.text(_LEFT, _TOP - 10, named, colour=theme.SOFT)
    below = theme.shortened(x_label, theme.BODY, width)
    sheet.text(_LEFT + width / 2, _TOP + height + 34, below, colour=theme.SOFT, align="center")
    sheet.text(EDGE, _TOP + height + _BELOW + _NOTE - 6, _note(shown, note, level), size=theme.SMALL, colour=theme.SOFT)
    ends = [_TOP + height * (1 - y.at(points[-1].value)) if points else math.inf for _, points in shown]
    places = _apart([min(end, _TOP + height) for end in ends], _LABEL, _TOP + height)
    seen: Counter[Look] = Counter()
    for (curve, points), place in zip(shown, places, strict=True):
        style = _marker(curve.look, seen[curve.look])
        seen[curve.look] += 1
        right, colour = _LEFT + width + 30, curve.look.colour.light
        if points:
            _paint_curve(area, x, y, curve, points, style)
            last = (_LEFT + width * x.at(points[-1].at), _TOP + height * (1 - y.at(points[-1].value)))
            sheet.line([last[0] + 7, right - 8], [last[1], place], color=colour, linewidth=0.7, alpha=0.6)
        sheet.line([right], [place], **style)
        name = theme.shortened(curve.label, theme.BODY, labels + 1) if points else f"{curve.label}: none"
        sheet.text(right + 9, place + 4, name, colour=theme.INK if points else theme.SOFT)
    return sheet.figure


def _axes(unit: str, shown: Shown, logs: Logs, more: Sequence[float]) -> tuple[Axis, Axis]:
    points = [point for _, its in shown for point in its]
    xs = [point.at for point in points] or [1.0]
    ends = [(point.value, point.low, point.high) for point in points]
    ys = [*(number for numbers in ends for number in numbers if number is not None), *more] or [1.0]
    zero = min(xs) <= max(xs) / 2
    # Between two whole numbers, of tasks or of runs, there is none to be read.
    across = axis("", xs, log=logs.x, ticks=8, zero=zero, finest=0.0 if any(x % 1 for x in xs) else 1.0)
    return _ticked_at(across, xs) if across.log else across, axis(unit, ys, log=logs.y, ticks=7)


def _ticked_at(x: Axis, measured: Sequence[float]) -> Axis:
    """Put the ticks where something was measured, if that is at a few places that are not too close."""
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


def _paint_curve(area: Axes, x: Axis, y: Axis, curve: Curve, points: Sequence[Point], style: dict[str, Any]) -> None:
    colour = curve.look.colour.light
    xs, ys = [point.at for point in points], [point.value for point in points]
    # A value that is no number breaks the line.
    path = [step for at, to in zip(xs, ys, strict=True) for step in [(at, math.nan)] * (at in curve.breaks) + [(at, to)]]
    alpha = 0.35 if curve.line else 0.8
    area.plot([at for at, _ in path], [to for _, to in path], color=colour, linewidth=1, alpha=alpha, clip_on=False)
    bars = [(at, max(low, y.low), high) for at, _, low, high in points if low is not None and high is not None]
    if bars:
        across = [place for at, _, _ in bars for place in (at, at, math.nan)]
        up = [place for _, low, high in bars for place in (low, high, math.nan)]
        area.plot(across, up, color=colour, linewidth=1.6, alpha=0.8)
    if curve.line:
        slope, intercept = curve.line
        along = [x.low + (max(xs) - x.low) * step / 64 for step in range(65)] if x.log else [x.low, max(xs)]
        fit = [(at, to) for at in along if (to := slope * at + intercept) > 0 or not y.log]
        area.plot([at for at, _ in fit], [to for _, to in fit], color=colour, linewidth=1.3, dashes=(4, 3))
    area.plot(xs, ys, gid=keyed(curve.key), clip_on=False, zorder=3, **style)


def _apart(wanted: Sequence[float], gap: float, bottom: float) -> list[float]:
    """Move labels as little as makes each readable, and leave them in their order."""
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    places = list(wanted)
    for above, below in pairwise(order):
        places[below] = max(places[below], places[above] + gap)
    limit = bottom
    for each in reversed(order):
        places[each] = min(places[each], limit)
        limit = places[each] - gap
    return places


def _note(shown: Shown, note: str, level: Level | None) -> str:
    notes = [note] if note else []
    if not note and any(point.low is not None for _, points in shown for point in points):
        notes.append("Bars: 95 % intervals")
    if any(curve.line for curve, _ in shown):
        notes.append("dashed: the straight line that fits best")
    if level:
        notes.append(f"dotted: {level.means}")
    return "; ".join(notes)[:1].upper() + "; ".join(notes)[1:] + "." * bool(notes)


# The words -------------------------------------------------------------------------------------------------------------


def _in_words(x_label: str, unit: str, shown: Shown, logs: Logs, level: Level | None) -> str:
    said = [_course(curve, points, unit) for curve, points in shown[:6]]
    more = [f"{len(shown) - 6} more curves are drawn."] if len(shown) > 6 else []
    lost = sum(len(curve.points) - len(points) for curve, points in shown)
    scale = ", both axes logarithmic" if logs.x else ", on a logarithmic axis" if logs.y else ""
    gap = [f"{lost} points at or below zero have no place on logarithmic axes."] if lost else []
    across = [f"Dotted, at {wording.said(unit, level.at)}: {level.means}."] if level else []
    return " ".join([f"{len(shown)} curves over {x_label}{scale}.", *said, *more, *gap, *across])


def _course(curve: Curve, points: Sequence[Point], unit: str) -> str:
    if not points:
        return f"{curve.label}: none."
    ends = [f"{wording.said(unit, point.value)} at {point.at:g}" for point in (points[0], points[-1])]
    return f"{curve.label}: {', '.join(ends[: len(points)])}."
