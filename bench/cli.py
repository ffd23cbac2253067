"""The command line. `run` reads as the story of a run: choose, plan, execute, derive, show."""

from __future__ import annotations

import json
import random
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.markup import escape

from bench import compare as comparison
from bench import engine, machine, orchestrators, suite, tracking, warmups, wfformat
from bench import run as runs
from bench import show as terminal
from bench import trend as history
from bench.problem import Problem
from bench.progress import Live, waiting
from bench.records import RunRecord
from bench.results import Results
from bench.scenarios import SCENARIOS
from bench.store import RunFolder
from contract.workload import Workload, WorkloadError

WIDE = 150
"""Columns, where the output is a file or a pipe."""

out = Console(width=None if sys.stdout.isatty() else WIDE)
err = Console(stderr=True, width=None if sys.stderr.isatty() else WIDE)


OUTPUT = Path("-")
FILE = click.Path(dir_okay=False, path_type=Path)
FILE_OR_OUTPUT = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


class Names(click.ParamType[list[str]]):
    """A list of names with commas between them."""

    name = "a,b"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        """Split it."""
        return [each.strip() for each in value.split(",") if each.strip()] if isinstance(value, str) else value


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def orchbench() -> None:
    """Measure what Airflow, Prefect and Dagster cost you, beside plain Python."""


@orchbench.command()
@click.option("--suite", "suite_name", default="quick", show_default=True, help="smoke, quick, full, or a TOML file.")
@click.option("--scenario", type=Names(), help="Only these scenarios.")
@click.option("--on", type=Names(), help="Only these orchestrators.")
@click.option("--tier", type=Names(), help="Only these tiers: library, service.")
@click.option("--profile", type=Names(), help="Only these profiles: stock, tuned.")
@click.option("--repeat", type=click.IntRange(1, 10_000), help="Runs of each workload in an engine start.")
@click.option("--rounds", type=click.IntRange(1, 10_000), help="Engine starts of each subject.")
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
@click.option("--data", "data_file", type=click.Path(path_type=Path), help="Your own customers (CSV, Parquet) for churn.")
@click.option(
    "--out", "out_dir", type=click.Path(path_type=Path), help="The run's folder.  [default: reports/<time>-<suite>]"
)
@click.option("--resume", "resume_dir", type=click.Path(path_type=Path), help="Go on with a run that was cut short.")
@click.option(
    "--until-round",
    type=click.IntRange(1, 10_000),
    help="Stop behind this round, in good order; --resume goes on. For what is measured in turns with another run.",
)
@click.option("--strict", is_flag=True, help="Refuse to measure on a machine that is unfit.")
@click.option(
    "--no-mlflow", is_flag=True, envvar="ORCHBENCH_NO_MLFLOW", show_envvar=True, help="Do not log the run to MLflow."
)
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
    until_round: int | None,
    strict: bool,
    no_mlflow: bool,
) -> None:
    """Measure, and leave a run folder."""
    unfit = machine.warnings()
    for each in unfit:
        err.print(f"machine: {each}", style="yellow", highlight=False, markup=False)
    if unfit and strict:
        raise Problem("this machine is not fit to measure on (see above); mend that, or run without --strict")
    if resume_dir:
        own_choice = (scenario, on, tier, profile, repeat, rounds, seed, workload_file, time_scale, data_file, out_dir)
        if any(each is not None for each in own_choice):
            raise Problem(
                "--resume goes on with the same plan: it takes no other choice but --until-round, --strict and --no-mlflow"
            )
        prepared = runs.resume(RunFolder(resume_dir))
    else:
        known = orchestrators.discover()
        chosen = suite.narrow(suite.load(suite_name, known), scenario, tier, profile, repeat, rounds)
        subjects = orchestrators.choose(known, on)
        if time_scale is not None and not workload_file:
            raise Problem("--time-scale is for a WfCommons instance: give one with --workload, or leave --time-scale out")
        own, recorded = read_workload(workload_file, time_scale) if workload_file else (None, False)
        if own and data_file:
            raise Problem("--workload and --data exclude each other: customers are for the churn pipelines")
        if data_file:
            check_data(data_file, chosen, known)
        folder = RunFolder(out_dir or runs.default_folder(chosen.name))
        drawn = random.SystemRandom().randrange(2**32) if seed is None else seed
        prepared = runs.begin(folder, chosen, subjects, drawn, own, data_file, unfit)
        if own and recorded:
            starts = prepared.plan.starts
            width, limit_s = min(start.width for start in starts), min(start.limit_s for start in starts)
            err.print(wfformat.notice(own, width, limit_s), style="yellow", highlight=False, soft_wrap=True)
    if not measure(prepared, until_round):
        return
    folder = prepared.folder
    terminal.show(out, folder.run(), folder.results())
    name_report(folder)
    log_finished(folder, wanted=not no_mlflow)


def measure(prepared: runs.Prepared, until_round: int | None) -> bool:
    """Carry the run out, and render its report; return whether that was all of it."""
    planned, folder = prepared.plan, prepared.folder
    err.print(f"{len(planned.trials)} runs in {len(planned.starts)} engine starts, to {folder.path}", highlight=False)
    if until_round:
        prepared = runs.until(prepared, until_round)
    with folder.locked():
        done = {record.id for record in folder.trials()} & {trial.id for trial in prepared.plan.trials}
        with Live(err, prepared.plan, done) as watcher:
            derived = runs.carry_out(prepared, watcher)
        if prepared.record.finished:
            try:
                render(folder, prepared.record, derived, folder)
            except Exception as error:  # noqa: BLE001 - whatever it is, hours of measuring are done, and safe
                again = f"`orchbench report {folder.path}` tries again"
                complain(f"the run is complete, but no report can be drawn ({type(error).__name__}: {error}); {again}")
            return True
    rest = f"round {until_round} of {planned.rounds} is done; `orchbench run --resume {folder.path}` goes on"
    err.print(rest, highlight=False, markup=False, soft_wrap=True)
    return False


def name_report(folder: RunFolder) -> None:
    """Say where the report is, if it could be drawn."""
    if (page := folder.path / "report.html").exists():
        out.print(f"report: {page}", highlight=False, soft_wrap=True)


def read_workload(path: Path, time_scale: float | None) -> tuple[Workload, bool]:
    """Read a workload file, or say what is wrong with it; and say whether it is the record of a real workflow."""
    try:
        text = path.read_text()
        document = json.loads(text)
        if recorded := wfformat.is_wfformat(document):
            workload = wfformat.convert(document, path.stem, 1.0 if time_scale is None else time_scale)
        else:
            workload = Workload.from_json(text)
    except (OSError, UnicodeDecodeError, WorkloadError) as error:
        raise Problem(f"--workload {path}: {getattr(error, 'strerror', None) or error}") from None
    except (ValueError, RecursionError) as error:
        raise Problem(f"--workload {path}: this is not JSON: {error}") from None
    if time_scale is not None and not recorded:
        raise Problem(f"--workload {path}: it is not a WfCommons instance, whose times --time-scale is for; leave that out")
    if workload.name in warmups.NAMES:
        raise Problem(f"--workload {path}: {workload.name} is the name of the harness's own warm-up; choose another")
    return workload, recorded


def check_data(path: Path, chosen: suite.Suite, known: dict[str, orchestrators.Orchestrator]) -> None:
    """Say what is wrong with the reader's customers before anything is started."""
    if not any(block.scenario == "churn" for block in chosen.blocks):
        raise Problem("--data is for the scenario churn, which is not among those chosen")
    plain = orchestrators.choose(known, [orchestrators.REFERENCE])[0]
    try:
        problem = engine.check_customers(plain, path)
    except engine.EngineError as error:
        raise Problem(f"--data {path}: {error}") from None
    if problem:
        raise Problem(f"--data {problem}")


@orchbench.command()
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--out", "out_dir", type=click.Path(path_type=Path), help="Where to write.  [default: the run's folder]")
def report(run_dir: Path, out_dir: Path | None) -> None:
    """Derive the results of a run again from its raw data, and render its report."""
    folder = RunFolder(run_dir)
    record = folder.run()
    if not any(folder.trials()):
        raise Problem(f"{run_dir} has no finished trial to derive results from; `orchbench show` prints those that it has")
    target = RunFolder(out_dir) if out_dir else folder
    target.make()
    with target.locked():
        render(folder, record, runs.publish(folder, record, target), target)
    written = "report.html, summary.md, charts, results.json, samples.csv and pytest-benchmark.json"
    out.print(f"wrote {written} to {target.path}", highlight=False, soft_wrap=True)


def render(folder: RunFolder, record: RunRecord, derived: Results, target: RunFolder) -> None:
    """Render the report of what was derived."""
    from bench import report  # noqa: PLC0415 - matplotlib takes its time, and most commands draw nothing

    with err.status("drawing the report"):
        report.render(report.Facts.of(folder, record, derived), folder, target)


@orchbench.command()
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--uri", help="An MLflow server or store.  [default: MLFLOW_TRACKING_URI, or a store in the run's folder]")
def track(run_dir: Path, uri: str | None) -> None:
    """Log a run to MLflow; what was logged of it there before is replaced."""
    log_to_mlflow(RunFolder(run_dir), uri)


def log_finished(folder: RunFolder, *, wanted: bool) -> None:
    """Log a run that has come to its end, if that is wanted; what goes wrong costs it a line, and nothing else."""
    try:
        if wanted:
            log_to_mlflow(folder)
    except Problem as problem:
        complain(f"{problem}; nothing of the run is lost, and `orchbench track {folder.path}` logs it later")


def log_to_mlflow(folder: RunFolder, uri: str | None = None) -> None:
    """Log a run, and say where."""
    with waiting(err, "logging the run to MLflow") as tell:
        store = tracking.track(folder, uri, tell)
    said = f"tracked in MLflow: {store}, experiment {tracking.EXPERIMENT}"
    if store.embedded:
        mlflow = orchestrators.ROOT / "implementations/plain/.venv/bin/mlflow"
        said += f"; to look at it: {shlex.join([str(mlflow), 'ui', '--backend-store-uri', store.uri])}"
    out.print(said, highlight=False, markup=False, soft_wrap=True)


@orchbench.command()
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print results.json as it is.")
@click.option("--svg", type=click.Path(path_type=Path), help="Also draw what is printed as a picture.")
def show(run_dir: Path, as_json: bool, svg: Path | None) -> None:
    """Print the summary of a run."""
    folder = RunFolder(run_dir)
    record, results = folder.run(), folder.results()
    if as_json:
        click.echo(json.dumps(results))
        return
    console = Console(record=True, width=WIDE) if svg else out
    terminal.show(console, record, results)
    if svg:
        console.save_svg(str(svg), title=f"orchbench show {record.id}")


@orchbench.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--fail-over", default="10%", show_default=True, help="A slow-down within this is let pass.")
@click.option("--anyway", is_flag=True, help="Compare even what is not comparable.")
@click.option("--markdown", type=FILE_OR_OUTPUT, help="Write it as Markdown, for a job's summary (-: to the output).")
@click.option("--html", type=FILE, help="Write it as a page.")
@click.option("--json", "as_json", is_flag=True, help="Print it for a program to read.")
def compare(
    before: Path, after: Path, fail_over: str, anyway: bool, markdown: Path | None, html: Path | None, as_json: bool
) -> None:
    """Compare two runs: exit code 0 for no regression, 1 for one, 2 where they cannot be compared."""
    one_output(markdown, as_json)
    its = comparison.compare(RunFolder(before), RunFolder(after), fraction(fail_over), anyway=anyway)
    if markdown or html:
        from bench.report import comparison as rendered  # noqa: PLC0415 - as in render()

        write(markdown, lambda: rendered.markdown(its))
        write(html, lambda: rendered.html(its))
    if as_json:
        click.echo(json.dumps(its.document()))
    elif its.changes and markdown != OUTPUT:
        for each in its.differences:
            err.print(f"[yellow]differs:[/] {escape(each.said)}", highlight=False, soft_wrap=True)
        terminal.show_changes(out, its.changes)
    if its.exit_code == 2:
        raise Problem(f"{before} and {after} are not comparable: {its.because}")
    sys.exit(its.exit_code)


@orchbench.command()
@click.argument("run_dirs", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", "page", type=FILE, help="Write it as a page, with a chart of each number.")
@click.option("--markdown", type=FILE_OR_OUTPUT, help="Write it as Markdown (-: to the output).")
@click.option("--json", "as_json", is_flag=True, help="Print it for a program to read.")
def trend(run_dirs: tuple[Path, ...], page: Path | None, markdown: Path | None, as_json: bool) -> None:
    """Show how the headline numbers went over many runs: folders of runs, or folders that hold such folders."""
    one_output(markdown, as_json)
    folders, without = history.find(run_dirs)
    for each in without:
        err.print(f"left out: {each} has no results.json", style="yellow", highlight=False, markup=False, soft_wrap=True)
    its = history.trend(folders)
    if markdown or page:
        from bench.report import trends as rendered  # noqa: PLC0415 - as in render()

        write(markdown, lambda: rendered.markdown(its))
        write(page, lambda: rendered.html(its))
    if as_json:
        click.echo(json.dumps(its.document()))
    elif markdown != OUTPUT:
        terminal.show_trend(out, its)


def one_output(markdown: Path | None, as_json: bool) -> None:
    """Refuse to print two things at once."""
    if markdown == OUTPUT and as_json:
        raise Problem("--markdown - and --json exclude each other: only one of them can be the output")


def write(file: Path | None, content: Callable[[], str]) -> None:
    """Write what was asked for, to where it was asked for."""
    if file == OUTPUT:
        click.echo(content())
    elif file:
        file.write_text(content(), encoding="utf-8")


def fraction(text: str) -> float:
    """Read `10%` or `0.1`."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value < 100:
        raise Problem(f"--fail-over {text}: give a share such as 10% or 0.1")
    return value


@orchbench.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="For a program to read.")
def list_(as_json: bool) -> None:
    """Say what there is: orchestrators and their deployments, scenarios, suites."""
    known = orchestrators.discover()
    about: dict[str, Any] = {
        "orchestrators": {
            each.name: {
                "deployments": [msgspec.to_builtins(deployment) for deployment in each.deployments],
                "installed": each.missing() is None,
            }
            for each in known.values()
        },
        "tiers": list(orchestrators.TIERS),
        "scenarios": {each.name: each.question for each in SCENARIOS.values()},
        "suites": {name: suite.load(name, known).about for name in suite.available()},
    }
    if as_json:
        click.echo(json.dumps(about))
        return
    for name, each in about["orchestrators"].items():
        out.print(f"[bold]{name}[/]" + ("" if each["installed"] else "  [yellow]not installed: make setup[/]"))
        for deployment in each["deployments"]:
            out.print(f"  {deployment['tier']:<8} {deployment['name']:<16} {deployment['isolation']}", highlight=False)
    for heading in ("scenarios", "suites"):
        for name, text in about[heading].items():
            out.print(f"[bold]{heading[:-1]} {name}[/]  {text}", highlight=False)


@orchbench.command()
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


def main() -> None:
    """Run a command; what a user can mend ends with one line and exit code 2."""
    try:
        sys.exit(orchbench.main(standalone_mode=False) or 0)
    except runs.Interrupted as signal:
        complain(str(signal))
        sys.exit(signal.exit_code)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        complain(error.format_message())
    except Problem as problem:
        complain(str(problem))
    except OSError as error:
        complain(f"{error.filename or 'the system'}: {error.strerror or error}")
    sys.exit(2)


def complain(what: str) -> None:
    """Say one line on the error output."""
    click.echo(f"orchbench: {' '.join(what.split())}", err=True)
