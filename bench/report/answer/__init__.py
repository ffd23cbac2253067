"""The first screen: which tool to pick for which need, in sentences that name their numbers.

No sentence says more than the data supports. Where too little was measured to tell two tools apart, the sentence says so.
"""

from __future__ import annotations

from dataclasses import replace

from bench.report.answer.card import ASKED_TOO, NOT_MEASURED, Below, Card, conjoined
from bench.report.answer.law import law
from bench.report.answer.nightly_job import TOPICS, nightly_job
from bench.report.answer.own_workload import own_workload
from bench.report.answer.short_tasks import short_tasks
from bench.report.answer.upkeep import least_to_look_after
from bench.report.facts import Facts
from bench.scenarios import SCENARIOS

__all__ = ["NOT_MEASURED", "TOPICS", "Below", "Card", "cards", "not_measured"]


def cards(facts: Facts) -> list[Card]:
    """Answer what readers ask most; their own workload comes first, if one was measured."""
    asked = dict.fromkeys(part.own_workload for part in facts.run.by_part.values() if part.own_workload)
    own = [own_workload(facts, workload) for workload in asked]
    # Who measured a workload of their own, and nothing else, has no table of what another one pays.
    below = None if all(part.own_workload for part in facts.run.by_part.values()) else law(facts)
    headline = replace(short_tasks(facts), below=below)
    return [*own, headline, nightly_job(facts), least_to_look_after(facts)]


def not_measured(facts: Facts) -> list[str]:
    """Name what was not measured, and so is no part of the answer."""
    skipped = [f"{name} (not in this run)" for name in SCENARIOS if name not in facts.scenarios]
    beyond = [text for name, text in ASKED_TOO.items() if name not in SCENARIOS]
    narrow = [name for name in facts.scenarios if facts.tiers(name) == ["library"]]
    tier = [f"{conjoined(narrow)} at the service tier"] if narrow else []
    return [*skipped, *tier, *beyond, "databases other than SQLite", "other machines"]
