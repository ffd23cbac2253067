"""The reader's own workload, and the tool that takes the shortest for it."""

from __future__ import annotations

from bench.report.answer.card import NOT_MEASURED, Card
from bench.report.answer.ranking import are_several, compared, leaders, picked, ranking, usual, valued, with_isolation
from bench.report.facts import Facts
from bench.report.prose import Sentence


def own_workload(facts: Facts, workload: str) -> Card:
    """Say which tool is the fastest, on its servers and from a script."""
    picks: list[str] = []
    because: list[Sentence] = []
    rows: list[list[Sentence]] = []
    for scenario in facts.scenarios:
        for tier in reversed(facts.tiers(scenario)):
            ranked = usual(compared(facts, scenario, tier, "first_to_last_s", workload))
            if are_several(ranked):
                picks.append(f"{picked(leaders(facts, ranked), ranked)}, at the {tier} tier")
                fastest = "is the fastest from the first task to the last"
                because.append(ranking(facts, ranked, tier, fastest, with_isolation))
            spans = [row for row in facts.estimates(scenario, tier) if row.workload == workload]
            spans = [row for row in spans if row.metric == "first_to_last_s" and row.median is not None]
            rows += [[Sentence.of(f"{row.setup.name}, {tier}"), valued(row)] for row in spans]
    need = f"Your workload {workload}"
    if not rows:
        return Card(need, NOT_MEASURED)
    pick = "; ".join(picks) or "no two tools to compare"
    return Card(need, pick[0].upper() + pick[1:], because, (), ("", "from the first task to the last"), rows, "matrix")
