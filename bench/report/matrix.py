"""The matrix: every scenario beside every orchestrator, by one number and the verdicts on each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.report.facts import Facts
from bench.report.sections import Place, Section, key

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """A tool in a scenario, at a tier."""

    row: Row | None
    id: str
    """Where the number's evidence is."""
    counts: Mapping[str, int]
    """How many verdicts there were of each kind, over all its stock deployments."""
    by_hand: int
    """How many of those that passed did by what the pipeline's author wrote in the tool's place."""


@dataclass(frozen=True)
class Line:
    """A scenario at a tier."""

    scenario: str
    tier: str
    id: str
    checks: str
    number: str
    cells: Sequence[Cell]


def matrix(facts: Facts, sections: Sequence[Section]) -> list[Line]:
    """Return a line for every scenario and tier."""
    return [_line(facts, place) for section in sections for place in section.places]


def _line(facts: Facts, place: Place) -> Line:
    heading, metric, workload = place.columns[0]
    number = f"{heading} ({metric}, {workload})" if workload else f"{heading} ({metric})"
    cells = [_cell(facts, place, tool) for tool in facts.orchestrators]
    return Line(place.scenario, place.tier, place.id, f"{place.id}-checks", number, cells)


def _cell(facts: Facts, place: Place, tool: str) -> Cell:
    names = [name for name, _ in place.subjects if name.partition("/")[0] == tool]
    usual = next((name for name in names if (tool, name) in facts.usual(place.tier)), None)
    row = place.cell(usual, place.columns[0]) if usual else None
    checks = [row for row in place.checks if row["orchestrator"] == tool and row["profile"] == "stock"]
    verdicts = Counter(row["verdict"] for row in checks)
    counts = {kind: verdicts[kind] for kind in ("pass", "fail", "unsupported")} if verdicts else {}
    by_hand = sum(row["verdict"] == "pass" and row["means"] == "by_hand" for row in checks)
    return Cell(row, key(row) if row else "", counts, by_hand)
