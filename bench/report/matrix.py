"""The matrix: one number and the verdicts of every tool in every scenario."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.derive.table import matches
from bench.plan.setup import ANY
from bench.report.facts import Facts
from bench.report.sections import Section, Subsection, key
from bench.store.rows import Estimate, Means

MEANS: Final[Sequence[tuple[Means, str]]] = (("by_hand", "by hand"), ("declared", "declared"), ("opt_in", "opt-in"))
"""By what means a check may pass other than as the tool comes, and the words for it."""


@dataclass(frozen=True)
class Cell:
    """A tool in a scenario, at a tier."""

    row: Estimate | None
    other: str
    """The workload of the number, where a tool with one lane was run at another width than the line says."""
    id: str
    """The anchor of the evidence."""
    counts: Mapping[str, int]
    """How many verdicts of each kind there are, over all stock deployments of the tool; what is not applicable is none."""
    means: Mapping[str, int]
    """How many passed because the pipeline's author wrote, declared or asked for something, by which of these it was."""


@dataclass(frozen=True)
class Line:
    """A scenario at a tier."""

    scenario: str
    tier: str
    part: str
    """The part of a merged run, where several have the scenario."""
    id: str
    checks: str
    number: str
    cells: Sequence[Cell]


def matrix(facts: Facts, sections: Sequence[Section]) -> list[Line]:
    """Return a line for every scenario and tier."""
    return [_line(facts, subsection) for section in sections for subsection in section.subsections]


def _line(facts: Facts, subsection: Subsection) -> Line:
    cells = [_cell(subsection, tool) for tool in facts.orchestrators]
    return Line(
        subsection.scenario,
        subsection.tier,
        subsection.part,
        subsection.id,
        f"{subsection.id}-checks",
        subsection.table.columns[0].name,
        cells,
    )


def _cell(subsection: Subsection, tool: str) -> Cell:
    table = subsection.table
    column = table.columns[0]
    setups = [setup for setup in table.setups if setup.orchestrator == tool and setup.profile in {"stock", ANY}]
    cells = (table.cell(setup, column) or table.stand_in(setup, column) for setup in setups)
    row = next((cell for cell in cells if cell and cell.usual), None)
    other = row.workload if row and not matches(row, column) else ""
    checks = [row for row in subsection.checks if row.setup.orchestrator == tool and row.setup.profile == "stock"]
    verdicts = Counter(row.verdict for row in checks)
    counts = {kind: verdicts[kind] for kind in ("pass", "fail", "unsupported")} if verdicts else {}
    passed = Counter(row.means for row in checks if row.verdict == "pass")
    means = {words: passed[kind] for kind, words in MEANS if passed[kind]}
    return Cell(row, other, key(row) if row else "", counts, means)
