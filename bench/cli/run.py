"""`run`, the story of a run: choose, plan, execute, derive, show."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.base import machine
from bench.base.problem import Problem
from bench.cli import ahead
from bench.cli.console import complain, err, out
from bench.cli.inputs import Names, check_data, read_workload
from bench.cli.progress import Live
from bench.cli.report import name_report, render
from bench.cli.track import log_finished
from bench.export.publish import publish
from bench.plan import planning, suite, tools, workflows
from bench.plan.planning import Choice
from bench.report import terminal
from bench.run import forecast
from bench.run import session as sessions
from bench.run.duel import Turns
from bench.store.folder import RunFolder

if TYPE_CHECKING:  # it imports matplotlib, which takes long
    from bench.report.answer import Card


@click.command()
@click.option("--suite", "suite_name", default="quick", show_default=True, help="try, quick, full, or a TOML file.")
@click.option("--scenario", type=Names(), help="Only these scenarios.")
@click.option("--on", type=Names(), help="Only these tools.")
@click.option("--tier", type=Names(), help="Only these tiers: library, service.")
@click.option("--profile", type=Names(), help="Only these profiles: stock, tuned.")
@click.option("--repeat", type=click.IntRange(1, 10_000), help="Runs of each workload in an engine start.")
@click.option("--rounds", type=click.IntRange(1, 10_000), help="Engine starts of each setup.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Of the order of runs; drawn and recorded if not given.")
@click.option(
    "--workload",
    "workload_file",
    type=click.Path(path_type=Path),
    help="Measure this workload (JSON) instead: a graph of your own, or a WfCommons instance (WfFormat 1.4 to 1.6).",
)
@click.option(
    "--time-scale",
    type=click.FloatRange(min=0, min_open=True),
    help="Multiply the run times of a WfCommons instance by this.  [default: 1.0]",
)
@click.option(
    "--data",
    "data_file",
    type=click.Path(path_type=Path),
    help="Your own customers (CSV, Parquet), where a scenario has any.",
)
@click.option(
    "--out", "out_dir", type=click.Path(path_type=Path), help="The run's folder.  [default: reports/<time>-<suite>]"
)
@click.option("--resume", "resume_dir", type=click.Path(path_type=Path), help="Go on with a run that was cut short.")
@click.option("--strict", is_flag=True, help="Refuse to measure on a machine that is unfit.")
@click.option("--dry-run", is_flag=True, help="Say what would be measured, and how long it would take; write nothing.")
@click.option(
    "--no-mlflow", is_flag=True, envvar="ORCHBENCH_NO_MLFLOW", show_envvar=True, help="Do not log the run to MLflow."
)
@click.option("--in-step", type=int, hidden=True, help="The socket at which a side of a duel takes its turns.")
def run(
    suite_name: str,
    scenario: list[str] | None,
    on: list[str] | None,
    tier: list[str] | None,
    profile: list[str] | None,
    repeat: int | None,
    rounds: int | None,
    seed: int | None,
    workload_file: Path | None,
    time_scale: float | None,
    data_file: Path | None,
    out_dir: Path | None,
    resume_dir: Path | None,
    strict: bool,
    dry_run: bool,
    no_mlflow: bool,
    in_step: int | None,
) -> None:
    """Measure, and leave a run folder."""
    turns = None if in_step is None else Turns(in_step)
    unfit = _look_at_machine(strict=strict)
    if resume_dir:
        own_choice = (scenario, on, tier, profile, repeat, rounds, seed, workload_file, time_scale, data_file, out_dir)
        if any(each is not None for each in own_choice):
            raise Problem("--resume goes on with the same plan: leave out all that chooses what is measured, and how often")
        session = sessions.resume(RunFolder(resume_dir))
        if dry_run:
            ahead.show(out, _forecast(session))
            return
    else:
        known = tools.discover()
        chosen = suite.Part(scenario, tier, profile, repeat, rounds).of(suite.load(suite_name, known))
        subjects = tools.choose(known, on)
        if time_scale is not None and not workload_file:
            raise Problem("--time-scale is for a WfCommons instance: give one with --workload, or leave --time-scale out")
        own, recorded = read_workload(workload_file, time_scale) if workload_file else (None, False)
        if own and data_file:
            raise Problem("--workload and --data exclude each other: a graph of tasks has no customers")
        if data_file:
            check_data(data_file, chosen, known)
        drawn = random.SystemRandom().randrange(2**32) if seed is None else seed
        choice = Choice(chosen, subjects, drawn, own, data_file)
        if dry_run:
            rounds_per_s = machine.calibrate()
            ahead.show(out, forecast.of(planning.make(choice, rounds_per_s), rounds_per_s, forecast.recorded()))
            return
        folder = RunFolder(out_dir or sessions.default_folder(chosen.name))
        session = sessions.begin(folder, choice, unfit, turns)
        if own and recorded:
            starts = session.plan.starts
            width, limit_s = min(start.width for start in starts), min(start.limit_s for start in starts)
            err.print(workflows.notice(own, width, limit_s), style="yellow", soft_wrap=True)
    cards = measure(session, turns)
    folder = session.folder
    terminal.show(out, folder.run(), folder.results())
    terminal.show_answer(out, cards)
    name_report(folder)
    log_finished(folder, wanted=not no_mlflow)


def _look_at_machine(*, strict: bool) -> list[str]:
    """Say what disturbs a measurement on this machine; raise, if nothing may."""
    unfit = machine.warnings()
    for each in unfit:
        err.print(f"machine: {each}", style="yellow")
    if unfit and strict:
        raise Problem("this machine is not fit to measure on (see above); mend that, or run without --strict")
    return unfit


def measure(session: sessions.Session, turns: Turns | None) -> Sequence[Card]:
    """Carry the run out, render the report, and return the cards of its first screen."""
    planned, folder = session.plan, session.folder
    with folder.locked():
        still_to_do = _forecast(session)
        if still_to_do.runs:
            err.print(f"{ahead.in_a_line(still_to_do)}, to {folder.path}", soft_wrap=True)
        else:
            err.print(f"nothing is left to do: {folder.path} has all of its {len(planned.trials)} runs")
        with Live(err, planned, still_to_do) as watcher:
            derived = sessions.carry_out(session, watcher, publish, turns)
        try:
            return render(folder, session.record, derived, folder)
        except Exception as error:  # noqa: BLE001 - whatever it is, hours of measuring are done, and safe
            again = f"`orchbench report {folder.path}` tries again"
            complain(f"the run is complete, but no report can be drawn ({type(error).__name__}: {error}); {again}")
            return ()


def _forecast(session: sessions.Session) -> forecast.Forecast:
    """Return what is still to be done."""
    done = {record.id for record in session.folder.trials()}
    return forecast.of(session.plan, session.record.cpu_rounds_per_s, forecast.recorded(), done)
