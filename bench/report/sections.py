"""The section of each scenario: charts, tables, verdicts, code and timelines."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench.derive.controls import controlled, noise_floor
from bench.derive.reading import reading
from bench.derive.table import Table, matches
from bench.plan.setup import Setup
from bench.report import timelines
from bench.report.charts import Drawing, Mark, Panel, dots
from bench.report.facts import Facts
from bench.report.floors import Floor, by_tool
from bench.report.scaling import scaling
from bench.report.settings import Standing
from bench.scenarios import SCENARIOS
from bench.scenarios.kit.table import Column
from bench.store.rows import Check, Estimate


@dataclass(frozen=True)
class Subsection:
    """A scenario at one tier."""

    scenario: str
    tier: str
    table: Table
    checks: Sequence[Check]
    standing: Standing
    """Which of the rows stand for the tools."""
    told: str
    """In which settings the tools are compared, where readers have to know."""
    floors: Mapping[str, Floor]
    """The noise floor by tool, as it was applied."""
    floor: float | None
    """The noise floor of the control alone."""
    floor_of: Sequence[str]
    """The scenarios whose controls give it."""
    charts: Sequence[Drawing]
    part: str = ""
    """Which part of a merged run it is of, in words, where several have the scenario."""
    has_draws: bool = False
    """Whether a poll draws any of the numbers."""
    remarks: Sequence[str] = ()
    """What the folders of the tools have to say about numbers of the table."""

    @property
    def id(self) -> str:
        """Return the anchor of the subsection."""
        return anchor(self.scenario, self.tier, *filter(None, [self.part]))

    @property
    def estimates(self) -> Sequence[Estimate]:
        """Return all estimates, with a column or without."""
        return self.table.rows

    def measured(self, tool: str) -> dict[str, list[tuple[Column, Estimate]]]:
        """Return the numbers of a tool that stand for it, in the usual deployment, by setup."""
        own = [row for row in self.estimates if row.usual and row.setup.orchestrator == tool]
        rows = [row for row in own if self.standing.stands(row)]
        numbers: dict[str, list[tuple[Column, Estimate]]] = {}
        for column in self.table.columns:
            for row in rows:
                if matches(row, column):
                    numbers.setdefault(row.setup.name, []).append((column, row))
        return numbers


@dataclass(frozen=True)
class Section:
    """What a report shows of a scenario."""

    name: str
    question: str
    limits: Sequence[str]
    subsections: Sequence[Subsection]
    timelines: Sequence[Drawing]

    @property
    def drawings(self) -> list[Drawing]:
        """Return all pictures of the section."""
        return [*(chart for subsection in self.subsections for chart in subsection.charts), *self.timelines]


def sections(facts: Facts) -> list[Section]:
    """Return a section for every scenario of the run."""
    return [_section(facts, scenario) for scenario in facts.scenarios]


def _section(facts: Facts, scenario: str) -> Section:
    about = SCENARIOS[scenario]
    parts = facts.parts(scenario)
    subsections = [_subsection(facts, part, scenario, tier) for part in parts for tier in part.places(scenario)]
    return Section(scenario, about.question, about.limits, subsections, _timelines(facts, subsections))


def _subsection(run: Facts, facts: Facts, scenario: str, tier: str) -> Subsection:
    """Return what a part of the run has of a scenario at a tier."""
    rows, standing, controls = facts.estimates(scenario, tier), facts.standing(scenario, tier), facts.results.controls
    own = [row for row in facts.results.ratios if (row.scenario, row.setup.tier) == (scenario, tier)]
    bare = Subsection(
        scenario, tier, Table.of(scenario, rows), facts.checks(scenario, tier), standing, standing.told(facts.tools),
        {facts.tools.name(tool): floor for tool, floor in by_tool(own).items()},
        noise_floor(controls, scenario, tier), controlled(controls, scenario, tier), (),
        run.told(rows[0].setup, scenario), any(map(facts.draws.has, rows)),
    )  # fmt: skip
    charts = [_headline_chart(facts, bare), *scaling(facts, scenario, tier, bare.part, bare.id)]
    shown = [row for column in bare.table.columns for setup in bare.table.setups if (row := bare.table.cell(setup, column))]
    remarks = dict.fromkeys(remark for row in shown if (remark := facts.tools.remark(row)))
    return replace(bare, charts=[chart for chart in charts if chart], remarks=list(remarks))


def _headline_chart(facts: Facts, subsection: Subsection) -> Drawing | None:
    """Draw every number that stands for the scenario, with the interval and the single runs."""
    panels: list[Panel] = []
    drawn: list[Estimate] = []
    table = subsection.table
    for column in table.columns:
        own = [row for setup in table.setups if (row := table.cell(setup, column))]
        if any(reading(row).kind == "value" and not facts.draws.has(row) for row in own):
            marks = [_mark(facts, table, setup, column) for setup in table.setups]
            panels.append(Panel(column.title, own[0].unit, marks))
            drawn += own
    title = f"{subsection.scenario}, {subsection.tier} tier{subsection.part}: median, interval and single runs"
    return dots(title, panels) if panels else None


def _mark(facts: Facts, table: Table, setup: Setup, column: Column) -> Mark:
    name, look = setup.name, facts.tools.look(setup.orchestrator)
    row, other = table.cell(setup, column), table.stand_in(setup, column)
    if row is None:
        return Mark("", name, look, None, None, None, instead=f"one lane: {other.workload}" if other else "not run")
    read = reading(row)
    if read.kind != "value":
        return Mark(f"dot-{key(row)}", name, look, None, None, None, instead=read.text)
    if draw := facts.draw(row):
        return Mark(f"dot-{key(row)}", name, look, None, None, None, instead=str(draw))
    return Mark(f"dot-{key(row)}", name, look, row.median, row.low, row.high, facts.values(row))


def _timelines(facts: Facts, subsections: Sequence[Subsection]) -> list[Drawing]:
    """Draw a run of each tool in the usual deployment."""
    drawings: list[Drawing] = []
    for subsection in subsections:
        rows = [row for row in subsection.estimates if row.median is not None]
        rows = [row for row in rows if row.usual and subsection.standing.stands(row)]
        for row in _drawn_by(subsection, rows):
            drawing = timelines.drawn(facts, row, f"{row.setup.name}, {subsection.tier}{subsection.part}")
            if drawing:
                drawings.append(drawing)
    return drawings


def _drawn_by(subsection: Subsection, rows: Sequence[Estimate]) -> list[Estimate]:
    """Return the estimates whose typical runs are drawn: of the workload that the scenario names or the table shows."""
    spans = [row for row in rows if row.metric == "makespan_s"]
    for workload in SCENARIOS[subsection.scenario].timeline:
        if own := [row for row in rows if row.workload == workload]:
            return [row for row in spans if row.workload == workload] or [row for row in own if row.metric == own[0].metric]
    workloads = Counter(row.workload for row in spans)
    shown = [column.workload for column in subsection.table.columns]
    most = [workload for workload, _ in workloads.most_common(1)]
    chosen = next((workload for workload in (*shown, *most) if workload in workloads), None)
    return [row for row in spans if row.workload == chosen]


def key(row: Estimate) -> str:
    """Return the anchor of an estimate."""
    return anchor(*row.key)


def anchor(*names: str) -> str:
    """Return an id for HTML, another one for every other list of names."""
    plain = "-".join(re.sub(r"[^A-Za-z0-9_]+", "-", name) for name in names)
    if all(re.fullmatch(r"[A-Za-z0-9_]*", name) for name in names):
        return plain
    return f"{plain}-{hashlib.sha256(repr(names).encode()).hexdigest()[:8]}"
