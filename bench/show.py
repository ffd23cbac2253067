"""A run on the terminal: the costs side by side, then what a reader must know before believing them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.compare import Change
from bench.metrics import METRICS
from bench.records import RunRecord
from bench.results import noise_floor

Row = dict[str, Any]
Column = tuple[str, str, str | None]

COLUMNS: tuple[Column, ...] = (
    ("per run", "per_run_ms", "chain"),
    ("per task, chain", "per_task_ms", "chain"),
    ("per task, wide", "per_task_ms", "fan_out"),
    ("to first body", "submit_to_first_s", "chain_1"),
    ("transition", "transition_ms", None),
    ("finish lag", "finish_lag_s", "chain_1"),
    ("cold run", "cold_run_s", "warm_up"),
    ("METG(50 %)", "metg50_ms", None),
    ("training", "makespan_s", "train"),
    ("no step runs", "between_steps_s", "train"),
    ("training", "makespan_s", "train_files"),
    ("faulty", "makespan_s", "train_faulty"),
    ("inference", "makespan_s", "infer"),
    ("cold run", "cold_run_s", "warm_up_train"),
)
"""The summary: heading, metric, and the workload (or family) that stands for it; None: the one that most subjects have."""


def show(console: Console, run: RunRecord, results: Row) -> None:
    """Print the summary."""
    console.print(f"[bold]{run.id}[/]: suite {run.suite['name']}, seed {run.seed}, width {run.width}, {_state(run)}")
    host = run.host
    console.print(f"on {host['cpu']}, {host['cores']} cores, {host['memory_gb']} GB, Python {host['python']}")
    console.print(_versions(run), highlight=False)
    scenarios = {row["scenario"]: None for row in results["estimates"]}
    for scenario in scenarios:
        for tier in {row["tier"]: None for row in results["estimates"]}:
            rows = [row for row in results["estimates"] if row["tier"] == tier and row["scenario"] == scenario]
            console.print(_table(scenario, tier, rows))
    _caveats(console, run, results)


def _state(run: RunRecord) -> str:
    return f"{run.trials_planned} runs planned" + ("" if run.finished else ", [yellow]not finished: --resume goes on[/]")


def _versions(run: RunRecord) -> str:
    return ", ".join(
        f"{tool} {versions.get(tool, versions.get('python', ''))}" for tool, versions in sorted(run.versions.items())
    )


def _table(scenario: str, tier: str, rows: Sequence[Row]) -> Table:
    table = Table(title=f"{scenario}, {tier} tier: median and 95 % interval, lower is better", title_justify="left")
    table.add_column("orchestrator", no_wrap=True)
    columns = [_settled(column, rows) for column in COLUMNS if any(_matches(row, column) for row in rows)]
    if not columns:  # the reader's own workload
        workload = next((row["workload"] for row in rows if row["metric"] == "makespan_s"), "")
        columns = [(name, name, workload) for name in ("makespan_s", "submit_to_first_s", "transition_ms", "finish_lag_s")]
    for heading, _, workload in columns:
        table.add_column(f"{heading}\n[dim]{workload or ''}[/]", justify="right")
    subjects = {(row["orchestrator"], row["deployment"], row["profile"], row["isolation"]): None for row in rows}
    for orchestrator, deployment, profile, isolation in subjects:
        its = [
            row
            for row in rows
            if (row["orchestrator"], row["deployment"], row["profile"]) == (orchestrator, deployment, profile)
        ]
        name = f"{orchestrator}/{deployment}" + ("" if profile == "stock" else f", {profile}")
        cells = [_cell(next((row for row in its if _matches(row, column)), None)) for column in columns]
        table.add_row(f"{name}\n[dim]{isolation}[/]", *cells)
    return table


def _settled(column: Column, rows: Sequence[Row]) -> Column:
    """Choose, where a column leaves it open, the workload that most subjects have: one column shows one workload."""
    heading, metric, workload = column
    if workload is None and metric != "metg50_ms":  # whose graph has as many lanes as the subject
        workload = Counter(sorted(row["workload"] for row in rows if row["metric"] == metric)).most_common(1)[0][0]
    return heading, metric, workload


def _matches(row: Row, column: Column) -> bool:
    _, metric, workload = column
    return bool(row["metric"] == metric and workload in (None, row["workload"]))


def _cell(row: Row | None) -> str:
    if row is None:
        return "[dim]-[/]"
    if row["median"] is None:
        return "[dim]none[/]"
    factor = 1000 if row["unit"] == "s" else 1
    mark = "[yellow]~[/]" if row["unstable"] else ""
    value = f"{mark}{span(row['median'] * factor)}"
    if row["low"] is None:
        return f"{value}\n[dim]n={row['n']}[/]"
    low, high = row["low"] * factor, row["high"] * factor
    if high < 0:
        value = "[dim]none: curved[/]"  # the cost of a task grows with the graph, and leaves nothing for the run
    elif low <= 0:
        value = "[dim]lost in noise[/]"  # a slope or an intercept that is not told apart from zero
    return f"{value}\n[dim]{span(low, high)}[/]"


def span(*milliseconds: float) -> str:
    """Return one duration, or two as a range, in the unit that fits the largest, with three digits."""
    size = max(abs(each) for each in milliseconds)
    unit, scale = ("s", 1e-3) if size >= 999.5 else ("ms", 1.0) if size >= 0.9995 else ("us", 1e3)
    return " .. ".join(f"{each * scale:.3g}" for each in milliseconds) + f" {unit}"


def _caveats(console: Console, run: RunRecord, results: Row) -> None:
    for scenario, tier in {(row["scenario"], row["tier"]): None for row in results["controls"]}:
        floor = noise_floor(results["controls"], scenario, tier)
        pairs = [row for row in results["controls"] if (row["scenario"], row["tier"]) == (scenario, tier)]
        said = ", ".join(
            f"{row['orchestrator']} {row['ratio']:.3f} [{row['low']:.3f}, {row['high']:.3f}]" for row in pairs if row["low"]
        )
        floor_said = "unknown" if floor is None else f"{floor:.1%}"
        console.print(
            f"A/A control, {scenario}, {tier}: {said or 'too few runs'}; noise floor {floor_said}", highlight=False
        )
    verdicts = Counter(row["verdict"] for row in results["checks"])
    counted = f"{verdicts['pass']} passed, {verdicts['fail']} failed, {verdicts['unsupported']} unsupported"
    console.print(f"Checks: {counted}", highlight=False)
    for row in (each for each in results["checks"] if each["verdict"] != "pass"):
        style = "red" if row["verdict"] == "fail" else "yellow"
        console.print(
            f"  [{style}]{row['verdict']}[/] {row['orchestrator']}/{row['deployment']} {row['tier']} {row['check']}:"
            f" {escape(row['because'])}",
            highlight=False,
        )
    missing = [row for row in results["estimates"] if row["median"] is None]
    for row in missing:
        console.print(f"  missing: {_name(row)}: {row['missing_because']}", highlight=False, markup=False)
    if shaky := [row for row in results["estimates"] if row["unstable"]]:
        console.print(
            f"~ {len(shaky)} of {len(results['estimates'])} estimates are not to be trusted without a look:"
            " spread, outliers, drift or curved, as `unstable` says in results.json"
        )
    for each in run.warnings:
        console.print(f"[yellow]machine:[/] {each}")
    wall, subjects = sum(each.wall_s for each in run.segments), sum(each.subjects_s for each in run.segments)
    if wall:
        console.print(
            f"Wall time {wall / 60:.1f} min, of which no engine was up for {(wall - subjects) / wall:.1%}",
            highlight=False,
        )


def _name(row: Row) -> str:
    return f"{row['orchestrator']}/{row['deployment']} {row['tier']} {row['workload']} {row['metric']}"


def show_changes(console: Console, changes: Iterable[Change]) -> None:
    """Print what differs between two runs, the slower first."""
    listed = list(changes)
    for verdict, style in (("slower", "red"), ("faster", "green")):
        for change in (each for each in listed if each.verdict == verdict):
            unit = METRICS[change.keys["metric"]].unit
            console.print(
                f"[{style}]{verdict}[/] {change.name}: {change.before:.4g} -> {change.after:.4g} {unit}, "
                f"ratio {change.ratio:.3f} [{change.low:.3f}, {change.high:.3f}]",
                highlight=False,
            )
    counts = {
        verdict: sum(each.verdict == verdict for each in listed) for verdict in ("slower", "faster", "same", "too few runs")
    }
    console.print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()), highlight=False)
