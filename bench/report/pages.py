"""Pages: a template filled in, with its style and its script inside, so that one file is all there is to open."""

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
    """Return the page, in which the tools have their colours."""
    style, script = (Markup((_TEMPLATES / name).read_text()) for name in ("style.css", "script.js"))  # noqa: S704 - our own
    return _environment.get_template(template).render(style=style + tools.style, script=script, **values)
