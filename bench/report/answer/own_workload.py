"""The reader's own workload, and the tool that takes the shortest for it."""

from __future__ import annotations

from typing import Final

from bench.report.answer.card import NOT_MEASURED, Card
from bench.report.answer.ranking import Ranks, compared, ranking, told_alone, valued
from bench.report.facts import Facts
from bench.report.prose import Sentence

HEADING: Final = ("", "isolation", "from the first task to the last")


def own_workload(facts: Facts, workload: str) -> Card:
    """Say which tool is the fastest, on its servers and from a script."""
    picks: list[str] = []
    because: list[Sentence] = []
    rows: list[list[Sentence]] = []
    for scenario in facts.scenarios:
        for tier in reversed(facts.tiers(scenario)):
            ranks = Ranks.of(facts, compared(facts, scenario, tier, "first_to_last_s", workload))
            picks += [f"{ranks.picked(facts)}, at the {tier} tier"] if ranks.fields else []
            fastest, takes = "is the fastest from the first task to the last", "takes, from the first task to the last,"
            because += [ranking(facts, field, tier, fastest) for field in ranks.fields]
            because += [told_alone(field, tier, takes) for field in ranks.alone]
            spans = [row for row in facts.estimates(scenario, tier) if row.workload == workload]
            for row in (row for row in spans if row.metric == "first_to_last_s" and row.median is not None):
                rows.append([Sentence.of(f"{row.setup.name}, {tier}"), Sentence.of(row.setup.isolation), valued(row)])
    need = f"Your workload {workload}"
    if not rows:
        return Card(need, NOT_MEASURED)
    pick = "; ".join(picks) or "no two tools to compare"
    return Card(need, pick[0].upper() + pick[1:], because, (), HEADING, rows, "matrix")
