"""The matrix: one number and the verdicts of every tool in every scenario."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.derive.table import matches
from bench.report.facts import Facts
from bench.report.sections import Section, Subsection, key
from bench.report.settings import unusual
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
    """How many verdicts of each kind there are, over all deployments of the tool; what is not applicable is none."""
    means: Mapping[str, int]
    """How many passed because the pipeline's author wrote, declared or asked for something, by which of these it was."""
    settings: str
    """The settings of all of this, unless they are the default ones."""


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
    has_draws: bool
    """Whether a poll draws any of the numbers."""


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
        subsection.table.lead.name,
        cells,
        any(cell.row and facts.draws.has(cell.row) for cell in cells),
    )


def _cell(subsection: Subsection, tool: str) -> Cell:
    table = subsection.table
    column = table.lead
    setups = [setup for setup in table.setups if setup.orchestrator == tool]
    cells = (table.cell(setup, column) or table.stand_in(setup, column) for setup in setups)
    row = next((cell for cell in cells if cell and cell.usual and subsection.standing.stands(cell)), None)
    other = row.workload if row and not matches(row, column) else ""
    checks = [each for each in subsection.standing.judged if each.setup.orchestrator == tool]
    verdicts = Counter(each.verdict for each in checks)
    counts = {kind: verdicts[kind] for kind in ("pass", "fail", "unsupported")} if verdicts else {}
    passed = Counter(each.means for each in checks if each.verdict == "pass")
    means = {words: passed[kind] for kind, words in MEANS if passed[kind]}
    settings = unusual(each.setup for each in ([row] if row else checks))
    return Cell(row, other, key(row) if row else "", counts, means, settings)
