"""Timelines: what each task of a run did, and when, from the submission on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from bench.base import wording
from bench.report.charts import theme
from bench.report.charts.axis import axis
from bench.report.charts.drawing import EDGE, WIDTH, Drawing, Sheet

Kind = Literal["running", "failed", "waiting", "transition"]

LANES_DRAWN: Final = 40

_UNITS: Final = {"s": "seconds", "ms": "milliseconds", "us": "microseconds"}

_LEGEND, _BELOW, _NOTE, _LABELS_MOST = 30, 40, 18, 240

_KINDS: Final[dict[Kind, tuple[float, dict[str, Any]]]] = {
    "waiting": (0.16, {"facecolor": theme.SOFT, "edgecolor": theme.SOFT}),
    "transition": (0.42, {"facecolor": theme.PAPER, "edgecolor": theme.WARN, "hatch": "//////"}),
    "running": (0.72, {"facecolor": theme.GOOD, "edgecolor": theme.GOOD}),
    "failed": (0.72, {"facecolor": theme.PAPER, "edgecolor": theme.BAD, "hatch": "xxxxxx"}),
}
"""The height of a span as a share of the lane, and the look: what matters more is drawn later, and taller."""


@dataclass(frozen=True)
class Span:
    """A part of a run, in seconds from the submission."""

    start_s: float
    end_s: float
    kind: Kind


@dataclass(frozen=True)
class Lane:
    """A task, or another part of a run that has spans."""

    label: str
    spans: Sequence[Span]


def gantt(title: str, lanes: Sequence[Lane]) -> Drawing:
    """Draw a row for each lane."""
    return Drawing(title, _in_words(lanes), lambda alone: _paint(title, lanes, alone=alone))


# The picture -----------------------------------------------------------------------------------------------------------


def _paint(title: str, lanes: Sequence[Lane], *, alone: bool) -> Figure:
    shown = lanes[:LANES_DRAWN]
    pitch = 24 if len(shown) <= 16 else 17
    labels = min(max((theme.width(lane.label, theme.BODY) for lane in shown), default=0), _LABELS_MOST)
    left, height = EDGE + labels + 10, pitch * len(shown)
    width, bottom = WIDTH - EDGE - left - 8, _LEGEND + height
    note = f"The first {len(shown)} of {len(lanes)} lanes." if len(lanes) > len(shown) else ""
    sheet = Sheet(bottom + _BELOW + (_NOTE if note else 0), title, alone=alone)
    ends = [end for lane in shown for span in lane.spans for end in (span.start_s, span.end_s)]
    x = axis("s", ends or [1.0], log=False, ticks=8)
    area = sheet.area(left, _LEGEND, width, height, x=x)
    for row, lane in enumerate(shown):
        middle = _LEGEND + (row + 0.5) * pitch
        sheet.text(left - 8, middle + 4, theme.shortened(lane.label, theme.BODY, labels + 1), align="right")
        if not lane.spans:
            sheet.text(left + 2, middle + 4, "none", size=theme.SMALL, colour=theme.SOFT)
    place = left
    for kind in _kinds(shown):
        _paint_spans(area, shown, kind, pitch)
        place = _paint_legend(sheet, kind, place)
    sheet.text(left + width / 2, bottom + 34, f"{_UNITS[x.unit]} from the submission", colour=theme.SOFT, align="center")
    if note:
        sheet.text(EDGE, bottom + _BELOW + _NOTE - 6, note, size=theme.SMALL, colour=theme.SOFT)
    return sheet.figure


def _kinds(lanes: Sequence[Lane]) -> list[Kind]:
    present = {span.kind for lane in lanes for span in lane.spans}
    return [kind for kind in _KINDS if kind in present]


def _paint_spans(area: Axes, lanes: Sequence[Lane], kind: Kind, pitch: float) -> None:
    """Draw all spans of a kind as one path, with an outline that shows even the shortest."""
    share, style = _KINDS[kind]
    outlines = []
    for row, lane in enumerate(lanes):
        top, bottom = (row + 0.5 - share / 2) * pitch, (row + 0.5 + share / 2) * pitch
        for span in (span for span in lane.spans if span.kind == kind):
            start, end = span.start_s, span.end_s
            corners = [(start, top), (end, top), (end, bottom), (start, bottom), (start, top)]
            outlines.append(Path(corners, closed=True))
    area.add_artist(PathPatch(Path.make_compound_path(*outlines), linewidth=0.8, clip_on=False, **style))


def _paint_legend(sheet: Sheet, kind: Kind, left: float) -> float:
    """Paint the entry of a kind in the legend, and return where the next one goes."""
    share, style = _KINDS[kind]
    height = 18 * share
    sheet.box(left, 12 - height / 2, 24, height, linewidth=0.8, **style)
    sheet.text(left + 31, 16, kind, colour=theme.SOFT)
    return left + 31 + theme.width(kind, theme.BODY) + 20


# The words -------------------------------------------------------------------------------------------------------------


def _in_words(lanes: Sequence[Lane]) -> str:
    spans = [span for lane in lanes for span in lane.spans]
    end = max((span.end_s for span in spans), default=0.0)
    times = ", ".join(f"{kind} {wording.said('s', _time(spans, kind))}" for kind in reversed(_kinds(lanes)))
    sentences = [f"{len(lanes)} lanes over {wording.said('s', end)} from the submission; together: {times or 'nothing'}."]
    courses = [
        f"{lane.label} from {wording.said('s', work[0].start_s)} to {wording.said('s', work[-1].end_s)}"
        for lane in lanes
        if (work := [span for span in lane.spans if span.kind in {"running", "failed"}])
    ]
    if courses:
        more = f", and {len(courses) - 6} more" if len(courses) > 6 else ""
        sentences.append(f"At work: {', '.join(courses[:6])}{more}.")
    if len(lanes) > LANES_DRAWN:
        sentences.append(f"The first {LANES_DRAWN} lanes are drawn.")
    return " ".join(sentences)


def _time(spans: Sequence[Span], kind: Kind) -> float:
    return sum(span.end_s - span.start_s for span in spans if span.kind == kind)
