"""`list`: what can be measured, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

import click
from rich.text import Text

from bench.base.problem import Problem
from bench.base.wording import roughly
from bench.cli.console import document, out
from bench.cli.explained import explained
from bench.plan import planning, suite, tools
from bench.plan.suite import Suite
from bench.plan.tools import Tool
from bench.run import forecast
from bench.run.forecast import Forecast, Pace
from bench.scenarios import SCENARIOS


@click.command(name="list")
@click.option("--cases", is_flag=True, help="Say what each case of each scenario is, such as chain_10.")
@click.option("--json", "as_json", is_flag=True, help="For a program to read.")
def list_(cases: bool, as_json: bool) -> None:
    """Say what there is: tools and their deployments, scenarios, suites."""
    known = tools.discover()
    suites = [suite.load(name, known) for name in suite.available()]
    if as_json:
        document(_document(known, suites))
    elif cases:
        _show_cases()
    else:
        _show(known, suites)


def _show(known: Mapping[str, Tool], suites: Iterable[Suite]) -> None:
    for tool in known.values():
        lack = "  not installed: make setup" if tool.missing() else ""
        out.print(Text.assemble((tool.name, "bold"), (lack, "yellow")))
        for each in tool.deployments:
            mark = "*" if tool.is_default(each) else " "
            out.print(f"{mark} {each.tier:<8} {each.name:<23} {each.isolation}")
    out.print(Text("marked *: the tool's default deployment at the tier", "dim"))
    for scenario in SCENARIOS.values():
        out.print(Text.assemble((f"scenario {scenario.name}", "bold"), f"  {scenario.question}"))
    out.print(Text("`orchbench list --cases` says what each scenario runs", "dim"))
    learnt = forecast.recorded()
    for chosen in suites:
        ahead = _forecast(chosen, known.values(), learnt)
        takes = f"  about {roughly(ahead.seconds)}." if ahead and ahead.is_informed else ""
        out.print(Text.assemble((f"suite {chosen.name}", "bold"), takes, f"  {chosen.about}"), soft_wrap=True)


def _show_cases() -> None:
    for scenario in SCENARIOS.values():
        out.print(Text.assemble((f"scenario {scenario.name}", "bold"), f"  {scenario.question}"))
        for case in {case.name: case for case in suite.cases(scenario.name)}.values():
            out.print(Text.assemble("  ", (f"{case.name:<24}", "bold"), f" {explained(case)}"), soft_wrap=True)


def _forecast(chosen: Suite, known: Iterable[Tool], learnt: Sequence[Pace]) -> Forecast | None:
    """Return what a suite takes with the tools that are installed; nothing, where none of them can run it."""
    installed = [tool for tool in known if not tool.missing()]
    try:
        # The pace of the CPU does not matter: CPU work is asked for as a time.
        plan = planning.make(planning.Choice(chosen, installed, seed=0), cpu_rounds_per_s=1e6)
    except Problem:
        return None
    return forecast.of(plan, 1e6, learnt)


def _document(known: Mapping[str, Tool], suites: Iterable[Suite]) -> Mapping[str, object]:
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
        "suites": {each.name: each.about for each in suites},
    }
