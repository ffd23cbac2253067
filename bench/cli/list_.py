"""`list`: what can be measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import click
from rich.text import Text

from bench.cli.console import document, out
from bench.plan import suite, tools
from bench.plan.tools import Tool
from bench.scenarios import SCENARIOS


@click.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="For a program to read.")
def list_(as_json: bool) -> None:
    """Say what there is: tools and their deployments, scenarios, suites."""
    known = tools.discover()
    suites = {name: suite.load(name, known).about for name in suite.available()}
    if as_json:
        document(_document(known, suites))
        return
    for tool in known.values():
        lack = "  not installed: make setup" if tool.missing() else ""
        out.print(Text.assemble((tool.name, "bold"), (lack, "yellow")))
        for each in tool.deployments:
            mark = "*" if tool.is_default(each) else " "
            out.print(f"{mark} {each.tier:<8} {each.name:<16} {each.isolation}")
    out.print(Text("marked *: the tool's default deployment at the tier", "dim"))
    for scenario in SCENARIOS.values():
        out.print(Text.assemble((f"scenario {scenario.name}", "bold"), f"  {scenario.question}"))
    for name, about in suites.items():
        out.print(Text.assemble((f"suite {name}", "bold"), f"  {about}"))


def _document(known: Mapping[str, Tool], suites: Mapping[str, str]) -> Mapping[str, object]:
    return {
        "orchestrators": {
            tool.name: {
                "deployments": [{**asdict(each), "default": tool.is_default(each)} for each in tool.deployments],
                "installed": tool.missing() is None,
            }
            for tool in known.values()
        },
        "tiers": list(tools.TIERS),
        "scenarios": {each.name: each.question for each in SCENARIOS.values()},
        "suites": suites,
    }
