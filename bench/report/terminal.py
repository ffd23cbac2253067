"""What a terminal shows: the costs of a run side by side and the caveats, a comparison, a trend.

The console has to show strings as they are (`bench.cli.console.Plain`): somebody else's run may have any names.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from bench.base import wording
from bench.compare.changes import Change
from bench.compare.comparison import Comparison
from bench.compare.history import NOT_COMPARABLE, Trend
from bench.compare.judging import VERDICTS
from bench.derive.controls import noise_floor
from bench.derive.draws import Draws
from bench.derive.reading import reading
from bench.derive.table import Table as Numbers
from bench.plan.setup import Setup
from bench.report import unstable
from bench.report.draws import NOTE, drawn
from bench.report.floors import by_place
from bench.report.parts import said
from bench.scenarios import SCENARIOS
from bench.scenarios.kit.table import Column
from bench.store.records import RunRecord
from bench.store.rows import Estimate, Results

if TYPE_CHECKING:  # it imports matplotlib, which takes long
    from bench.report.answer import Card

LATEST = 5
"""How many runs of a trend fit side by side."""


def show(console: Console, run: RunRecord, results: Results) -> None:
    """Print the summary of a run."""
    _show_sittings(console, run)
    console.print(_versions(run))
    draws = Draws.of(results.ranges)
    measured = {row.scenario for row in results.estimates}
    places = {(row.setup.part, row.setup.tier): None for row in results.estimates}
    for scenario in (name for name in SCENARIOS if name in measured):
        several = len({row.setup.part for row in results.estimates if row.scenario == scenario}) > 1
        for part, tier in places:
            own = [row for row in results.estimates if (row.setup.part, row.setup.tier) == (part, tier)]
            if rows := [row for row in own if row.scenario == scenario]:
                console.print(_table(scenario, f"{tier} tier, part {part}" if several else f"{tier} tier", rows, draws))
    for scenario in sorted(measured - SCENARIOS.keys()):
        console.print(f"{scenario}: this version of orchbench has no such scenario; the numbers are in results.json")
    _caveats(console, run, results)


def show_answer(console: Console, cards: Iterable[Card]) -> None:
    """Print which tool to pick for each need that was measured, and why."""
    for card in cards:
        if card.is_measured:
            console.print(Text.assemble((f"{card.need}: {card.pick}.", "bold")))
            for each in card.because:
                console.print(f"- {each}")


def _show_sittings(console: Console, run: RunRecord) -> None:
    """Print what was asked for, and on which machine; of a merged run a line for each part."""
    runs = f"{run.trials_planned} runs planned, and warm-ups"
    if run.parts:
        console.print(Text.assemble((run.id, "bold"), f": merged of {len(run.parts)} parts, {runs}"))
        for part in run.parts:
            console.print(said(part), soft_wrap=True)
        return
    about = f": suite {run.suite['name']}, seed {run.seed}, width {run.width}, {runs}"
    console.print(Text.assemble((run.id, "bold"), about, (_unfinished(run), "yellow")))
    host = run.host
    console.print(f"on {host.cpu}, {host.cores} cores, {host.memory_gb} GB, Python {host.python}")


def _unfinished(run: RunRecord) -> str:
    then = "of a duel, which starts from the beginning" if run.duel else "--resume goes on"
    return "" if run.finished else f", not finished: {then}"


def _versions(run: RunRecord) -> str:
    return ", ".join(
        f"{tool} {versions.get(tool, versions.get('python', ''))}" for tool, versions in sorted(run.versions.items())
    )


def _table(scenario: str, place: str, rows: Sequence[Estimate], draws: Draws) -> Table:
    table = Table(title=f"{scenario}, {place}: median and 95 % interval", title_justify="left")
    table.add_column("tool", no_wrap=True)
    numbers = Numbers.of(scenario, rows)
    for column in numbers.columns:
        table.add_column(stacked(Text(column.heading), Text(column.workload or "", "dim")), justify="right")
    for setup in numbers.setups:
        cells = [_cell(numbers, setup, column, draws) for column in numbers.columns]
        table.add_row(stacked(Text(setup.name), Text(setup.isolation, "dim")), *cells)
    return table


def stacked(*lines: Text) -> Group:
    """Return text of several lines: a line break within a text is somebody else's, and is shown as one."""
    return Group(*lines)


def _cell(numbers: Numbers, setup: Setup, column: Column, draws: Draws) -> Group | Text:
    row = numbers.cell(setup, column)
    if row is None:
        other = numbers.stand_in(setup, column)
        return stacked(Text("one lane:", "dim"), Text(other.workload, "dim")) if other else Text("-", "dim")
    if draw := drawn(draws, row):
        return Text(str(draw), "dim")
    read = reading(row)
    spread = [Text(read.spread, "dim")] if read.spread else []
    if read.kind != "value":
        return stacked(Text(read.text, "dim"), *spread)
    return stacked(Text.assemble(("~" if row.unstable else "", "yellow"), read.text), *spread)


def _caveats(console: Console, run: RunRecord, results: Results) -> None:
    """Print what to know before believing the numbers."""
    _print_controls(console, results)
    _print_lacks(console, results)
    console.print(f"~ {unstable.counts(results.estimates)}")
    if any(map(Draws.of(results.ranges).has, results.estimates)):
        console.print(NOTE)
    for warning in (*run.warnings, *results.machine):
        console.print(Text.assemble(("machine:", "yellow"), f" {warning}"))
    wall = sum(segment.wall_s for segment in run.segments)
    subjects = sum(segment.subjects_s for segment in run.segments)
    if wall:
        console.print(f"Wall time {wall / 60:.1f} min, of which no engine was up for {(wall - subjects) / wall:.1%}")


def _print_controls(console: Console, results: Results) -> None:
    for part, scenario, tier in {(row.setup.part, row.scenario, row.setup.tier): None for row in results.controls}:
        own = [row for row in results.controls if row.setup.part == part]
        floor = noise_floor(own, scenario, tier)
        pairs = [row for row in own if (row.scenario, row.setup.tier) == (scenario, tier)]
        ratios = ", ".join(
            f"{row.setup.orchestrator} {row.ratio:.3f} [{row.low:.3f}, {row.high:.3f}]" for row in pairs if row.low
        )
        noise = "has no interval" if floor is None else f"may lie {floor:.1%} from 1"
        where = ", ".join((scenario, tier, *(f"part {each}" for each in pairs[0].setup.in_part)))
        console.print(f"A/A control, {where}: {ratios or 'too few starts'}; the control {noise}")
    for place, floors in by_place(results.ratios).items():
        console.print(f"Noise floor, {place}: {', '.join(f'{tool} {floor}' for tool, floor in floors.items())}")


def _print_lacks(console: Console, results: Results) -> None:
    """Print the checks that did not pass, and the numbers that are missing."""
    verdicts = Counter(row.verdict for row in results.checks)
    counts = f"{verdicts['pass']} passed, {verdicts['fail']} failed, {verdicts['unsupported']} unsupported"
    console.print(f"Checks: {counts}")
    checks = [
        _Lack(row.verdict, row.setup, row.scenario, row.because, row.check)
        for row in results.checks
        if row.verdict != "pass"
    ]
    for lack, names in _gathered(checks):
        style = "red" if lack.verdict == "fail" else "yellow"
        verdict = lack.verdict.replace("_", " ")
        console.print(Text.assemble("  ", (verdict, style), f" {lack.who} {', '.join(names)}: {lack.why}"))
    numbers = [
        _Lack("missing", row.setup, row.scenario, str(row.missing_because), row.workload)
        for row in results.estimates
        if row.median is None
    ]
    for lack, names in _gathered(numbers):
        console.print(f"  missing: {lack.who} {', '.join(names)}: {lack.why}")


@dataclass(frozen=True)
class _Lack:
    """A check that did not pass, or a number that is missing, and why."""

    verdict: str
    setup: Setup
    scenario: str
    because: str
    name: str

    @property
    def who(self) -> str:
        """Return the setup and the scenario."""
        part = "".join(f" part {each}" for each in self.setup.in_part)
        return f"{self.setup.orchestrator}/{self.setup.deployment} {self.setup.tier} {self.scenario}{part}"

    @property
    def why(self) -> str:
        """Return the reason without the verdict."""
        return self.because.removeprefix("unsupported: ")


def _gathered(lacks: Iterable[_Lack]) -> Iterator[tuple[_Lack, list[str]]]:
    """Group what lacks for the same reason, with the names of all of it."""
    groups: dict[tuple[str, str, str], dict[str, _Lack]] = defaultdict(dict)
    for lack in lacks:
        groups[lack.verdict, lack.who, lack.why].setdefault(lack.name, lack)
    for _, by_name in sorted(groups.items(), key=itemgetter(0)):
        yield next(iter(by_name.values())), list(by_name)


def show_comparison(console: Console, comparison: Comparison) -> None:
    """Print what differs between two runs: first the checks, then what got worse, then what got better."""
    for check in comparison.checks:
        colour = "green" if check.after == "pass" else "yellow"
        if check.is_regression:
            colour = "red"
        what = f"{check.setup.full_name}  {check.scenario}  {check.check}: {check.because}"
        console.print(Text.assemble((f"{check.before} -> {check.after}", colour), f" {what}"), soft_wrap=True)
    styles = {"lost": "red", "worse": "red", "better": "green"}
    for change in comparison.changes:
        if style := styles.get(change.verdict):
            console.print(Text.assemble((change.word, style), f" {change.name}: {_apart(change)}"), soft_wrap=True)
    counts = Counter(change.verdict for change in comparison.changes)
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
        line = f"{run.number:>3}  {run.record.id}, {run.began}, on {host.name} ({host.cpu}){state}"
        console.print(line, soft_wrap=True)
    latest = trend.runs[-LATEST:]
    for scenario in trend.scenarios:
        table = Table(title=f"{scenario.name}, {scenario.tier} tier: medians", title_justify="left")
        for heading in ("number", "orchestrator"):
            table.add_column(heading)
        for run in latest:
            table.add_column(f"run {run.number}", justify="right")
        for number in scenario.numbers:
            for series in number.series:
                table.add_row(number.column.name, series.setup.name, *(series.said(run.number) for run in latest))
        console.print(table)
        if scenario.has_draws:
            console.print(NOTE)
        for gap in scenario.gaps:
            why = "; ".join(difference.said for difference in gap.differences)
            line = f"{NOT_COMPARABLE} run {gap.after} cannot be compared with run {gap.before}: {why}"
            console.print(line, soft_wrap=True)
