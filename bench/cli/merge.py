"""`merge`: one run folder of several parts, each of which was measured in a sitting of its own."""

from __future__ import annotations

import os
from pathlib import Path

import click

from bench.base.problem import Problem
from bench.base.signals import raised
from bench.cli.console import out
from bench.cli.report import name_report, render
from bench.export.publish import publish
from bench.store import merging
from bench.store.crosscheck import fit_together
from bench.store.folder import RunFolder


@click.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", "out_dir", required=True, type=click.Path(path_type=Path), help="The merged run's folder, a new one.")
@click.option("--allow-dirty", is_flag=True, help="Merge runs that were measured with changes that no commit has.")
def merge(runs: tuple[Path, ...], out_dir: Path, allow_dirty: bool) -> None:
    """Make one run folder of several runs: of one commit, with the same versions and settings.

    Each part keeps its machine and its seed. Numbers are not made of two parts, and ratios do not cross them.
    """
    if os.path.lexists(out_dir):
        raise Problem(f"{out_dir} is there already; give another --out")
    folder = RunFolder(out_dir)
    record = merging.merged(runs, out_dir.resolve().name, allow_dirty=allow_dirty)
    with raised("nothing was written"), folder.whole() as whole, fit_together(*runs):
        merging.gather(runs, record, whole)
        render(whole, record, publish(whole, record), whole)
    out.print(f"merged {len(runs)} runs, {record.trials_planned} trials planned, to {out_dir}", soft_wrap=True)
    name_report(folder)
