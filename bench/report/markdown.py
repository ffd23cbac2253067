"""Text and tables in Markdown, in which whatever a name holds is shown as it is."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence


def text(value: object) -> str:
    """Return what Markdown shows as it is, also in the cell of a table."""
    flat = html.escape(" ".join(str(value).split()), quote=False)
    return re.sub(r"([\\`*_{}\[\]+!|~])", r"\\\1", flat)


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table, whose cells are Markdown already."""
    yield f"| {' | '.join(heading)} |"
    yield f"|{'---|' * len(heading)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
