"""How charts look: the page's colours, a shape for each tool, and the room that text takes."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.plan.about import Colour, Marker

_STYLE: Final = Path(__file__).parents[1] / "templates" / "style.css"

_LIGHT: Final = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", _STYLE.read_text().partition("@media")[0]))

# Charts are drawn in light colours. In the page each of them is then replaced by a variable, which is dark where the reader
# likes it dark.
PAPER, INK, SOFT, GRID = (_LIGHT[name] for name in ("paper", "ink", "soft", "grid"))
GOOD, BAD, WARN = (_LIGHT[name] for name in ("good", "bad", "warn"))

_OF_THE_PAGE: Final = {_LIGHT[name]: name for name in ("paper", "ink", "soft", "grid", "good", "bad", "warn")}

TITLE, HEADING, BODY, SMALL = 14.0, 11.5, 11.0, 10.0
"""Sizes of text, in pixels of a drawing that is 800 wide."""


@dataclass(frozen=True)
class Shape:
    """What matplotlib calls a marker, and how wide the marker is drawn so that its area looks like the others'."""

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
    """How the marks of a tool look: told apart by colour, and without it."""

    colour: Colour
    marker: Marker

    @property
    def shape(self) -> Shape:
        """The marker as it is drawn."""
        return _SHAPES[self.marker]


def variable(colour: str) -> str:
    """Return the page's variable for a colour in which something was drawn."""
    return f"--{_OF_THE_PAGE.get(colour, f'tool-{colour[1:]}')}"


def palette(colours: Iterable[Colour]) -> str:
    """Return the definitions of the variables for the tools' colours, in light and in dark, but not of the page's own."""
    dark_of = {each.light: each.dark for each in colours if each.light not in _OF_THE_PAGE}
    light = " ".join(f"{variable(colour)}: {colour};" for colour in dark_of)
    dark = " ".join(f"{variable(colour)}: {dark};" for colour, dark in dark_of.items())
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"


# Text ------------------------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Return the text without what no XML may hold; names come from anywhere."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "\ufffd", re.sub(r"[\t\r\n]", " ", text))


def width(text: str, size: float) -> float:
    """Return the room that a line takes at most: which font the reader's browser will use is not known."""
    return size * sum(1.0 if unicodedata.east_asian_width(each) in "WF" else 0.6 for each in text)


def shortened(text: str, size: float, room: float) -> str:
    """Return as much of the text as fits."""
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text + "…"


def wrapped(text: str, size: float, room: float, most: int) -> list[str]:
    """Break the text into lines, and shorten what is more than so many."""
    lines = textwrap.wrap(text, max(4, int(room / width("x", size))))
    return lines if len(lines) <= most else [*lines[: most - 1], shortened(" ".join(lines[most - 1 :]), size, room)]
