"""Who takes the least, and who is not told apart from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from bench.derive.reading import reading
from bench.report import prose
from bench.report.answer.card import conjoined
from bench.report.facts import Facts
from bench.report.prose import Part, Sentence
from bench.store.rows import Estimate

PLAIN_TO_SEE: Final = 2.0
"""An engine start has a bias of its own, which its runs do not show; of some per cent, where we looked (docs/method.md).

So the interval of a ratio between single starts must lie beyond a factor that no such bias comes near to.
"""


def valued(row: Estimate | None) -> Sentence:
    """Return an estimate with its interval, or what stands in its place."""
    if row is None or row.median is None:
        return Sentence.of("-")
    read = reading(row)
    if read.kind == "noise":
        limit = row.high is not None and row.high > 0
        return Sentence.of("lost in noise, at most ", prose.at_most(row)) if limit else Sentence.of(read.text)
    return Sentence.of(prose.median(row), *prose.bounds(row))


def stock(facts: Facts, scenario: str, tier: str, metric: str, workload: str) -> list[Estimate]:
    """Return the stock estimates of the tools that have one, the lowest first."""
    found = [
        row
        for row in facts.estimates(scenario, tier)
        if (row.metric, row.workload, row.setup.profile) == (metric, workload, "stock")
        and not row.setup.is_plain
        and row.median is not None
    ]
    return sorted(found, key=lambda row: row.median or 0.0)


def usual(rows: Sequence[Estimate]) -> list[Estimate]:
    """Keep of each tool the deployment that stands for it: the others are in the tables."""
    return [row for row in rows if row.usual]


def are_several(rows: Sequence[Estimate]) -> bool:
    """Whether there is more than one tool to tell of."""
    return len({row.setup.orchestrator for row in rows}) > 1


def leaders(facts: Facts, ranked: Sequence[Estimate]) -> list[str]:
    """Name the first, and those that are not told apart from it."""
    best, *others = ranked
    close = [row for row in others if not _is_apart(facts, row, best)]
    return list(dict.fromkeys(facts.tools.name(row.setup.orchestrator) for row in [best, *close]))


def picked(names: Sequence[str], ranked: Sequence[Estimate]) -> str:
    """Say whom to pick of those that were ranked."""
    if len(names) == 1:
        return names[0]
    if len(names) == len({row.setup.orchestrator for row in ranked}):
        return "no tool alone (none is told apart)"
    return f"{' or '.join(names)} (not told apart)"


def _is_apart(facts: Facts, row: Estimate, best: Estimate) -> bool:
    """Whether the difference of two estimates is beyond noise; of what is lost in noise there is no ratio, but a limit."""
    if reading(best).kind == "noise":
        return row.low is not None and best.high is not None and row.low > PLAIN_TO_SEE * max(best.high, 0)
    ratio = facts.ratio(row, best)
    if ratio is None or ratio.low is None:
        return False
    return bool(ratio.above_noise) or (ratio.above_noise is None and ratio.low > PLAIN_TO_SEE)


def with_isolation(row: Estimate) -> str:
    """Name who was measured, and in what its tasks run: a process for each costs more than a thread, and gives more."""
    return f"{row.setup.name} ({row.setup.isolation})"


def ranking(
    facts: Facts,
    ranked: Sequence[Estimate],
    tier: str,
    leads: str,
    named: Callable[[Estimate], str] = lambda row: row.setup.name,
) -> Sentence:
    """Rank the tools in one sentence, and say of which the difference cannot be told."""
    best, *others = ranked
    said: list[tuple[Part, ...]] = []
    for row in others:
        who, ratio = named(row), facts.ratio(row, best)
        if not _is_apart(facts, row, best):
            said.append((f"{who} is not told apart from it, ", *valued(row).parts))
        elif ratio and ratio.ratio is not None and reading(best).kind == "value":
            said.append((f"{who} ", prose.median(row), ", ", *prose.times(ratio), " as much"))
        else:
            said.append((f"{who} ", *valued(row).parts))
    single = [row.setup.name for row in ranked if row.starts == 1]
    whose = "each" if len(single) == len(ranked) else f"of {conjoined(single)}"
    once = f" (one engine start {whose})" if single else ""
    first = f"At the {tier} tier{once} {named(best)} {leads}: "
    tail: tuple[Part, ...] = ("; ", *prose.listed(said), ".") if said else (".",)
    return Sentence.of(first, *valued(best).parts, *tail)
