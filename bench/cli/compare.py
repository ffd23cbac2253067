"""`compare`: two runs, and an exit code for CI."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click
from rich.text import Text

from bench.base.problem import Problem
from bench.cli.console import FILE, FILE_OR_OUTPUT, OUTPUT, document, err, one_output, out, write
from bench.compare import comparison
from bench.compare.comparison import Comparison
from bench.report import terminal
from bench.store.crosscheck import fit_together
from bench.store.folder import RunFolder

FAIL_OVER = click.option("--fail-over", default="10%", show_default=True, help="A slow-down within this is let pass.")


@click.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@FAIL_OVER
@click.option("--anyway", is_flag=True, help="Compare even what is not comparable.")
@click.option("--markdown", type=FILE_OR_OUTPUT, help="Write it as Markdown, for a job's summary (-: to the output).")
@click.option("--html", type=FILE, help="Write it as a page.")
@click.option("--json", "as_json", is_flag=True, help="Print it for a program to read.")
def compare(
    before: Path, after: Path, fail_over: str, anyway: bool, markdown: Path | None, html: Path | None, as_json: bool
) -> None:
    """Compare two runs: exit code 0 for no regression, 1 for one, 2 where they cannot be compared."""
    one_output(markdown, as_json)
    within = fraction(fail_over)
    with fit_together(before, after):
        compared = comparison.compare(RunFolder(before), RunFolder(after), within, anyway=anyway)
        say(compared, (before, after), markdown, html, as_json=as_json)


def say(
    compared: Comparison, runs: Sequence[Path], markdown: Path | None, html: Path | None, *, as_json: bool = False
) -> NoReturn:
    """Say how the two runs compare, in all the ways that are wanted, and end with the exit code."""
    if markdown or html:
        from bench.report import comparison as rendered  # noqa: PLC0415 - as in report.py

        write(markdown, lambda: rendered.markdown(compared))
        write(html, lambda: rendered.html(compared))
    if as_json:
        document(compared.document())
    elif compared.is_made and markdown != OUTPUT:
        for each in compared.differences:
            err.print(Text.assemble(("differs:", "yellow"), f" {each.said}"), soft_wrap=True)
        terminal.show_comparison(out, compared)
    if compared.exit_code == 2:
        raise Problem(f"{runs[0]} and {runs[1]} are not comparable: {compared.because}")
    sys.exit(compared.exit_code)


def fraction(text: str) -> float:
    """Read `10%` or `0.1`."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value < 100:
        raise Problem(f"--fail-over {text}: give a share such as 10% or 0.1")
    return value
