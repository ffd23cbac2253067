"""What a terminal shows: a run's costs side by side and what to know before believing them, a comparison, a trend.

The console is one that shows strings as they are (`bench.cli.console.plain`): a run may be somebody else's, with any names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.base import wording
from bench.compare.comparison import VERDICTS, Change, Comparison
from bench.compare.history import NOT_COMPARABLE, Trend
from bench.derive.controls import noise_floor
from bench.derive.reading import reading
from bench.derive.table import Table as Numbers
from bench.scenarios import SCENARIOS
from bench.scenarios.kit.table import Column
from bench.store.records import RunRecord
from bench.store.rows import Control, row_of

Row = dict[str, Any]

LATEST = 5
"""How many runs of a trend fit beside each other."""


def show(console: Console, run: RunRecord, results: Row) -> None:
    """Print the summary."""
    about = f": suite {run.suite['name']}, seed {run.seed}, width {run.width}, {run.trials_planned} runs planned"
    console.print(Text.assemble((run.id, "bold"), about, (_unfinished(run), "yellow")))
    host = run.host
    console.print(f"on {host['cpu']}, {host['cores']} cores, {host['memory_gb']} GB, Python {host['python']}")
    console.print(_versions(run))
    scenarios = {row["scenario"]: None for row in results["estimates"]}
    for scenario in scenarios:
        if scenario not in SCENARIOS:
            console.print(f"{scenario}: this orchbench knows no such scenario; its numbers are in results.json")
            continue
        for tier in {row["tier"]: None for row in results["estimates"]}:
            rows = [row for row in results["estimates"] if row["tier"] == tier and row["scenario"] == scenario]
            if rows:
                console.print(_table(scenario, tier, rows))
    _caveats(console, run, results)


def _unfinished(run: RunRecord) -> str:
    then = "of a duel, which starts from the beginning" if run.duel else "--resume goes on"
    return "" if run.finished else f", not finished: {then}"


def _versions(run: RunRecord) -> str:
    return ", ".join(
        f"{tool} {versions.get(tool, versions.get('python', ''))}" for tool, versions in sorted(run.versions.items())
    )


def _table(scenario: str, tier: str, rows: Sequence[Row]) -> Table:
    table = Table(title=f"{scenario}, {tier} tier: median and 95 % interval", title_justify="left")
    table.add_column("tool", no_wrap=True)
    numbers = Numbers.of(scenario, rows)
    for column in numbers.columns:
        table.add_column(Text.assemble(column.heading, "\n", (column.workload or "", "dim")), justify="right")
    for name, isolation in numbers.subjects:
        cells = [_cell(numbers, name, column) for column in numbers.columns]
        table.add_row(Text.assemble(name, "\n", (isolation, "dim")), *cells)
    return table


def _cell(numbers: Numbers, subject: str, column: Column) -> Text:
    row = numbers.cell(subject, column)
    if row is None:
        other = numbers.stand_in(subject, column)
        return Text(f"one lane:\n{other['workload']}" if other else "-", "dim")
    its = reading(row)
    spread = (f"\n{its.spread}" if its.spread else "", "dim")
    if its.kind != "value":
        return Text.assemble((its.text, "dim"), spread)
    return Text.assemble(("~" if row["unstable"] else "", "yellow"), its.text, spread)


def _caveats(console: Console, run: RunRecord, results: Row) -> None:
    for scenario, tier in {(row["scenario"], row["tier"]): None for row in results["controls"]}:
        floor = noise_floor([row_of(Control, row) for row in results["controls"]], scenario, tier)
        pairs = [row for row in results["controls"] if (row["scenario"], row["tier"]) == (scenario, tier)]
        said = ", ".join(
            f"{row['orchestrator']} {row['ratio']:.3f} [{row['low']:.3f}, {row['high']:.3f}]" for row in pairs if row["low"]
        )
        floor_said = "unknown" if floor is None else f"{floor:.1%}"
        console.print(f"A/A control, {scenario}, {tier}: {said or 'too few runs'}; noise floor {floor_said}")
    verdicts = Counter(row["verdict"] for row in results["checks"])
    counted = f"{verdicts['pass']} passed, {verdicts['fail']} failed, {verdicts['unsupported']} unsupported"
    console.print(f"Checks: {counted}")
    for (verdict, who, because), names in _gathered(results["checks"], "check"):
        style = "red" if verdict == "fail" else "yellow"
        console.print(Text.assemble("  ", (verdict, style), f" {who} {', '.join(names)}: {because}"))
    missing = [row | {"verdict": "missing", "because": row["missing_because"]} for row in results["estimates"]]
    for (_, who, because), names in _gathered([row for row in missing if row["median"] is None], "workload"):
        console.print(f"  missing: {who} {', '.join(names)}: {because}")
    if shaky := [row for row in results["estimates"] if row["unstable"]]:
        console.print(
            f"~ {len(shaky)} of {len(results['estimates'])} estimates are not to be trusted without a look:"
            " spread, outliers, drift or curved, as `unstable` says in results.json"
        )
    for each in run.warnings:
        console.print(Text.assemble(("machine:", "yellow"), f" {each}"))
    wall, subjects = sum(each.wall_s for each in run.segments), sum(each.subjects_s for each in run.segments)
    if wall:
        console.print(f"Wall time {wall / 60:.1f} min, of which no engine was up for {(wall - subjects) / wall:.1%}")


def _gathered(rows: Iterable[Row], name: str) -> Iterable[tuple[tuple[str, str, str], list[str]]]:
    """Put together what did not go well for the same reason: (verdict, who, because) and the names of what did not."""
    found: dict[tuple[str, str, str], dict[str, None]] = {}
    for row in rows:
        if row["verdict"] != "pass":
            who = f"{row['orchestrator']}/{row['deployment']} {row['tier']} {row['scenario']}"
            key = (row["verdict"], who, str(row["because"]).removeprefix("unsupported: "))
            found.setdefault(key, {})[row[name]] = None
    return [(key, list(names)) for key, names in sorted(found.items())]


def show_comparison(console: Console, its: Comparison) -> None:
    """Print what differs between two runs, what got worse first."""
    for check in its.checks:
        colour = "red" if check.is_regression else "green" if check.after == "pass" else "yellow"
        what = f"{check.setup.full_name}  {check.scenario}  {check.check}: {check.because}"
        console.print(Text.assemble((f"{check.before} -> {check.after}", colour), f" {what}"), soft_wrap=True)
    styles = {"lost": "red", "worse": "red", "better": "green"}
    for change in its.changes:
        if style := styles.get(change.verdict):
            console.print(Text.assemble((change.word, style), f" {change.name}: {_apart(change)}"), soft_wrap=True)
    counts = Counter(change.verdict for change in its.changes)
    console.print(", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS))


def _apart(change: Change) -> str:
    before = wording.said(change.unit, change.before)
    if change.after is None or change.effect is None:
        return f"it was {before}, and is missing"
    return f"{before} -> {wording.said(change.unit, change.after)}, {change.effect.said(change.unit)}"


def show_trend(console: Console, trend: Trend) -> None:
    """Print the latest values of each number, run by run."""
    for run in trend.runs:
        state = "" if run.record.finished else ", not finished"
        host = run.record.host
        line = f"{run.number:>3}  {run.record.id}, {run.began}, on {host.get('name')} ({host.get('cpu')}){state}"
        console.print(line, soft_wrap=True)
    latest = trend.runs[-LATEST:]
    for place in trend.places:
        table = Table(title=f"{place.scenario}, {place.tier} tier: medians", title_justify="left")
        for heading in ("number", "orchestrator"):
            table.add_column(heading)
        for run in latest:
            table.add_column(f"run {run.number}", justify="right")
        for number in place.numbers:
            for its in number.series:
                table.add_row(number.column.name, its.subject, *(its.said(run.number) for run in latest))
        console.print(table)
        for gap in place.gaps:
            why = "; ".join(each.said for each in gap.differences)
            said = f"{NOT_COMPARABLE} run {gap.after} cannot be compared with run {gap.before}: {why}"
            console.print(said, soft_wrap=True)
