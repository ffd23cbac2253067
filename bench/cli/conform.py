"""`conform`: whether a folder is an adapter, rule by rule."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import click
from rich.text import Text

from bench.base.problem import Problem
from bench.base.signals import raised
from bench.cli.console import document, err, out
from bench.plan import tools
from bench.plan.setup import Setup, setups_of
from bench.run import conformance
from bench.run.conformance import Finding

STYLES = {"holds": "green", "broken": "red", "unsupported": "yellow"}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--deployment", help="Only this one.")
@click.option("--json", "as_json", is_flag=True, help="Print it for a program to read.")
def conform(folder: Path, deployment: str | None, as_json: bool) -> None:
    """Try every rule of the adapter protocol on each deployment of FOLDER, a folder like those of implementations/.

    Exit code 0: every rule holds, or the tool says why it has no way to keep it; 1: a rule is broken.
    """
    tool = tools.read(folder.absolute())  # an engine works in another folder
    if lack := tool.missing():
        raise Problem(f"{folder}: {lack}; run `make setup`")
    setups = [each for each in setups_of(tool) if deployment in (None, each.deployment)]
    if not setups:
        names = ", ".join(each.name for each in tool.deployments)
        raise Problem(f"--deployment: {folder} has no deployment {deployment!r}; it has {names}")
    found: list[tuple[Setup, Finding]] = []
    with tempfile.TemporaryDirectory(prefix="orchbench-conform-") as place, raised("nothing is left behind"):
        for number, setup in enumerate(setups, 1):
            err.print(f"{setup.label}: {len(conformance.RULES)} rules, on a real engine", style="dim")
            for finding in conformance.findings(tool, setup, Path(place) / str(number)):
                found.append((setup, finding))
                if not as_json:
                    _say(setup, finding)
    if as_json:
        document([{"tier": setup.tier, "deployment": setup.deployment, **asdict(each)} for setup, each in found])
    sys.exit(1 if any(each.verdict == "broken" for _, each in found) else 0)


def _say(setup: Setup, finding: Finding) -> None:
    verdict = (f"{finding.verdict:<12}", STYLES[finding.verdict])
    rule = f"{setup.label}: {finding.rule.replace('_', ' ')}: {finding.because}"
    out.print(Text.assemble(verdict, rule), soft_wrap=True)
