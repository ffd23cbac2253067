"""Many short tasks: what each tool adds to a task, in a chain and independent ones, and to a run before and after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.derive.reading import is_range
from bench.report import prose
from bench.report.answer.card import NOT_MEASURED, Card
from bench.report.answer.ends import beside_tasks, ends_of, is_shortest, lag_of, wait_of, waits_of
from bench.report.answer.ranking import are_several, leaders, picked, ranking, stock, usual, valued, with_isolation
from bench.report.facts import Facts
from bench.report.prose import Part, Sentence
from bench.store.rows import Estimate


@dataclass(frozen=True)
class _Tier:
    """What is to be said of a tier."""

    tier: str
    pick: str
    otherwise: str
    """Where others lead; "" if nowhere."""
    said: Sequence[Sentence]
    rows: Sequence[Sequence[Sentence]]


def short_tasks(facts: Facts) -> Card:
    """Say which tool adds the least to a task: first as its own servers run it, then as called from a script."""
    need = "Many short tasks"
    tiers = [each for tier in reversed(facts.tiers("overhead")) if (each := _at(facts, tier)).said]
    ranked = [each for each in tiers if each.pick]
    if not tiers:
        return Card(need, NOT_MEASURED)
    if len({each.pick for each in ranked}) == 1 < len(ranked):
        picks = [f"{ranked[0].pick}, at both tiers"]
    else:
        picks = [f"{each.pick}, at the {each.tier} tier" for each in ranked]
    pick = "; ".join([*picks, *(each.otherwise for each in ranked if each.otherwise)]) or "not measured in stock settings"
    heading = (
        "",
        "isolation",
        "each task of a chain adds",
        "wait before the first task",
        "from the last until the run is done",
    )
    main, *others = tiers
    folded = [sentence for each in others for sentence in each.said]
    rows = [row for each in tiers for row in each.rows]
    return Card(need, pick[0].upper() + pick[1:], main.said, folded, heading, rows, "overhead")


def _at(facts: Facts, tier: str) -> _Tier:
    every = stock(facts, "overhead", tier, "per_task_ms", "chain")
    ranked = usual(every)
    if not are_several(ranked):
        return _Tier(tier, "", "", _tuned(facts, tier), [])
    names = leaders(facts, ranked)
    said = [ranking(facts, ranked, tier, "adds the least to an empty task of a chain", with_isolation)]
    said += _not_in_proportion(facts, ranked)
    otherwise = ""
    size, independent = _independent(facts, tier)
    if independent:
        lead = f"takes the shortest for {size} independent empty tasks, from the first's start to the last's end"
        said.append(ranking(facts, independent, tier, lead))
        if set(others := leaders(facts, independent)) != set(names):
            otherwise = f"with {size} independent tasks, at the {tier} tier: {picked(others, independent)}"
    said += _tuned(facts, tier)
    ends = ends_of(facts, ranked)
    if len(ends) > 1 and not (len(names) == 1 and len(ends) == len(ranked) and is_shortest(ranked[0], ends)):
        said.append(beside_tasks(ends, tier))
    return _Tier(tier, picked(names, ranked), otherwise, said, [_short_task_row(facts, row) for row in every])


def _not_in_proportion(facts: Facts, ranked: Sequence[Estimate]) -> list[Sentence]:
    """Name those to whom a task of a long chain costs more than one of a short: their slope goes by the sizes chosen."""
    chains = [workload for workload, size in facts.sizes("overhead").get("chain", {}).items() if size > 1]
    said: list[tuple[Part, ...]] = []
    for row in ranked:
        found = [each for name in chains if (each := facts.estimate("overhead", "transition_ms", name, row.setup))]
        if "curved" in row.unstable and len(found) > 1 and _is_above(found[-1], found[0]):
            short, long = found[0], found[-1]
            numbers = (prose.median(short), f" in {short.workload} and ", prose.median(long), f" in {long.workload}")
            said.append((f"{row.setup.name} takes ", *numbers))
    return (
        [Sentence.of("A task takes longer in a longer chain: from one to the next ", *prose.listed(said), ".")]
        if said
        else []
    )


def _is_above(row: Estimate, other: Estimate) -> bool:
    if is_range(row) or is_range(other) or row.low is None or other.high is None:
        return False
    return row.low > other.high


def _independent(facts: Facts, tier: str) -> tuple[int, list[Estimate]]:
    """Return the most independent tasks that several tools were given at the tier, and who took how long for them.

    Without the wait for the first: where the engine polls that is a draw, and is told by itself.
    """
    for workload, size in reversed(list(facts.sizes("overhead").get("fan_out", {}).items())):
        if are_several(found := usual(stock(facts, "overhead", tier, "first_to_last_s", workload))):
            return size, found
    return 0, []


def _tuned(facts: Facts, tier: str) -> list[Sentence]:
    """Say what the settings bring that the vendors' documentation offers for latency; by name, as these are few runs."""
    rows = [row for row in facts.estimates("overhead", tier) if row.setup.profile == "tuned" and row.median is not None]
    rows = [row for row in rows if (row.metric, row.workload) == ("per_task_ms", "chain")]
    said: list[tuple[Part, ...]] = []
    tools = [row for row in usual(rows) if not row.setup.is_plain]
    for row in sorted(tools, key=lambda row: row.setup.name):
        wait = waits_of(facts, row.setup)
        waits = ("(", *prose.between(wait), ")") if wait else ("-",)
        said.append((f"{row.setup.orchestrator}/{row.setup.deployment} ", *valued(row).parts, " + ", *waits))
    lead = f"In settings tuned for latency, at the {tier} tier, a task of a chain adds, and the wait before the first is: "
    return [Sentence.of(lead, *prose.listed(said), ".")] if said else []


def _short_task_row(facts: Facts, row: Estimate) -> list[Sentence]:
    lag = lag_of(facts, row.setup)
    lags = Sentence.of(prose.middle(lag), " [", *prose.between(lag), "]") if lag else valued(None)
    who, isolation = Sentence.of(f"{row.setup.name}, {row.setup.tier}"), Sentence.of(row.setup.isolation)
    return [who, isolation, valued(row), wait_of(facts, row.setup), lags]
