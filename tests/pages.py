"""A page as those take it who read it: a browser HTML, and GitHub Markdown."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

from markdown_it import MarkdownIt

HOSTILE = (
    "a|b`c` <img src=x onerror=alert(1)> [d](http://e.example) *f* & \\| "
    "@octocat o@e.example acme/o#1 GH-1 www.e.example :tada: $x$"
)
"""A name that must be shown as it is."""

STEERING: Final = "\0\x1b[2J\x07\x7f\x9b2J\u202eforged\u202c\u2066forged\u2069\u2028\u200eforged\u200b\u061c\ufffe"
"""Hides what is beside it or turns its direction, in a terminal, in an editor or on a page."""

OBEYED: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufffe\uffff]")
"""Everything of the kind but the ends of our own lines."""

LIVE: Final = re.compile(r"@\w|#\d|\bGH-\d|://|\bwww\.|:[a-z][\w+-]*:", re.IGNORECASE)
"""What GitHub looks for in the text of a page that was Markdown, to make a mention, a link or an emoji of it."""


class Page(HTMLParser):
    """What a browser would make of it: its elements, the cells of its tables, its numbers and its text."""

    def __init__(self, text: str) -> None:
        """Read it."""
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.numbers: list[tuple[dict[str, str], str]] = []
        self.text = ""
        self.live: list[str] = []
        self._in_number = False
        self.feed(str(text))  # of Markup, the parser would escape what it joins
        self.close()

    @property
    def tags(self) -> list[str]:
        """What its elements are."""
        return [tag for tag, _ in self.elements]

    @property
    def values(self) -> list[float]:
        """Its numbers, to the last digit."""
        return [float(attributes["value"] or "nan") for attributes, _ in self.numbers]

    @property
    def links(self) -> list[str]:
        """Where it leads, and what it fetches."""
        return [found[name] or "" for _, found in self.elements for name in ("href", "src") if name in found]

    # What HTMLParser calls:

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element."""
        self.elements.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
        elif tag == "data":
            self._in_number = True
            self.numbers.append(({name: value or "" for name, value in attrs}, ""))

    def handle_endtag(self, tag: str) -> None:
        """Leave a number."""
        if tag == "data":
            self._in_number = False

    def handle_data(self, data: str) -> None:
        """Take a text."""
        self.text += data
        self.live += LIVE.findall(data)
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip("\n")
        if self._in_number:
            attributes, text = self.numbers[-1]
            self.numbers[-1] = attributes, text + data


def rendered(text: str) -> Page:
    """Return what GitHub makes of Markdown."""
    return Page(MarkdownIt("commonmark").enable("table").render(text))
