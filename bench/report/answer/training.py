"""How long a training takes, and how long its run waits at both ends."""

from __future__ import annotations

from typing import TypeGuard

from bench.report import prose
from bench.report.answer.ranking import compared, usual
from bench.report.facts import Facts
from bench.report.prose import Part, Sentence
from bench.report.settings import unusual
from bench.store.rows import Estimate


def trainings(facts: Facts, tier: str) -> list[Sentence]:
    """Say how long the steps take, then the ends of the run; in the order of names, as a single run makes no order."""
    rows = sorted(usual(compared(facts, "churn", tier, "first_to_last_s", "train")), key=lambda row: row.setup.name)
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
        steps.append(
            (f"{who} ({row.setup.isolation}) ", prose.median(row), *(() if single else prose.bounds(row)), *without)
        )
        if _has_value(wait) and _has_value(lag):
            ends.append((f"{who} ", *_told(facts, wait), " + ", prose.median(lag)))
    remarks = [*filter(None, [unusual(row.setup for row in rows)]), *(["one run each"] if single else [])]
    how = f" ({', '.join(remarks)})" if remarks else ""
    lead = f"A training at the {tier} tier{how}, from the first step to the last: "
    sentences = [Sentence.of(lead, *prose.listed(steps), ".")]
    if ends:
        ranges = [facts.range_of("churn", "submit_to_first_s", row.setup) for row in rows]
        polls = ""
        if any(row and row.polls for row in ranges):
            polls = " The wait holds the next poll, which is a matter of chance, and the start of processes."
        lead = "The wait before the first step + the time from the last step until the run is done: "
        sentences.append(Sentence.of(lead, *prose.listed(ends), f".{polls}"))
    return sentences


def _told(facts: Facts, wait: Estimate) -> tuple[Part, ...]:
    """Return a wait as it was seen, or in parentheses as the draw that a poll makes of it."""
    draw = facts.draw(wait)
    return draw.parts if draw else (prose.median(wait),)


def _has_value(row: Estimate | None) -> TypeGuard[Estimate]:
    return row is not None and row.median is not None
