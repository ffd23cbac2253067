"""How long a training takes, and the run before and after it."""

from __future__ import annotations

from typing import TypeGuard

from bench.report import prose
from bench.report.answer.ranking import stock, usual
from bench.report.facts import Facts
from bench.report.prose import Part, Sentence
from bench.store.rows import Estimate


def trainings(facts: Facts, tier: str) -> list[Sentence]:
    """Tell it by name, as a single run makes no order; and by itself what comes before the first step and after the last."""
    rows = sorted(usual(stock(facts, "churn", tier, "first_to_last_s", "train")), key=lambda row: row.setup.name)
    if not rows:
        return []
    single = all(row.n == 1 for row in rows)
    steps: list[tuple[Part, ...]] = []
    ends: list[tuple[Part, ...]] = []
    for row in rows:
        who = row.setup.name
        idle, wait, lag = (
            facts.estimate("churn", metric, "train", row.setup)
            for metric in ("between_steps_s", "submit_to_first_s", "finish_lag_s")
        )
        without: tuple[Part, ...] = (", with no step running for ", prose.median(idle), " of it") if _has_value(idle) else ()
        steps.append((f"{who} ", prose.median(row), *(() if single else prose.bounds(row)), *without))
        if _has_value(wait) and _has_value(lag):
            ends.append((f"{who} ", prose.median(wait), " + ", prose.median(lag)))
    once = " (one run each)" if single else ""
    lead = f"A training at the {tier} tier{once}, from its first step to its last: "
    said = [Sentence.of(lead, *prose.listed(steps), ".")]
    if ends:
        ranges = [facts.range_of("churn", "submit_to_first_s", row.setup) for row in rows]
        polls = (
            " The wait is a matter of chance: it ends with the next poll."
            if any(row and row.polls for row in ranges)
            else ""
        )
        lead = "Its wait before the first step + from the last until the run is done: "
        said.append(Sentence.of(lead, *prose.listed(ends), f".{polls}"))
    return said


def _has_value(row: Estimate | None) -> TypeGuard[Estimate]:
    return row is not None and row.median is not None
