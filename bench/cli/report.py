"""`report`: the results of a run, derived and rendered again; `run` renders a new run in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.base.problem import Problem
from bench.cli.console import err, out
from bench.derive.results import Findings
from bench.export.formats import FORMATS
from bench.export.publish import publish
from bench.store.crosscheck import fit_together
from bench.store.folder import RunFolder
from bench.store.records import RunRecord

if TYPE_CHECKING:  # it imports matplotlib, which takes long
    from bench.report.answer import Card


@click.command()
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--out", "out_dir", type=click.Path(path_type=Path), help="Where to write.  [default: the run's folder]")
def report(run_dir: Path, out_dir: Path | None) -> None:
    """Derive the results of a run again from the raw data, and render the report."""
    folder = RunFolder(run_dir)
    record = folder.run()
    if not any(folder.trials()):
        raise Problem(f"{run_dir} holds no raw data (trials/) to derive from; `orchbench show` prints what it has")
    target = RunFolder(out_dir) if out_dir else folder
    # The trials of the other run would be read with the cases of this one from then on.
    if target.holds_run() and (other := target.run()).identity != record.identity:
        raise Problem(f"{target.path} holds another run, {other.id}; give another --out")
    target.make()
    with target.locked(), fit_together(folder.path):
        render(folder, record, publish(folder, record, target), target)
    written = ("report.html", "summary.md", "charts", "results.json", "samples.csv", *(each.file for each in FORMATS))
    out.print(f"wrote {', '.join(written)} to {target.path}", soft_wrap=True)


def render(folder: RunFolder, record: RunRecord, found: Findings, target: RunFolder) -> Sequence[Card]:
    """Render the report of what was derived, and return the cards of its first screen."""
    # Imported here, because matplotlib takes long to import and most commands draw nothing.
    from bench.report import render as pages  # noqa: PLC0415
    from bench.report.facts import Facts  # noqa: PLC0415

    with err.status("drawing the report"):
        return pages.render(Facts.of(folder, record, found), folder, target).cards


def name_report(folder: RunFolder) -> None:
    """Say where the report is, if it could be drawn."""
    if (page := folder.path / "report.html").exists():
        out.print(f"report: {page}", soft_wrap=True)
