"""Pages: a filled template with style and script inside, so that there is a single file to open.

Names come from workload files, from folders and from other people's machines: whatever is not Markup is text, and nothing
in it hides what follows or turns its direction. What would be obeyed all the same, the page's own policy forbids.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bench.base.text import masked, visible
from bench.report.highlighting import highlighted
from bench.report.tools import Tools

_TEMPLATES: Final = Path(__file__).with_name("templates")


def _text(value: object) -> str:
    """Return what a template shows of a value."""
    return value if isinstance(value, Markup) else visible(masked(str(value)), lines=True)


_environment = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=_text,
)
_environment.filters["highlighted"] = highlighted


def page(template: str, tools: Tools, **values: Any) -> str:
    """Return the page, with a colour for each tool."""
    style, script = (Markup((_TEMPLATES / name).read_text(encoding="utf-8")) for name in ("style.css", "script.js"))  # noqa: S704 - our own
    style += tools.style
    return _environment.get_template(template).render(style=style, script=script, policy=_policy(style, script), **values)


def _policy(style: str, script: str) -> str:
    """Return what the page may do: apply its style, run its script, and fetch nothing."""
    rules = {
        "default-src": "'none'",
        "script-src": _digest(script),
        "style-src": "'unsafe-inline'",  # for browsers that do not know the next two
        "style-src-elem": _digest(style),
        "style-src-attr": "'unsafe-inline'",  # the marks of a chart name variables of the style, which only a style can
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
