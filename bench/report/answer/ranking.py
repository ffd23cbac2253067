"""Which tool takes the least, and which others cannot be told apart from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from bench.base.stats.quantity import PLAIN_TO_SEE
from bench.derive.reading import reading
from bench.report import prose
from bench.report.answer.card import conjoined
from bench.report.facts import Facts
from bench.report.prose import Part, Sentence
from bench.report.settings import WORDS
from bench.store.rows import Estimate


def valued(row: Estimate | None) -> Sentence:
    """Return an estimate with the interval, or why there is none."""
    if row is None or row.median is None:
        return Sentence.of("-")
    read = reading(row)
    if read.kind == "noise":
        if row.high is None or row.high <= 0:
            return Sentence.of(read.text)
        return Sentence.of("lost in noise, at most ", prose.at_most(row))
    return Sentence.of(prose.median(row), *prose.bounds(row))


def compared(facts: Facts, scenario: str, tier: str, metric: str, workload: str) -> list[Estimate]:
    """Return the estimates by which the tools are compared, all in the same settings, the lowest first."""
    compares = facts.standing(scenario, tier).compares
    known = [
        row
        for row in facts.estimates(scenario, tier)
        if (row.metric, row.workload) == (metric, workload)
        and compares(row)
        and not row.setup.is_plain
        and row.median is not None
    ]
    return sorted(known, key=lambda row: row.median or 0.0)


def usual(rows: Sequence[Estimate]) -> list[Estimate]:
    """Keep the deployment that stands for each tool; the tables have the others."""
    return [row for row in rows if row.usual]


CLASSES: Final = {
    "tasks": "where each task has a process of its own",
    "runs": "where each run has a process of its own",
    "nothing": "where all is in one process",
}
"""What has a process of its own; the most is bought by the first."""


def by_class(facts: Facts, rows: Sequence[Estimate]) -> dict[str, list[Estimate]]:
    """Return the rows of each class of isolation: one of each tool, the lowest first; what is for debugging is in none."""
    found: dict[str, list[Estimate]] = {}
    for apart in CLASSES:
        own: dict[str, Estimate] = {}
        for row in sorted(rows, key=lambda row: not row.setup.default):
            if row.setup.apart == apart and not is_for_debugging(facts, row):
                own.setdefault(row.setup.orchestrator, row)
        if own:
            found[apart] = sorted(own.values(), key=lambda row: row.median or 0.0)
    return found


def is_for_debugging(facts: Facts, row: Estimate) -> bool:
    """Whether the vendor has the deployment for debugging, so that it is shown and not ranked."""
    return row.setup.deployment in facts.run.about(row.setup.orchestrator).debug


def are_several(rows: Sequence[Estimate]) -> bool:
    """Whether there is more than one tool."""
    return len({row.setup.orchestrator for row in rows}) > 1


def leaders(facts: Facts, ranked: Sequence[Estimate]) -> list[str]:
    """Name the first tool, and those that cannot be told apart from it."""
    best, *others = ranked
    close = [row for row in others if not _is_apart(facts, row, best)]
    return list(dict.fromkeys(facts.tools.name(row.setup.orchestrator) for row in [best, *close]))


def picked(names: Sequence[str], ranked: Sequence[Estimate]) -> str:
    """Say which of the ranked tools to pick."""
    if len(names) == 1:
        return names[0]
    if len(names) == len({row.setup.orchestrator for row in ranked}):
        return "no tool alone (none is told apart)"
    return f"{' or '.join(names)} (not told apart)"


def _is_apart(facts: Facts, row: Estimate, best: Estimate) -> bool:
    """Whether two estimates differ beyond noise; the upper limit stands for a better one that is lost in noise."""
    if reading(best).kind == "noise":
        return row.low is not None and best.high is not None and row.low > PLAIN_TO_SEE * max(best.high, 0)
    ratio = facts.ratio(row, best)
    if ratio is None or ratio.ratio is None:
        return False
    if ratio.above_noise is None:  # too few engine starts for an interval, or nobody knows the noise
        return (ratio.low or ratio.ratio) > PLAIN_TO_SEE
    return ratio.above_noise


def with_isolation(row: Estimate) -> str:
    """Name the setup and the isolation of its tasks: a process for each costs more than a thread, and gives more."""
    return f"{row.setup.name} ({row.setup.isolation})"


def ranking(
    facts: Facts,
    ranked: Sequence[Estimate],
    tier: str,
    leads: str,
    named: Callable[[Estimate], str] = lambda row: row.setup.name,
) -> Sentence:
    """Rank the tools in one sentence, and say which of them cannot be told apart from the first."""
    best, *others = ranked
    lead = (f"At the {tier} tier ({WORDS[best.setup.profile]}, ", *_starts(ranked), f") {named(best)} {leads}: ")
    rest = prose.listed(_beside(facts, row, best, named(row)) for row in others)
    return Sentence.of(*lead, *valued(best).parts, *(("; ", *rest) if rest else ()), ".")


def _starts(ranked: Sequence[Estimate]) -> tuple[Part, ...]:
    """Say how many engine starts are behind a ranking."""
    fewest, most = (choose(ranked, key=lambda row: row.starts) for choose in (min, max))
    single = [row.setup.name for row in ranked if row.starts == 1]
    if single:
        return ("one engine start each",) if len(single) == len(ranked) else (f"one engine start of {conjoined(single)}",)
    if fewest.starts == most.starts:
        return (prose.starts(fewest), " engine starts each")
    return (prose.starts(fewest), " to ", prose.starts(most), " engine starts")


def _beside(facts: Facts, row: Estimate, best: Estimate, name: str) -> tuple[Part, ...]:
    """Say how a tool compares with the best one."""
    if not _is_apart(facts, row, best):
        return (f"{name} is not told apart from it, ", *valued(row).parts)
    ratio = facts.ratio(row, best)
    if ratio and ratio.ratio is not None and reading(best).kind == "value":
        return (f"{name} ", prose.median(row), ", ", *prose.times(ratio), " as much")
    return (f"{name} ", *valued(row).parts)
