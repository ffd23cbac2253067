"""Many short tasks: what each tool adds to a task, and what a run takes before its first and after its last."""

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
    told: dict[str, list[_Ends]] = {}
    for tier in facts.tiers("overhead"):
        ranked = stock(facts, "overhead", tier, "per_task_ms", "chain")
        if len({row["orchestrator"] for row in ranked}) > 1:
            leaders.setdefault(leading(facts, ranked), []).append(tier)
            because.append(ranking(facts, ranked, tier, "adds the least to a task"))
            ends = _ends(facts, ranked, tier)
            if len({each.tool for each in ends}) > 1 and not _is_shortest(ranked[0], ends):
                told[tier] = ends
            rows += [_short_task_row(facts, row, tier) for row in ranked]
    if not leaders:
        return Card(need, NOT_MEASURED)
    because += [_beside_tasks(ends, tier, again=place > 0) for place, (tier, ends) in enumerate(told.items())]
    pick = "; ".join(
        f"{names}, at {'both tiers' if len(tiers) > 1 else f'the {tiers[0]} tier'}" for names, tiers in leaders.items()
    )
    heading = (
        "",
        "isolation",
        "each task of a chain adds",
        "wait before the first task",
        "from the last until the run is done",
    )
    return Card(need, pick, because, heading, rows, "overhead")


@dataclass(frozen=True)
class _Ends:
    """What a run takes beside its tasks."""

    tool: str
    who: str
    wait: Row
    """Before its first task: of runs of a single one; where the engine polls, the range of all runs."""
    lag: Row
    """After its last task: the range of all runs."""

    @property
    def least(self) -> float:
        return _bound(self.wait, "low") + _bound(self.lag, "low")

    @property
    def most(self) -> float:
        return _bound(self.wait, "high") + _bound(self.lag, "high")


def _bound(row: Row, which: str) -> float:
    return float(row["median"] if row[which] is None else row[which])


def _ends(facts: Facts, ranked: Sequence[Row], tier: str) -> list[_Ends]:
    """Return it of each by name: so few runs, each of which came at any moment of a poll, make no order."""
    found = []
    for row in sorted(ranked, key=wording.subject):
        wait, lag = _wait(facts, wording.subject(row), tier), _lag(facts, wording.subject(row), tier)
        if wait and lag and wait["median"] is not None:
            found.append(_Ends(row["orchestrator"], wording.subject(row), wait, lag))
    return found


def _wait(facts: Facts, who: str, tier: str) -> Row | None:
    ranged = facts.range_of("overhead", tier, "submit_to_first_s", who)
    if ranged and ranged["polls"]:
        return ranged
    return facts.estimate("overhead", tier, "submit_to_first_s", "chain_1", who)


def _lag(facts: Facts, who: str, tier: str) -> Row | None:
    return facts.range_of("overhead", tier, "finish_lag_s", who)


def _is_shortest(row: Row, ends: Sequence[_Ends]) -> bool:
    """Whether the one that adds the least to a task is the first there too, by the worst of its runs."""
    own = [each for each in ends if each.who == wording.subject(row)]
    return bool(own) and all(own[0].most < each.least for each in ends if each not in own)


def _beside_tasks(ends: Sequence[_Ends], tier: str, *, again: bool) -> Sentence:
    said = []
    for each in ends:
        wait: tuple[Part, ...] = (
            ("(", *prose.between(each.wait), ")") if each.wait.get("polls") else (prose.median(each.wait),)
        )
        said.append((f"{each.who} ", *wait, " + ", prose.middle(each.lag)))
    few = "But where tasks are few, the ends of a run decide: before its first task + from its last until the run is done. "
    polls = ", where the first is also for the engine to poll" if any(each.wait.get("polls") for each in ends) else ""
    return Sentence.of(f"{'The same' if again else few + 'That is,'} at the {tier} tier{polls}: ", *prose.listed(said), ".")


def _short_task_row(facts: Facts, row: Row, tier: str) -> list[Sentence]:
    who = wording.subject(row)
    wait, lag = _wait(facts, who, tier), _lag(facts, who, tier)
    waits = Sentence.of(*prose.between(wait)) if wait and wait.get("polls") else valued(wait)
    lags = Sentence.of(prose.middle(lag), " [", *prose.between(lag), "]") if lag else valued(None)
    return [Sentence.of(f"{who}, {tier}"), Sentence.of(row["isolation"]), valued(row), waits, lags]
