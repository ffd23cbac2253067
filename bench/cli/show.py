"""`show`: the summary of a run, in the terminal."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli.console import FILE, WIDE, Plain, document, out, write
from bench.cli.picture import picture
from bench.report import terminal
from bench.store.folder import RunFolder


@click.command()
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print results.json as it is.")
@click.option("--svg", type=FILE, help="Also draw what is printed as a picture.")
def show(run_dir: Path, as_json: bool, svg: Path | None) -> None:
    """Print the summary of a run."""
    folder = RunFolder(run_dir)
    record, results = folder.run(), folder.results()
    if as_json:
        document(results.document())
        return
    console = Plain(record=True, width=WIDE) if svg else out
    terminal.show(console, record, results)
    write(svg, lambda: picture(console, f"orchbench show {record.id}"))
