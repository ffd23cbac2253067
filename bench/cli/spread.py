"""`spread`: runs of one commit, and how far their numbers lie apart."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from bench.cli.console import FILE, document, out, write
from bench.compare import spread as spreads
from bench.store.folder import RunFolder


@click.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", "file", type=FILE, help="Write the floors as TOML, as reports/floor.toml has them.")
@click.option("--json", "as_json", is_flag=True, help="Print it for a program to read.")
def spread(runs: tuple[Path, ...], file: Path | None, as_json: bool) -> None:
    """Say how far re-runs of one commit lie apart: what is less is noise, whatever an interval says."""
    found = spreads.spread([RunFolder(run) for run in runs])
    write(file, lambda: spreads.toml(found))
    if as_json:
        document(found.document())
        return
    table = Table("tool", "tier", "numbers", "noise floor")
    for each in found.floors:
        table.add_row(each.orchestrator, each.tier, str(each.numbers), f"{each.floor:.1%}")
    out.print(table)
    share = found.told_apart / found.compared
    out.print(f"{found.told_apart} of {found.compared} comparisons of a number with itself are told apart ({share:.1%})")
