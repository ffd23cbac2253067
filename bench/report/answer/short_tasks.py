"""Many short tasks: what each tool adds to a task of a chain, to independent tasks, and to both ends of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.report import prose
from bench.report.answer.card import NOT_MEASURED, Card
from bench.report.answer.ends import beside_tasks, ends_of, is_shortest, lag_of, wait_of, waits_of
from bench.report.answer.ranking import (
    Field,
    Ranks,
    are_several,
    compared,
    is_for_debugging,
    leaders,
    picked,
    ranking,
    told_alone,
    usual,
    valued,
)
from bench.report.facts import Facts
from bench.report.prose import Part, Sentence
from bench.report.settings import unusual
from bench.store.rows import Estimate


@dataclass(frozen=True)
class _Tier:
    """What the card says about a tier."""

    tier: str
    pick: str
    otherwise: str
    """Where other tools lead; empty if they lead nowhere."""
    sentences: Sequence[Sentence]
    rows: Sequence[Sequence[Sentence]]


def short_tasks(facts: Facts) -> Card:
    """Say which tool adds the least to a task: first on its servers, then from a script."""
    need = "Many short tasks"
    every = [_at(facts, tier) for tier in reversed(facts.tiers("overhead"))]
    tiers = [tier for tier in every if tier.sentences]
    ranked = [tier for tier in tiers if tier.pick]
    if not tiers:
        return Card(need, NOT_MEASURED)
    if len({tier.pick for tier in ranked}) == 1 < len(ranked):
        picks = [f"{ranked[0].pick}, at both tiers"]
    else:
        picks = [f"{tier.pick}, at the {tier.tier} tier" for tier in ranked]
    picks += [tier.otherwise for tier in ranked if tier.otherwise]
    pick = "; ".join(picks) or "no two tools to compare in the same settings"
    heading = (
        "",
        "isolation",
        "each task of a chain adds",
        "wait before the first task",
        "from the last until the run is done",
    )
    main, *others = tiers
    folded = [sentence for tier in others for sentence in tier.sentences]
    rows = [row for tier in tiers for row in tier.rows]
    return Card(need, pick[0].upper() + pick[1:], main.sentences, folded, heading, rows, "overhead")


def _at(facts: Facts, tier: str) -> _Tier:
    every = compared(facts, "overhead", tier, "per_task_ms", "chain")
    shown = usual(every)
    if not are_several(shown):
        return _Tier(tier, "", "", _tuned(facts, tier), [])
    chains = Ranks.of(facts, every)
    sentences: list[Sentence] = []
    for field in chains.fields:
        least = ranking(facts, field, tier, "adds the least to an empty task of a chain")
        sentences += [least, *_remarks(facts, field.rows)]
    for field in chains.alone:
        sentences += [told_alone(field, tier, "adds"), *_remarks(facts, field.rows)]
    sentences += _not_in_proportion(facts, shown)
    size, independent = _independent(facts, tier)
    lead = f"is the fastest with {size} independent empty tasks, from the start of the first to the end of the last"
    sentences += [ranking(facts, field, tier, lead) for field in independent.fields]
    sentences += [told_alone(field, tier, f"runs {size} independent empty tasks in") for field in independent.alone]
    others = [picked(facts, field) for field in independent.fields if _leads_otherwise(facts, field, chains)]
    otherwise = f"with {size} independent tasks, at the {tier} tier: {', '.join(others)}" if others else ""
    settings = unusual(row.setup for row in shown)
    sentences += [] if settings else _tuned(facts, tier)
    ends = ends_of(facts, shown)
    leading = [row for row in shown if facts.tools.name(row.setup.orchestrator) in chains.leading(facts)]
    if len(ends) > 1 and not (len(leading) == 1 and len(ends) == len(shown) and is_shortest(leading[0], ends)):
        lags = [lag for each in ends if (lag := facts.estimate("overhead", "finish_lag_s", "chain_1", each.setup))]
        sentences += [beside_tasks(ends, tier), *_remarks(facts, lags)]
    pick = chains.picked(facts)
    numbers = [_short_task_row(facts, row) for row in every]
    return _Tier(tier, f"{pick}, in {settings}" if settings else pick, otherwise, sentences, numbers)


def _leads_otherwise(facts: Facts, field: Field, chains: Ranks) -> bool:
    """Whether other tools lead than with chains, within the same class of isolation."""
    of_chains = [leaders(facts, each.rows) for each in chains.fields if each.apart == field.apart]
    return not any(set(names) == set(leaders(facts, field.rows)) for names in of_chains)


def _remarks(facts: Facts, rows: Sequence[Estimate]) -> list[Sentence]:
    """Say what the folder of a tool has to say about its number, for one deployment or for all."""
    return [Sentence.of(remark) for row in rows if (remark := facts.tools.remark(row))]


def _not_in_proportion(facts: Facts, ranked: Sequence[Estimate]) -> list[Sentence]:
    """Name the tools whose tasks cost more in a longer chain: their slope depends on the sizes that were chosen."""
    chains = [workload for workload, size in facts.sizes("overhead").get("chain", {}).items() if size > 1]
    slower: list[tuple[Part, ...]] = []
    for row in ranked:
        by_size = [facts.estimate("overhead", "transition_ms", name, row.setup) for name in chains]
        known = [estimate for estimate in by_size if estimate]
        if "curved" in row.unstable and len(known) > 1 and _is_above(known[-1], known[0]):
            short, long = known[0], known[-1]
            numbers = (prose.median(short), f" in {short.workload} and ", prose.median(long), f" in {long.workload}")
            slower.append((f"{row.setup.name} takes ", *numbers))
    if not slower:
        return []
    return [Sentence.of("A task takes longer in a longer chain. From one task to the next, ", *prose.listed(slower), ".")]


def _is_above(row: Estimate, other: Estimate) -> bool:
    if row.low is None or other.high is None:
        return False
    return row.low > other.high


def _independent(facts: Facts, tier: str) -> tuple[int, Ranks]:
    """Return the largest number of independent tasks that several tools ran at the tier, and who is ranked with whom.

    The wait for the first task is not part of it: where the engine polls, it is a draw, and another sentence is about it.
    """
    for workload, size in reversed(list(facts.sizes("overhead").get("fan_out", {}).items())):
        rows = compared(facts, "overhead", tier, "first_to_last_s", workload)
        if (ranks := Ranks.of(facts, rows)).fields:
            return size, ranks
    return 0, Ranks((), ())


def _tuned(facts: Facts, tier: str) -> list[Sentence]:
    """Say what the settings bring that vendors offer for latency; in the order of names, as there are few runs."""
    rows = [row for row in facts.estimates("overhead", tier) if row.setup.profile == "tuned" and row.median is not None]
    rows = [row for row in rows if (row.metric, row.workload) == ("per_task_ms", "chain")]
    tuned: list[tuple[Part, ...]] = []
    tools = [row for row in usual(rows) if not row.setup.is_plain]
    for row in sorted(tools, key=lambda row: row.setup.name):
        wait = waits_of(facts, row.setup)
        waits = ("(", *prose.waiting(wait), ")") if wait else ("-",)
        tuned.append((f"{row.setup.orchestrator}/{row.setup.deployment} ", *valued(row).parts, " + ", *waits))
    lead = f"In settings tuned for latency, at the {tier} tier, what a task of a chain adds + the wait before the first: "
    return [Sentence.of(lead, *prose.listed(tuned), ".")] if tuned else []


def _short_task_row(facts: Facts, row: Estimate) -> list[Sentence]:
    not_ranked = "; for debugging, not ranked" if is_for_debugging(facts, row) else ""
    who, isolation = Sentence.of(f"{row.setup.name}, {row.setup.tier}"), Sentence.of(f"{row.setup.isolation}{not_ranked}")
    return [who, isolation, valued(row), wait_of(facts, row.setup), lag_of(facts, row.setup)]
