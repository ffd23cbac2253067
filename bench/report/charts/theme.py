"""How charts look: the page's colours, a shape for each tool, and the room that text takes."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_STYLE: Final = Path(__file__).parents[1] / "templates" / "style.css"

_LIGHT: Final = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", _STYLE.read_text().partition("@media")[0]))

# Charts are drawn in the page's light colours. In the page, each of them is then replaced by its variable, which is dark
# where the reader likes it dark; so no two of these may be the same.
PAPER, INK, SOFT, GRID = (_LIGHT[name] for name in ("paper", "ink", "soft", "grid"))
GOOD, BAD, WARN = (_LIGHT[name] for name in ("good", "bad", "warn"))

TITLE, HEADING, BODY, SMALL = 14.0, 11.5, 11.0, 10.0
"""Sizes of text, in pixels of a drawing that is 800 wide."""


@dataclass(frozen=True)
class Look:
    """How the marks of a tool look: told apart by colour, and without it."""

    colour: str
    shape: str
    size: float
    """The shapes' areas look equal, their widths do not."""


_LOOKS: Final = {
    "airflow": Look(_LIGHT["airflow"], "o", 9.0),
    "prefect": Look(_LIGHT["prefect"], "s", 8.0),
    "dagster": Look(_LIGHT["dagster"], "D", 7.5),
    "plain": Look(_LIGHT["plain"], "^", 9.0),
}
_OTHER: Final = Look(_LIGHT["other"], "X", 9.0)

VARIABLES: Final = {
    _LIGHT[name]: f"var(--{name})" for name in ("paper", "ink", "soft", "grid", "good", "bad", "warn", *_LOOKS, "other")
}


def look(tool: str) -> Look:
    """Return how the tool's marks look."""
    return _LOOKS.get(tool, _OTHER)


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
