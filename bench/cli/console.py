"""Where the words of a command go: to the two consoles, or to a file that was asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bench.base.problem import Problem

WIDE = 150
"""Columns, where the output is a file or a pipe."""


def plain(**options: Any) -> Console:
    """Return a console that shows strings as they are; what is to have a style is a `rich.text.Text`.

    They hold names from runs, files and machines, in which rich would find markup, as in `a[/b]`, and emojis, as in `:x:`.
    """
    return Console(markup=False, emoji=False, highlight=False, **options)


out = plain(width=None if sys.stdout.isatty() else WIDE)
err = plain(stderr=True, width=None if sys.stderr.isatty() else WIDE)

OUTPUT = Path("-")
FILE = click.Path(dir_okay=False, path_type=Path)
FILE_OR_OUTPUT = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


def complain(what: str) -> None:
    """Say one line on the error output."""
    click.echo(f"orchbench: {' '.join(what.split())}", err=True)


def one_output(markdown: Path | None, as_json: bool) -> None:
    """Refuse to print two things at once."""
    if markdown == OUTPUT and as_json:
        raise Problem("--markdown - and --json exclude each other: only one of them can be the output")


def write(file: Path | None, content: Callable[[], str]) -> None:
    """Write what was asked for, to where it was asked for."""
    if file == OUTPUT:
        click.echo(content())
    elif file:
        file.write_text(content(), encoding="utf-8")
