"""`doctor`: whether this machine can measure."""

from __future__ import annotations

import sys

import click

from bench import machine, orchestrators
from bench.cli.console import out


@click.command()
def doctor() -> None:
    """Say whether this machine is fit, and what is missing."""
    host = machine.host()
    out.print(f"{host['cpu']}, {host['cores']} cores, {host['memory_gb']} GB, {host['system']}", highlight=False)
    known = orchestrators.discover()
    lacking = [f"{each.name}: {lack}; run `make setup`" for each in known.values() if (lack := each.missing())]
    for name in known:
        if not any(lack.startswith(f"{name}:") for lack in lacking):
            out.print(f"[green]ok[/]      {name} is installed")
    for lack in lacking:
        out.print(f"[red]missing[/] {lack}", highlight=False)
    unfit = machine.warnings()
    for each in unfit:
        out.print(f"[yellow]warning[/] {each}", highlight=False)
    if not unfit:
        out.print("[green]ok[/]      nothing disturbs a measurement now")
    sys.exit(1 if lacking else 0)
