"""Many short tasks: what each tool adds to a task, and how long a run waits for its first."""

from __future__ import annotations

from collections.abc import Sequence

from bench import wording
from bench.report import prose
from bench.report.answer.card import NOT_MEASURED, Card, Row
from bench.report.answer.ranking import leading, ranking, stock, valued
from bench.report.facts import Facts
from bench.report.prose import Sentence


def short_tasks(facts: Facts) -> Card:
    """Say which tool adds the least to a task, tier by tier."""
    need = "Many short tasks"
    because: list[Sentence] = []
    rows: list[list[Sentence]] = []
    leaders: dict[str, list[str]] = {}
    for tier in facts.tiers("overhead"):
        ranked = stock(facts, "overhead", tier, "per_task_ms", "chain")
        if len({row["orchestrator"] for row in ranked}) > 1:
            leaders.setdefault(leading(facts, ranked), []).append(tier)
            because.append(ranking(facts, ranked, tier, "adds the least to a task"))
            waits = stock(facts, "overhead", tier, "submit_to_first_s", "chain_1")
            if waits and waits[0]["orchestrator"] != ranked[0]["orchestrator"]:
                because.append(_waits(waits, tier))
            rows += [_short_task_row(facts, row, tier) for row in ranked]
    if not leaders:
        return Card(need, NOT_MEASURED)
    pick = "; ".join(
        f"{names}, at {'both tiers' if len(tiers) > 1 else f'the {tiers[0]} tier'}" for names, tiers in leaders.items()
    )
    heading = ("", "isolation", "each task of a chain adds", "wait before the first task")
    return Card(need, pick, because, heading, rows, "overhead")


def _waits(waits: Sequence[Row], tier: str) -> Sentence:
    said = [(f"{wording.subject(row)} ", prose.median(row), *prose.bounds(row)) for row in waits]
    return Sentence.of(
        f"But at the {tier} tier a run waits before its first task, which decides where tasks are few: ",
        *prose.listed(said),
        ".",
    )


def _short_task_row(facts: Facts, row: Row, tier: str) -> list[Sentence]:
    wait = facts.estimate("overhead", tier, "submit_to_first_s", "chain_1", wording.subject(row))
    return [Sentence.of(f"{wording.subject(row)}, {tier}"), Sentence.of(row["isolation"]), valued(row), valued(wait)]
