"""`duel`: measure two checkouts in step, and compare them."""

from __future__ import annotations

import random
from pathlib import Path

import click

from bench.base import machine
from bench.base.problem import Problem
from bench.base.signals import raised
from bench.cli.compare import FAIL_OVER, fraction, say
from bench.cli.console import write
from bench.cli.inputs import Names
from bench.compare import comparison
from bench.plan import suite as suites
from bench.plan import tools
from bench.run import duel as duels
from bench.store.folder import RunFolder


@click.command()
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("head", type=click.Path(path_type=Path))
@click.option("--suite", required=True, help="try, quick, full, or a TOML file.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="A new folder, for both runs and their comparison."
)
@click.option("--on", type=Names(), help="Only these tools.")
@click.option("--rounds", type=click.IntRange(1, 10_000), help="Engine starts of each setup, on either side.")
@click.option("--repeat", type=click.IntRange(1, 10_000), help="Runs of each workload in an engine start.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Of the order of runs; drawn and recorded if not given.")
@FAIL_OVER
def duel(
    base: Path,
    head: Path,
    suite: str,
    out: Path,
    on: list[str] | None,
    rounds: int | None,
    repeat: int | None,
    seed: int | None,
    fail_over: str,
) -> None:
    """Measure two checkouts in step, run by run, and compare them: the exit codes are those of `compare`.

    BASE and HEAD are folders in which `make setup` was run. A base that cannot be measured counts as not comparable, a head
    that cannot be measured as a regression. Each side runs the suite that it knows by that name.
    """
    known = tools.discover()
    tools.check_names(known, on)
    suites.load(suite, known)
    share = fraction(fail_over)
    folders = [out / side for side in duels.SIDES]
    checkouts = [base, head]
    for checkout in checkouts:
        duels.command_of(checkout)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Problem(f"{out} is there already; give another --out")
    out.mkdir(parents=True, exist_ok=True)
    options = ["--suite", suite]
    for name, value in {"--on": ",".join(on or ()) or None, "--rounds": rounds, "--repeat": repeat}.items():
        options += [name, str(value)] if value is not None else []
    try:
        with raised(f"what was measured so far is in {out}; a duel starts from the beginning"):
            drawn = random.SystemRandom().randrange(2**32) if seed is None else seed
            duels.fight(checkouts, folders, options, drawn, machine.calibrate())
        compared = comparison.compare(RunFolder(folders[0]), RunFolder(folders[1]), share)
    except Problem as problem:
        from bench.report.markdown import text  # noqa: PLC0415 - as in report.py

        said = str(problem)
        write(out / "compare.md", lambda: f"**{text(said[0].upper() + said[1:])}**\n")
        raise
    say(compared, folders, out / "compare.md", out / "compare.html")
