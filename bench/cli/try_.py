"""`try`: a first answer in three minutes; a run of the suite of that name."""

from __future__ import annotations

from typing import Any, Final

import click

from bench.cli.run import run

OPTIONS: Final = ("on", "seed", "out_dir", "strict", "dry_run", "no_mlflow")
"""The options of `run` that make sense where the suite is chosen."""


def _try(**chosen: Any) -> None:
    click.get_current_context().invoke(run, suite_name="try", **chosen)


try_ = click.Command(
    "try",
    callback=_try,
    params=[each for each in run.params if each.name in OPTIONS],
    help="A first answer in three minutes: one short task, ten in a row and ten at once, on each tool's own servers.",
)
