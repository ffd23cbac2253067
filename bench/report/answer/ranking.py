"""Which tool takes the least, and which others cannot be told apart from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.base.stats.quantity import PLAIN_TO_SEE
from bench.derive.reading import reading
from bench.report import prose
from bench.report.answer.card import conjoined
from bench.report.facts import Facts
from bench.report.prose import Part, Sentence
from bench.report.settings import words
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
    "pool": "where tasks share a pool of processes",
    "runs": "where each run has a process of its own",
    "nothing": "where all is in one process",
}
"""What has a process of its own; the most is bought by the first."""


def by_class(facts: Facts, rows: Sequence[Estimate]) -> dict[str, list[Estimate]]:
    """Return the rows of each class of isolation: one of each tool, the lowest first; what is for debugging is in none."""
    found: dict[str, list[Estimate]] = {}
    for apart in CLASSES:
        own: dict[str, Estimate] = {}
        # Not the fastest of several, which chance would choose: the one that ratios are taken against (`bench.derive`).
        for row in sorted(rows, key=lambda row: (not row.setup.default, row.setup.label)):
            if row.setup.apart == apart and not is_for_debugging(facts, row):
                own.setdefault(row.setup.orchestrator, row)
        if own:
            found[apart] = sorted(own.values(), key=lambda row: row.median or 0.0)
    return found


def is_for_debugging(facts: Facts, row: Estimate) -> bool:
    """Whether the vendor has the deployment for debugging, so that it is shown and not ranked."""
    return row.setup.deployment in facts.run.about(row.setup.orchestrator).debug


@dataclass(frozen=True)
class Field:
    """The tools that are ranked with each other, the lowest first."""

    apart: str
    """Their class of isolation; empty where tools of several are ranked, because no two of them isolate alike."""
    rows: Sequence[Estimate]

    @property
    def where(self) -> str:
        """The class in words, behind a comma or a name."""
        return CLASSES.get(self.apart, "")


@dataclass(frozen=True)
class Ranks:
    """Who is ranked with whom: like with like. A process for each task costs more than one for each run, and buys more."""

    fields: Sequence[Field]
    """One for each class of isolation with several tools; without one, the usual deployments of all are a field."""
    alone: Sequence[Field]
    """One for each class with a single tool that has no other beside it anywhere: it is not left out for that."""

    @classmethod
    def of(cls, facts: Facts, rows: Sequence[Estimate]) -> Ranks:
        """Rank estimates of one number; nothing is ranked where there is one tool."""
        every = usual(rows)
        if not are_several(every):
            return cls((), ())
        classes = [Field(apart, own) for apart, own in by_class(facts, rows).items()]
        fields = [field for field in classes if len(field.rows) > 1] or [Field("", every)]
        ranked = {row.setup.orchestrator for field in fields for row in field.rows}
        return cls(fields, [field for field in classes if not ranked & {row.setup.orchestrator for row in field.rows}])

    def picked(self, facts: Facts) -> str:
        """Say which tool to pick in each field."""
        picks = [picked(facts, field) for field in self.fields]
        return ", ".join([*picks, *(f"{leaders(facts, field.rows)[0]} alone {field.where}" for field in self.alone)])

    def leading(self, facts: Facts) -> set[str]:
        """Return the names of all tools that lead anywhere."""
        return {name for field in (*self.fields, *self.alone) for name in leaders(facts, field.rows)}


def are_several(rows: Sequence[Estimate]) -> bool:
    """Whether there is more than one tool."""
    return len({row.setup.orchestrator for row in rows}) > 1


def leaders(facts: Facts, ranked: Sequence[Estimate]) -> list[str]:
    """Name the first tool, and those that cannot be told apart from it."""
    best, *others = ranked
    close = [row for row in others if not _is_apart(facts, row, best)]
    return list(dict.fromkeys(facts.tools.name(row.setup.orchestrator) for row in [best, *close]))


def picked(facts: Facts, field: Field) -> str:
    """Say which of the ranked tools to pick, and in which class of isolation."""
    names = leaders(facts, field.rows)
    if len(names) == 1:
        pick = names[0]
    elif len(names) == len({row.setup.orchestrator for row in field.rows}):
        pick = "no tool alone (none is told apart)"
    else:
        pick = f"{' or '.join(names)} (not told apart)"
    return f"{pick} {field.where}".rstrip()


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


def ranking(facts: Facts, field: Field, tier: str, leads: str) -> Sentence:
    """Rank the tools of a field in one sentence, and say which of them cannot be told apart from the first."""
    best, *others = field.rows
    leads = f"{leads}, {field.where}" if field.where else leads
    settings = words(best.setup.profile)
    lead = (f"At the {tier} tier ({settings}, ", *_starts(field.rows), f") {_named(field, best)} {leads}: ")
    rest = prose.listed(_beside(facts, row, best, _named(field, row)) for row in others)
    return Sentence.of(*lead, *valued(best).parts, *(("; ", *rest) if rest else ()), ".")


def told_alone(field: Field, tier: str, does: str) -> Sentence:
    """Say what the only tool of a class takes."""
    (row,) = field.rows
    return Sentence.of(
        f"At the {tier} tier {row.setup.name} has no other tool beside it {field.where}, and {does} ",
        *valued(row).parts,
        ".",
    )


def _named(field: Field, row: Estimate) -> str:
    """Name the setup, with the isolation of its tasks where the others isolate otherwise."""
    return row.setup.name if field.where else f"{row.setup.name} ({row.setup.isolation})"


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
    ratio = facts.ratio(row, best)
    if not _is_apart(facts, row, best):
        if ratio and ratio.low is not None and ratio.low > 1 and ratio.floor is not None:
            same = ("is not told apart from it: re-runs of equal code differ by up to ", *prose.floor(ratio))
            return (f"{name}, ", prose.median(row), " or ", *prose.times(ratio), " as much, ", *same)
        return (f"{name} is not told apart from it, ", *valued(row).parts)
    if ratio and ratio.ratio is not None and reading(best).kind == "value":
        return (f"{name} ", prose.median(row), ", ", *prose.times(ratio), " as much")
    return (f"{name} ", *valued(row).parts)
