"""Pages: a filled template with style and script inside, so that there is a single file to open."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bench.report.highlighting import highlighted
from bench.report.tools import Tools

_TEMPLATES: Final = Path(__file__).with_name("templates")

# Names come from workload files, from folders and from other people's machines: whatever is not Markup is text.
_environment = Environment(
    loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_environment.filters["highlighted"] = highlighted


def page(template: str, tools: Tools, **values: Any) -> str:
    """Return the page, with a colour for each tool."""
    style, script = (Markup((_TEMPLATES / name).read_text()) for name in ("style.css", "script.js"))  # noqa: S704 - our own
    return _environment.get_template(template).render(style=style + tools.style, script=script, **values)
