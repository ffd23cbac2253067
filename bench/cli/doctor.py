"""`doctor`: whether this machine can measure."""

from __future__ import annotations

import sys

import click
from rich.text import Text

from bench.base import machine
from bench.cli.console import out
from bench.plan import tools


@click.command()
def doctor() -> None:
    """Say whether this machine is fit, and what is missing."""
    host = machine.host()
    out.print(f"{host.cpu}, {host.cores} cores, {host.memory_gb} GB, {host.system}")
    known = tools.discover()
    lacking = [f"{each.name}: {lack}; run `make setup`" for each in known.values() if (lack := each.missing())]
    for name in known:
        if not any(lack.startswith(f"{name}:") for lack in lacking):
            out.print(Text.assemble(("ok", "green"), f"      {name} is installed"))
    for lack in lacking:
        out.print(Text.assemble(("missing", "red"), f" {lack}"))
    unfit = machine.warnings()
    for each in unfit:
        out.print(Text.assemble(("warning", "yellow"), f" {each}"))
    if not unfit:
        out.print(Text.assemble(("ok", "green"), "      nothing disturbs a measurement now"))
    sys.exit(1 if lacking else 0)
