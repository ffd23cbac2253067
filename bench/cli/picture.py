"""What a console has printed, as a picture that loads nothing: rich's own names fonts of a web server."""

from __future__ import annotations

from typing import Final

from bench.base.text import masked, visible
from bench.cli.console import Plain

_SVG: Final = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-title {{ font: bold 18px sans-serif; }}
.{unique_id}-matrix {{ font: {char_height}px monospace; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""The places are named by rich, which fills them, and so are the classes; it stretches each text to the width of a cell."""


def picture(console: Plain, title: str) -> str:
    """Return the SVG of what a console that records has printed."""
    return console.export_svg(title=visible(masked(title)), code_format=_SVG)
