"""Where the words of a command go: to the two consoles, or to a file that was asked for.

They hold names from runs, files and machines, perhaps a stranger's. Nothing goes to a terminal but through here.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console, ConsoleOptions, RenderableType
from rich.protocol import rich_cast
from rich.segment import Segment
from rich.text import Text

from bench.base import files
from bench.base.problem import Problem
from bench.base.text import masked, visible

WIDE = 150
"""Columns, where the output is a file or a pipe."""


class Plain(Console):
    """A console that shows text as it is: styles are those of a `rich.text.Text`, and lines those of a `Group`.

    Rich would find markup in a name, as in `a[/b]`, and emojis, as in `:x:`; a terminal would obey what is in it, and a line
    break in it would begin a line that looks like one of ours.
    """

    def __init__(self, **options: Any) -> None:
        """Take the options of rich's console."""
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render it; all text, be it in a table or in a bar, comes by here before it is cut into lines."""
        renderable = rich_cast(renderable)
        if isinstance(renderable, str):
            renderable = self.render_str(renderable)
        return super().render(self._shown(renderable) if isinstance(renderable, Text) else renderable, options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Make a text of a string; the columns of a table are measured by it."""
        return self._shown(super().render_str(text, **options))

    def _shown(self, text: Text) -> Text:
        shown = visible(masked(text.plain), encoding=self.encoding)
        if shown != text.plain:
            text = text.copy()
            text.plain = shown
        return text


out = Plain(width=None if sys.stdout.isatty() else WIDE)
err = Plain(stderr=True, width=None if sys.stderr.isatty() else WIDE)


def lossless() -> None:
    """Let the two outputs escape what their encoding lacks, in text that does not come by here, such as a command's help."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


OUTPUT = Path("-")
FILE = click.Path(dir_okay=False, path_type=Path)
FILE_OR_OUTPUT = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


def complain(what: str) -> None:
    """Say one line on the error output."""
    echo(f"orchbench: {' '.join(masked(what).split())}", err=True)


def misuse(error: click.ClickException) -> None:
    """Say on the error output what click says of it: the usage, and a hint."""
    said = io.StringIO()
    error.show(said)
    echo(said.getvalue().rstrip("\n"), err=True)


def echo(text: str, *, err: bool = False) -> None:
    """Print lines as they are, but for what would steer a terminal."""
    stream = sys.stderr if err else sys.stdout
    click.echo(visible(text, encoding=stream.encoding or "utf-8", lines=True), err=err)


def document(value: Any, *, indent: int | None = None) -> None:
    """Print JSON, for a program to read."""
    # Of what steers a terminal, JSON in ASCII leaves this one character as it is.
    click.echo(json.dumps(value, indent=indent).replace("\x7f", "\\u007f"))


def one_output(markdown: Path | None, as_json: bool) -> None:
    """Refuse to print two things at once."""
    if markdown == OUTPUT and as_json:
        raise Problem("--markdown - and --json exclude each other: only one of them can be the output")


def write(file: Path | None, content: Callable[[], str]) -> None:
    """Write what was asked for, to where it was asked for."""
    if file == OUTPUT:
        echo(content())
    elif file:
        files.write(file, content().encode())
