"""Many short tasks: what each tool adds to a task, and how long a run waits for its first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench import wording
from bench.report import prose
from bench.report.answer.card import NOT_MEASURED, Card, Row
from bench.report.answer.ranking import leading, ranking, stock, valued
from bench.report.facts import Facts
from bench.report.prose import Part, Sentence


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
            ends = _ends(facts, ranked, tier)
            if len({each.tool for each in ends}) > 1 and not _is_shortest(ranked[0], ends):
                because.append(_waits(ends, tier))
            rows += [_short_task_row(facts, row, tier) for row in ranked]
    if not leaders:
        return Card(need, NOT_MEASURED)
    pick = "; ".join(
        f"{names}, at {'both tiers' if len(tiers) > 1 else f'the {tiers[0]} tier'}" for names, tiers in leaders.items()
    )
    heading = ("", "isolation", "each task of a chain adds", "wait before the first task")
    return Card(need, pick, because, heading, rows, "overhead")


@dataclass(frozen=True)
class _Ends:
    """What a run takes beside its tasks."""

    tool: str
    who: str
    wait: Row
    """Before its first task: of runs of a single one; where the engine polls, the range of all runs."""

    @property
    def least(self) -> float:
        return float(self.wait["median"] if self.wait["low"] is None else self.wait["low"])

    @property
    def most(self) -> float:
        return float(self.wait["median"] if self.wait["high"] is None else self.wait["high"])


def _ends(facts: Facts, ranked: Sequence[Row], tier: str) -> list[_Ends]:
    """Return it of each by name: so few runs, each of which came at any moment of a poll, make no order."""
    found = []
    for row in sorted(ranked, key=wording.subject):
        wait = _wait(facts, wording.subject(row), tier)
        if wait is not None and wait["median"] is not None:
            found.append(_Ends(row["orchestrator"], wording.subject(row), wait))
    return found


def _wait(facts: Facts, who: str, tier: str) -> Row | None:
    ranged = facts.range_of("overhead", tier, "submit_to_first_s", who)
    if ranged and ranged["polls"]:
        return ranged
    return facts.estimate("overhead", tier, "submit_to_first_s", "chain_1", who)


def _is_shortest(row: Row, ends: Sequence[_Ends]) -> bool:
    """Whether the one that adds the least to a task is the first there too, by the worst of its runs."""
    own = [each for each in ends if each.who == wording.subject(row)]
    return bool(own) and all(own[0].most < each.least for each in ends if each not in own)


def _waits(ends: Sequence[_Ends], tier: str) -> Sentence:
    polls = ", also for the engine to poll" if any("polls" in each.wait and each.wait["polls"] for each in ends) else ""
    return Sentence.of(
        f"But at the {tier} tier a run waits before its first task{polls}, which decides where tasks are few: ",
        *prose.listed((f"{each.who} ", *_short(each.wait)) for each in ends),
        ".",
    )


def _short(row: Row) -> tuple[Part, ...]:
    return prose.between(row) if "polls" in row else (prose.median(row), *prose.bounds(row))


def _short_task_row(facts: Facts, row: Row, tier: str) -> list[Sentence]:
    wait = _wait(facts, wording.subject(row), tier)
    said = Sentence.of(*_short(wait)) if wait and wait["median"] is not None else valued(None)
    return [Sentence.of(f"{wording.subject(row)}, {tier}"), Sentence.of(row["isolation"]), valued(row), said]
