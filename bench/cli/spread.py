"""`spread`: runs of one commit, and how far their numbers lie apart."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from bench.base import wording
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
    table = Table("tool", "tier", "metric", "numbers", "noise floor")
    for each in found.floors:
        table.add_row(each.orchestrator, each.tier, each.metric, str(each.numbers), f"{each.floor:.1%}")
    out.print(table)
    host, told = found.host, found.told
    out.print(f"Measured on {host.cpu}, {wording.counted(host.cores, 'core')}. On another machine a floor is a guess.")
    out.print(f"Of {told.compared} comparisons of a number with itself:")
    out.print(f"  {told.by_interval} are told apart by their interval alone ({told.by_interval / told.compared:.1%})")
    out.print(f"  {told.beyond} lie beyond the floor ({told.beyond / told.compared:.1%})")
    if told.compared_held_out:
        share = told.beyond_held_out / told.compared_held_out
        out.print(
            f"With a run held out in turn, {told.beyond_held_out} of {told.compared_held_out} lie beyond the floor"
            f" of the others ({share:.1%})"
        )
