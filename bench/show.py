"""A run on the terminal: the costs side by side, then what a reader must know before believing them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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

COLUMNS: Mapping[str, Sequence[Column]] = {
    "overhead": (
        ("per run", "per_run_ms", "chain"),
        ("per task, chain", "per_task_ms", "chain"),
        ("per task, wide", "per_task_ms", "fan_out"),
        ("to first body", "submit_to_first_s", "chain_1"),
        ("transition", "transition_ms", None),
        ("finish lag", "finish_lag_s", "chain_1"),
        ("cold run", "cold_run_s", "warm_up"),
        ("METG(50 %)", "metg50_ms", None),
    ),
    "retries": (
        ("late, constant wait", "delay_error_ms", "retries_recovers"),
        ("late, sequence", "delay_error_ms", "retries_sequence"),
        ("backoff, 1st wait", "delay_1_s", "retries_backoff"),
        ("2nd", "delay_2_s", "retries_backoff"),
        ("3rd", "delay_3_s", "retries_backoff"),
        ("recovery, wide", "recovery_s", "retries_wide"),
    ),
    "caching": (
        ("first run", "ready_s", "cold"),
        ("second run", "ready_s", "warm"),
        ("speed-up", "warm_speedup", "warm"),
        ("a hit", "hit_cost_ms", "warm"),
        ("in a new process", "hit_cost_ms", "warm_new_process"),
        ("stored", "stored_bytes", "cold"),
    ),
    "parallelism": (
        ("at once", "max_concurrency", "sleeping_w2"),
        ("efficiency", "efficiency", "sleeping_w2"),
        ("speed-up", "speedup", "sleeping_w2"),
        ("speed-up", "speedup", "computing_w2"),
        ("speed-up", "speedup", "five_models_w2"),
        ("processes", "processes", "computing_w2"),
    ),
    "payload": (
        ("1 MB", "mb_per_s", "value_1000kb"),
        ("1 MB", "mb_per_s", "store_1000kb"),
        ("1 MB", "mb_per_s", "file_1000kb"),
        ("16 MB", "mb_per_s", "value_16000kb"),
        ("16 MB", "mb_per_s", "store_16000kb"),
        ("16 MB", "mb_per_s", "file_16000kb"),
        ("stored", "stored_bytes", "value_16000kb_watched"),
        ("largest", "largest_ok_mb", "value"),
    ),
    "parameters": (
        ("overridden", "makespan_s", "several_overridden"),
        ("refused after", "rejection_s", "wrong_type"),
        ("refused after", "rejection_s", "out_of_range"),
        ("refused after", "rejection_s", "unknown_name"),
    ),
    "composition": (
        ("flat", "makespan_s", "nested_0"),
        ("per level", "per_level_ms", "nested"),
        ("3 levels", "makespan_s", "nested_3"),
        ("its finish lag", "finish_lag_s", "nested_3"),
        ("shared", "makespan_s", "nested_shared"),
    ),
    "granularity": (
        ("native", "makespan_s", "steps"),
        ("one task", "makespan_s", "whole"),
        ("again", "makespan_s", "steps_again"),
        ("again", "makespan_s", "whole_again"),
        ("a failure costs", "retry_cost_s", "steps_faulty"),
        ("a failure costs", "retry_cost_s", "whole_faulty"),
        ("bodies run", "attempts", "steps_faulty"),
        ("bodies run", "attempts", "whole_faulty"),
    ),
    "churn": (
        ("training", "makespan_s", "train"),
        ("no step runs", "between_steps_s", "train"),
        ("training", "makespan_s", "train_files"),
        ("faulty", "makespan_s", "train_faulty"),
        ("inference", "makespan_s", "infer"),
        ("cold run", "cold_run_s", "warm_up_train"),
    ),
}
"""The summary of each scenario: heading, metric, and the workload (or family) that stands for it; None: the one that most
subjects have."""

OWN_WORKLOAD: Sequence[str] = ("makespan_s", "submit_to_first_s", "transition_ms", "finish_lag_s")


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
            if rows:
                console.print(_table(scenario, tier, rows))
    _caveats(console, run, results)


def _state(run: RunRecord) -> str:
    return f"{run.trials_planned} runs planned" + ("" if run.finished else ", [yellow]not finished: --resume goes on[/]")


def _versions(run: RunRecord) -> str:
    return ", ".join(
        f"{tool} {versions.get(tool, versions.get('python', ''))}" for tool, versions in sorted(run.versions.items())
    )


def _table(scenario: str, tier: str, rows: Sequence[Row]) -> Table:
    table = Table(title=f"{scenario}, {tier} tier: median and 95 % interval", title_justify="left")
    table.add_column("orchestrator", no_wrap=True)
    columns = [_settled(column, rows) for column in COLUMNS[scenario] if any(_matches(row, column) for row in rows)]
    if not any(metric != "cold_run_s" for _, metric, _ in columns):  # the reader's own workload
        workload = next((row["workload"] for row in rows if row["metric"] == "makespan_s"), "")
        columns = [(name, name, workload) for name in OWN_WORKLOAD]
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
        return "[dim]unsupported[/]" if str(row["missing_because"]).startswith("unsupported") else "[dim]none[/]"
    mark = "[yellow]~[/]" if row["unstable"] else ""
    value = f"{mark}{said(row['unit'], row['median'])}"
    low, high = row["low"], row["high"]
    if low is None:
        return f"{value}\n[dim]n={row['n']}[/]"
    if row["metric"] in SLOPES and high < 0:
        value = "[dim]none: curved[/]"  # the cost of a task grows with the graph, and leaves nothing for the run
    elif row["metric"] in SLOPES and low <= 0:
        value = "[dim]lost in noise[/]"  # a slope or an intercept that is not told apart from zero
    return f"{value}\n[dim]{said(row['unit'], low, high)}[/]"


SLOPES = ("per_task_ms", "per_run_ms", "per_level_ms")


def said(unit: str, *values: float) -> str:
    """Return one number, or two as a range, with three digits and in a unit that fits."""
    match unit:
        case "s" | "ms":
            return span(*(value * (1000 if unit == "s" else 1) for value in values))
        case "B":
            size = max(abs(value) for value in values)
            name, scale = ("MB", 1e6) if size >= 1e6 else ("kB", 1e3) if size >= 1e3 else ("B", 1.0)
            return " .. ".join(f"{value / scale:.3g}" for value in values) + f" {name}"
        case "share":
            return " .. ".join(f"{value:.1%}" for value in values)
    counted = unit in {"runs", "bodies", "processes"}  # the heading says what
    return " .. ".join(f"{value:.3g}" for value in values) + ("" if counted else f" {unit}")


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
    for (verdict, who, because), names in _gathered(results["checks"], "check"):
        style = "red" if verdict == "fail" else "yellow"
        console.print(f"  [{style}]{verdict}[/] {who} {', '.join(names)}: {escape(because)}", highlight=False)
    missing = [row | {"verdict": "missing", "because": row["missing_because"]} for row in results["estimates"]]
    for (_, who, because), names in _gathered([row for row in missing if row["median"] is None], "workload"):
        console.print(f"  missing: {who} {', '.join(names)}: {because}", highlight=False, markup=False)
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


def _gathered(rows: Iterable[Row], name: str) -> Iterable[tuple[tuple[str, str, str], list[str]]]:
    """Put together what did not go well for the same reason: (verdict, who, because) and the names of what did not."""
    found: dict[tuple[str, str, str], dict[str, None]] = {}
    for row in rows:
        if row["verdict"] != "pass":
            who = f"{row['orchestrator']}/{row['deployment']} {row['tier']} {row['scenario']}"
            key = (row["verdict"], who, str(row["because"]).removeprefix("unsupported: "))
            found.setdefault(key, {})[row[name]] = None
    return [(key, list(names)) for key, names in sorted(found.items())]


def show_changes(console: Console, changes: Iterable[Change]) -> None:
    """Print what differs between two runs, what got worse first."""
    listed = list(changes)
    for change in (each for each in listed if each.verdict == "lost"):
        console.print(f"[red]lost[/] {change.name}: it was {change.before:.4g}, and is missing", highlight=False)
    for verdict, style in (("worse", "red"), ("better", "green")):
        for change in (each for each in listed if each.verdict == verdict):
            unit = METRICS[change.keys["metric"]].unit
            word = {"worse": "slower", "better": "faster"}[verdict] if unit in {"s", "ms"} else verdict
            console.print(
                f"[{style}]{word}[/] {change.name}: {change.before:.4g} -> {change.after:.4g} {unit}, "
                f"ratio {change.ratio:.3f} [{change.low:.3f}, {change.high:.3f}]",
                highlight=False,
            )
    counts = {
        verdict: sum(each.verdict == verdict for each in listed)
        for verdict in ("lost", "worse", "better", "same", "too few runs")
    }
    console.print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()), highlight=False)
