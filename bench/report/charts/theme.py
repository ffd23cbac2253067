"""The look of charts: the colours of the page, a shape for each tool, and the width of text."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.base.text import masked, visible
from bench.plan.about import Colour, Marker

_STYLE: Final = Path(__file__).parents[1] / "templates" / "style.css"

_LIGHT: Final = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", _STYLE.read_text().partition("@media")[0]))

# Charts are drawn in light colours. The page replaces each of them by a variable, which is dark for readers who prefer
# dark pages.
PAPER, INK, SOFT, GRID = (_LIGHT[name] for name in ("paper", "ink", "soft", "grid"))
GOOD, BAD, WARN = (_LIGHT[name] for name in ("good", "bad", "warn"))

_OF_THE_PAGE: Final = {_LIGHT[name]: name for name in ("paper", "ink", "soft", "grid", "good", "bad", "warn")}

TITLE, HEADING, BODY, SMALL = 14.0, 11.5, 11.0, 10.0
"""Sizes of text, in pixels of a drawing that is 800 wide."""


@dataclass(frozen=True)
class Shape:
    """The symbol of a marker in matplotlib, and the width at which all markers look equally large."""

    symbol: str
    size: float


_SHAPES: Final[dict[Marker, Shape]] = {
    "circle": Shape("o", 9.0),
    "square": Shape("s", 8.0),
    "diamond": Shape("D", 7.5),
    "triangle": Shape("^", 9.0),
    "cross": Shape("X", 9.0),
    "wedge": Shape("v", 9.0),
    "pentagon": Shape("p", 9.5),
    "plus": Shape("P", 9.0),
}


@dataclass(frozen=True)
class Look:
    """The look of the marks of a tool: a reader can tell tools apart without colours, too."""

    colour: Colour
    marker: Marker

    @property
    def shape(self) -> Shape:
        """The shape of the marker."""
        return _SHAPES[self.marker]


def variable(colour: str) -> str:
    """Return the variable of the page for a colour of the drawing."""
    return f"--{_OF_THE_PAGE.get(colour, f'tool-{colour[1:]}')}"


def palette(colours: Iterable[Colour]) -> str:
    """Return the definitions of the variables for the colours of the tools, light and dark; the page defines its own."""
    dark_of = {each.light: each.dark for each in colours if each.light not in _OF_THE_PAGE}
    light = " ".join(f"{variable(colour)}: {colour};" for colour in dark_of)
    dark = " ".join(f"{variable(colour)}: {dark};" for colour, dark in dark_of.items())
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"


# Text ------------------------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Return the text in one line, without what XML forbids; names come from anywhere."""
    return visible(masked(re.sub(r"[\t\r\n]", " ", text)))


def width(text: str, size: float) -> float:
    """Return the largest width that a line may take: nobody knows which font the browser will use."""
    return size * sum(1.0 if unicodedata.east_asian_width(each) in "WF" else 0.6 for each in text)


def shortened(text: str, size: float, room: float) -> str:
    """Return as much of the text as fits."""
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text + "…"


def wrapped(text: str, size: float, room: float, most: int) -> list[str]:
    """Break the text into at most `most` lines, and shorten the last one if there is more."""
    lines = textwrap.wrap(text, max(4, int(room / width("x", size))))
    return lines if len(lines) <= most else [*lines[: most - 1], shortened(" ".join(lines[most - 1 :]), size, room)]
