"""A drawing: painted with matplotlib, then cleaned up for a page or for files."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal
from xml.etree import ElementTree as ET

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.axis import Axis as Side
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator
from matplotlib.transforms import Affine2D

from bench.report.charts import theme
from bench.report.charts.axis import Axis

WIDTH: Final = 800
EDGE: Final = 8

_UNITS_AN_INCH: Final = 72
"""The units of matplotlib's SVG: with as many dots an inch, a point is a pixel, the measure of everything here."""

_KEY: Final = "key:"
"""Begins the ids that a chart gives; others are matplotlib's."""

_TITLE_HEIGHT: Final = 30

_DRAWN_BY: Final = {
    *("axes", "figure", "font", "grid", "hatch", "lines", "markers", "patch", "path", "savefig", "svg", "text"),
    *("xaxis", "xtick", "yaxis", "ytick"),
}

# A matplotlibrc of the reader has no effect: the same data gives the same bytes everywhere.
_SETTINGS: Final = {
    **{name: value for name, value in mpl.rcParamsDefault.items() if name.partition(".")[0] in _DRAWN_BY},
    "path.simplify": False,  # each point is shown
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "orchbench",
    "text.parse_math": False,  # a dollar in a name is a dollar
}


@contextmanager
def _settings() -> Iterator[None]:
    with warnings.catch_warnings(), mpl.rc_context(_SETTINGS):
        warnings.filterwarnings("ignore", message="Glyph")  # the reader's own fonts have what DejaVu Sans lacks
        yield


class Sheet:
    """What a chart is painted on, measured in pixels from the top left; only a file shows the title."""

    def __init__(self, height: float, title: str, *, alone: bool) -> None:
        """Make a sheet of the height, with room for the title if it stands alone."""
        self._above = _TITLE_HEIGHT if alone else 0
        self._height = height + self._above
        self.figure = Figure(figsize=(WIDTH / _UNITS_AN_INCH, self._height / _UNITS_AN_INCH), dpi=_UNITS_AN_INCH)
        self.figure.patch.set(visible=alone, facecolor=theme.PAPER)
        down = Affine2D().translate(0, self._above).scale(1 / WIDTH, -1 / self._height).translate(0, 1)
        self._pixels = down + self.figure.transFigure
        if alone:
            fitting = theme.shortened(theme.plain(title), theme.TITLE, WIDTH - 2 * EDGE)
            self.text(EDGE, 20 - self._above, fitting, size=theme.TITLE, bold=True)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = theme.BODY,
        colour: str = theme.INK,
        align: Literal["left", "center", "right"] = "left",
        bold: bool = False,
    ) -> None:
        """Write a line of text on the baseline y."""
        style: dict[str, Any] = {"fontsize": size, "color": colour, "fontweight": "bold" if bold else "normal"}
        self.figure.text(x, y, theme.plain(text), transform=self._pixels, ha=align, va="baseline", **style)

    def line(self, xs: Sequence[float], ys: Sequence[float], **style: Any) -> None:
        """Draw a line, or a marker."""
        self.figure.add_artist(Line2D(xs, ys, transform=self._pixels, **style))

    def box(self, left: float, top: float, width: float, height: float, **style: Any) -> None:
        """Draw a rectangle."""
        self.figure.add_artist(Rectangle((left, top), width, height, transform=self._pixels, **style))

    def area(self, left: float, top: float, width: float, height: float, *, x: Axis, y: Axis | None = None) -> Axes:
        """Return axes that fill the rectangle; without an axis for y, heights are pixels from the top of it."""
        across, down = width / WIDTH, height / self._height
        area = self.figure.add_axes((left / WIDTH, 1 - (self._above + top) / self._height - down, across, down))
        area.patch.set_visible(False)
        area.spines[:].set_visible(False)
        area.set_axisbelow(True)
        area.tick_params(length=0, pad=5, labelsize=theme.SMALL, labelcolor=theme.SOFT)
        area.grid(visible=True, axis="both" if y else "x", color=theme.GRID, linewidth=1, clip_on=False)
        area.set(xscale="log" if x.log else "linear", xlim=(x.low, x.high))
        _label(area.xaxis, x)
        if y:
            area.set(yscale="log" if y.log else "linear", ylim=(y.low, y.high))
            _label(area.yaxis, y)
        else:
            area.set_ylim(height or 1, 0)
            area.yaxis.set_visible(False)
        return area


def _label(side: Side, axis: Axis) -> None:
    side.set_major_locator(FixedLocator(list(axis.ticks)))
    side.set_major_formatter(FixedFormatter(list(axis.ticks.values())))
    side.set_minor_locator(NullLocator())


def keyed(key: str) -> str:
    """Return the gid for a mark whose id in the SVG is to be the key."""
    return _KEY + theme.plain(key)


@dataclass(frozen=True)
class Drawing:
    """A chart, and a description for readers who cannot see it."""

    title: str
    alt: str
    paint: Callable[[bool], Figure] = field(repr=False)
    """Paints the figure, given whether it stands alone. A painted figure takes megabytes, so none is kept."""

    @cached_property
    def svg(self) -> Markup:
        """The chart with the colours, the font and the width of the page."""
        root = self._element(alone=False, colour=lambda light: f"var({theme.variable(light)})")
        return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - names went through ElementTree as text

    def files(self) -> Mapping[str, bytes]:
        """Return the chart in light colours by file ending: a vector file, and a picture that is twice as wide."""
        root = self._element(alone=True, colour=str)
        *_, width, height = root.attrib["viewBox"].split()
        root.attrib |= {"width": width, "height": height, "font-family": "sans-serif"}
        picture = io.BytesIO()
        with _settings():
            self.paint(True).savefig(picture, format="png", dpi=2 * _UNITS_AN_INCH, metadata={"Software": None})
        return {"svg": ET.tostring(root, encoding="unicode").encode(), "png": picture.getvalue()}

    def _element(self, *, alone: bool, colour: Callable[[str], str]) -> ET.Element:
        with _settings():
            text = io.StringIO()
            self.paint(alone).savefig(text, format="svg", metadata={"Date": None})
        title, alt = theme.plain(self.title), theme.plain(self.alt)
        name = "c" + hashlib.sha256(f"{title}\0{alt}\0{text.getvalue()}".encode()).hexdigest()[:10]
        root = ET.fromstring(text.getvalue())  # noqa: S314 - matplotlib wrote it
        box = root.attrib["viewBox"]
        _clean(root, name, colour)
        for place, (tag, words) in enumerate((("title", title), ("desc", alt))):
            child = ET.Element(tag, {"id": f"{name}-{tag}"})
            child.text = words
            root.insert(place, child)
        root.attrib = {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": _rounded(box),
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-desc",
            "stroke-linejoin": "round",
        }
        return root


# What matplotlib writes, made fit for a page that holds many drawings ----------------------------------------------------


def _clean(node: ET.Element, name: str, colour: Callable[[str], str]) -> None:
    """Remove what a page has no use for, and rename what another drawing may have too."""
    node.tag, node.tail = _local(node.tag), None
    if node.tag != "text":
        node.text = None
    # A style would apply to the whole page.
    children = [child for child in node if _local(child.tag) not in {"metadata", "style"}]
    for child in children:
        _clean(child, name, colour)
    node[:] = [each for child in children for each in (child if child.tag == "g" and not child.attrib else [child])]
    kept = {_local(attribute): value for attribute, value in node.attrib.items()}
    identity, reference = kept.pop("id", ""), kept.pop("href", "")
    if kept.get("transform", "").startswith("rotate(-0 "):
        del kept["transform"]
    node.attrib = {key: _fit(value, name, colour) for key, value in kept.items()}
    if "d" in kept:
        node.set("d", _compact(node.attrib["d"]))
    if identity.startswith(_KEY):
        node.set("id", identity.removeprefix(_KEY))
    elif identity and node.tag != "g":
        node.set("id", f"{name}-{identity}")
    if reference:
        node.set("href", f"#{name}-{reference.removeprefix('#')}")


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _fit(value: str, name: str, colour: Callable[[str], str]) -> str:
    value = re.sub(r"#[0-9a-f]{6}\b", lambda found: colour(found[0]), value)
    value = re.sub(r"font-family: [^;]*;? ?", "", value)  # the page has its own
    return _rounded(value).replace("url(#", f"url(#{name}-")


def _compact(path: str) -> str:
    """Write the path in few characters; a line from a place to the same place is a dot, of which there may be thousands."""
    path = re.sub(r"\s*([A-Za-z])\s*", r"\1", path)
    return re.sub(r"M([^A-Za-z]+)L\1(?=M|$)", r"M\1h0", path.strip())


def _rounded(value: str) -> str:
    return re.sub(r"-?\d+\.\d{2,}", lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), value)
