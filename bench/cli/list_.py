"""`list`: what can be measured."""

from __future__ import annotations

import json
from typing import Any

import click
import msgspec
from rich.text import Text

from bench.cli.console import out
from bench.plan import suite, tools
from bench.plan.tools import Deployment, Tool
from bench.scenarios import SCENARIOS


@click.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="For a program to read.")
def list_(as_json: bool) -> None:
    """Say what there is: tools and their deployments, scenarios, suites."""
    known = tools.discover()
    about: dict[str, Any] = {
        "orchestrators": {
            each.name: {
                "deployments": [_about(each, deployment) for deployment in each.deployments],
                "installed": each.missing() is None,
            }
            for each in known.values()
        },
        "tiers": list(tools.TIERS),
        "scenarios": {each.name: each.question for each in SCENARIOS.values()},
        "suites": {name: suite.load(name, known).about for name in suite.available()},
    }
    if as_json:
        click.echo(json.dumps(about))
        return
    for name, each in about["orchestrators"].items():
        lack = "" if each["installed"] else "  not installed: make setup"
        out.print(Text.assemble((name, "bold"), (lack, "yellow")))
        for deployment in each["deployments"]:
            mark = "*" if deployment["default"] else " "
            out.print(f"{mark} {deployment['tier']:<8} {deployment['name']:<16} {deployment['isolation']}")
    out.print(Text("marked *: the tool's default deployment at its tier", "dim"))
    for heading in ("scenarios", "suites"):
        for name, text in about[heading].items():
            out.print(Text.assemble((f"{heading[:-1]} {name}", "bold"), f"  {text}"))


def _about(tool: Tool, deployment: Deployment) -> dict[str, Any]:
    return {**msgspec.to_builtins(deployment), "default": tool.is_default(deployment)}
