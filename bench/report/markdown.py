"""Text and tables in Markdown, in which whatever a name holds is shown as it is."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import Final

from bench.base.text import masked, visible

_MARKS: Final = re.compile(r"[\\`*_{}\[\]+!|~#$]")

_BLOCK: Final = re.compile(r"^(|\d{1,9})([-.)])(?=[- ]|$)")
"""What makes a list or a line of a text that begins a block."""

_LIVE: Final = re.compile(
    r"@(?=\w)|#(?=\d)|\bGH-(?=\d)|www(?=\.)|:(?=//)|:(?=[a-z\\][\w+\\-]*:)",
    re.IGNORECASE,
)
"""The beginnings of what GitHub looks for in text: mentions, issues, URLs and emojis."""


def text(value: object) -> str:
    """Return what Markdown shows as it is, also in the cell of a table."""
    return _broken(_BLOCK.sub(r"\1\\\2", _MARKS.sub(r"\\\g<0>", _html(value))))


def fold(title: object) -> Iterator[str]:
    """Yield the lines that begin what is folded away; its title is HTML, in which a backslash would be one."""
    yield f"<details><summary>{_broken(_html(title))}</summary>"
    yield ""


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table, whose cells are Markdown already."""
    yield f"| {' | '.join(heading)} |"
    yield f"|{'---|' * len(heading)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _html(value: object) -> str:
    return html.escape(visible(masked(" ".join(str(value).split()))), quote=False)


def _broken(text: str) -> str:
    """Break what GitHub would look for by a comment, which no reader sees.

    It looks when the Markdown is HTML already: for a backslash or an entity it is too late.
    """
    return _LIVE.sub(r"\g<0><!-- -->", text)
