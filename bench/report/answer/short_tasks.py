"""Many short tasks: what each tool adds to a task, in a chain and side by side, and to a run before and after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench import wording
from bench.orchestrators import REFERENCE
from bench.report import prose
from bench.report.answer.card import NOT_MEASURED, Card, Row
from bench.report.answer.ends import beside_tasks, ends_of, is_shortest, lag_of, wait_of, waited
from bench.report.answer.ranking import leading, ranking, stock, usual, valued, with_isolation
from bench.report.facts import Facts
from bench.report.prose import Part, Sentence


@dataclass(frozen=True)
class _Tier:
    """What is to be said of a tier."""

    tier: str
    leader: str
    otherwise: Sequence[str]
    """Where another one leads."""
    said: Sequence[Sentence]
    rows: Sequence[Sequence[Sentence]]


def short_tasks(facts: Facts) -> Card:
    """Say which tool adds the least to a task: first as its own servers run it, then as called from a script."""
    need = "Many short tasks"
    tiers = [found for tier in reversed(facts.tiers("overhead")) if (found := _at(facts, tier))]
    if not tiers:
        return Card(need, NOT_MEASURED)
    if len({each.leader for each in tiers}) == 1 < len(tiers):
        picks = [f"{tiers[0].leader}, at both tiers"]
    else:
        picks = [f"{each.leader}, at the {each.tier} tier" for each in tiers]
    picks += [other for each in tiers for other in each.otherwise]
    heading = (
        "",
        "isolation",
        "each task of a chain adds",
        "wait before the first task",
        "from the last until the run is done",
    )
    main, *others = tiers
    besides = [sentence for each in others for sentence in each.said]
    rows = [row for each in tiers for row in each.rows]
    return Card(need, "; ".join(picks), main.said, besides, heading, rows, "overhead")


def _at(facts: Facts, tier: str) -> _Tier | None:
    every = stock(facts, "overhead", tier, "per_task_ms", "chain")
    ranked = usual(facts, tier, every)
    if not _are_several(ranked):
        return None
    leader = leading(facts, ranked)
    said = [ranking(facts, ranked, tier, "adds the least to a task of a chain", with_isolation)]
    said += _not_in_proportion(facts, ranked, tier)
    otherwise = []
    size, wide = _side_by_side(facts, tier)
    if _are_several(wide) and (first := leading(facts, wide)) != leader:
        otherwise.append(f"with {size} side by side, at the {tier} tier: {first}")
        said.append(ranking(facts, wide, tier, f"takes the shortest for {size} tasks side by side, waiting included"))
    said += _tuned(facts, tier)
    ends = ends_of(facts, ranked, tier)
    if len({each.tool for each in ends}) > 1 and not is_shortest(ranked[0], ends):
        said.append(beside_tasks(ends, tier))
    return _Tier(tier, leader, otherwise, said, [_short_task_row(facts, row, tier) for row in every])


def _are_several(rows: Sequence[Row]) -> bool:
    return len({row["orchestrator"] for row in rows}) > 1


def _not_in_proportion(facts: Facts, ranked: Sequence[Row], tier: str) -> list[Sentence]:
    """Name those to whom a task of a long chain costs more than one of a short: their slope goes by the sizes chosen."""
    chains = [workload for workload, size in facts.sizes("overhead").get("chain", {}).items() if size > 1]
    said: list[tuple[Part, ...]] = []
    for row in ranked:
        who = wording.subject(row)
        found = [each for name in chains if (each := facts.estimate("overhead", tier, "transition_ms", name, who))]
        if "curved" in row["unstable"] and len(found) > 1 and _is_above(found[-1], found[0]):
            short, long = found[0], found[-1]
            between = (f", {short['workload']}, to ", prose.median(long), f", {long['workload']}")
            said.append((f"{who} (from one task to the next: ", prose.median(short), *between, ")"))
    return [Sentence.of("The longer the chain, the more a task takes with ", *prose.listed(said), ".")] if said else []


def _is_above(row: Row, other: Row) -> bool:
    return not (wording.is_range(row) or wording.is_range(other)) and bool(row["low"] > other["high"])


def _side_by_side(facts: Facts, tier: str) -> tuple[int, list[Row]]:
    """Return the most tasks that were measured side by side at the tier, and who took how long for them."""
    for workload, size in reversed(list(facts.sizes("overhead").get("fan_out", {}).items())):
        if found := stock(facts, "overhead", tier, "makespan_s", workload):
            return size, usual(facts, tier, found)
    return 0, []


def _tuned(facts: Facts, tier: str) -> list[Sentence]:
    """Say what the settings bring that the vendors' documentation offers for latency; by name, as these are few runs."""
    rows = [row for row in facts.estimates("overhead", tier) if row["profile"] == "tuned" and row["median"] is not None]
    rows = [row for row in rows if (row["metric"], row["workload"]) == ("per_task_ms", "chain")]
    said: list[tuple[Part, ...]] = []
    tools = [row for row in usual(facts, tier, rows) if row["orchestrator"] != REFERENCE]
    for row in sorted(tools, key=wording.subject):
        wait = wait_of(facts, wording.subject(row), tier)
        said.append((f"{row['orchestrator']}/{row['deployment']} ", *valued(row).parts, " + ", *waited(wait)))
    lead = f"In settings tuned for latency, at the {tier} tier, a task of a chain takes, and the first waits: "
    return [Sentence.of(lead, *prose.listed(said), ".")] if said else []


def _short_task_row(facts: Facts, row: Row, tier: str) -> list[Sentence]:
    who = wording.subject(row)
    wait, lag = wait_of(facts, who, tier), lag_of(facts, who, tier)
    waits = Sentence.of(*prose.between(wait)) if wait and wait.get("polls") else valued(wait)
    lags = Sentence.of(prose.middle(lag), " [", *prose.between(lag), "]") if lag else valued(None)
    return [Sentence.of(f"{who}, {tier}"), Sentence.of(row["isolation"]), valued(row), waits, lags]
