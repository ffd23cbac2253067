"""The reader's own workload: which tool takes it the shortest."""

from __future__ import annotations

from bench import wording
from bench.orchestrators import REFERENCE
from bench.report.answer.card import NOT_MEASURED, Card
from bench.report.answer.ranking import ranking, valued
from bench.report.facts import Facts
from bench.report.prose import Sentence


def own_workload(facts: Facts, workload: str) -> Card:
    """Say which tool takes the shortest for it."""
    need = f"Your workload {workload}"
    because: list[Sentence] = []
    rows: list[list[Sentence]] = []
    for scenario in facts.scenarios:
        for tier in facts.tiers(scenario):
            found = [row for row in facts.estimates(scenario, tier) if row["workload"] == workload]
            spans = [row for row in found if row["metric"] == "makespan_s" and row["median"] is not None]
            ranked = sorted((row for row in spans if row["orchestrator"] != REFERENCE), key=lambda row: row["median"])
            if len(ranked) > 1:
                because.append(ranking(facts, ranked, tier, "takes the shortest"))
            rows += [[Sentence.of(f"{wording.subject(row)}, {tier}"), valued(row)] for row in spans]
    return Card(need, "" if rows else NOT_MEASURED, because, (), ("", "makespan"), rows, "matrix")
