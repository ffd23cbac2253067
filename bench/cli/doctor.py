"""`doctor`: whether this machine can measure."""

from __future__ import annotations

import sys

import click
from rich.text import Text

from bench.base import machine
from bench.cli.console import out
from bench.plan import tools
from bench.run.environment import ToolEnvironment


@click.command()
def doctor() -> None:
    """Say whether this machine is fit, and what is missing."""
    host = machine.host()
    out.print(f"{host.cpu}, {host.cores} cores, {host.memory_gb} GB, {host.system}")
    lacks = {tool.name: list(ToolEnvironment(tool).lacks()) for tool in tools.discover().values()}
    for name in (name for name, missing in lacks.items() if not missing):
        out.print(Text.assemble(("ok", "green"), f"      {name} is installed"))
    for name, missing in lacks.items():
        for lack in missing:
            out.print(Text.assemble(("missing", "red"), f" {name}: {lack}; run `make setup`"), soft_wrap=True)
    unfit = machine.warnings()
    for each in unfit:
        out.print(Text.assemble(("warning", "yellow"), f" {each}"))
    if not unfit:
        out.print(Text.assemble(("ok", "green"), "      nothing disturbs a measurement now"))
    sys.exit(1 if any(lacks.values()) else 0)
