"""`trend`: many runs, and how their numbers went."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli.console import FILE, FILE_OR_OUTPUT, OUTPUT, document, err, one_output, out, write
from bench.compare import history
from bench.report import terminal
from bench.store import finding


@click.command()
@click.argument("run_dirs", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", "page", type=FILE, help="Write it as a page, with a chart of each number.")
@click.option("--markdown", type=FILE_OR_OUTPUT, help="Write it as Markdown (-: to the output).")
@click.option("--json", "as_json", is_flag=True, help="Print it for a program to read.")
def trend(run_dirs: tuple[Path, ...], page: Path | None, markdown: Path | None, as_json: bool) -> None:
    """Show how the headline numbers went over many runs: folders of runs, or folders that hold such folders at any depth."""
    one_output(markdown, as_json)
    folders, without = finding.find(run_dirs)
    for each in without:
        err.print(f"left out: {each} has no results.json", style="yellow", soft_wrap=True)
    changes = history.trend(folders)
    if markdown or page:
        from bench.report import trends as rendered  # noqa: PLC0415 - as in report.py

        write(markdown, lambda: rendered.markdown(changes))
        write(page, lambda: rendered.html(changes))
    if as_json:
        document(changes.document())
    elif markdown != OUTPUT:
        terminal.show_trend(out, changes)
