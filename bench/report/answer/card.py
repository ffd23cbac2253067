"""A card: a need of an engineer, the tool to pick for it, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.report.prose import Sentence

NOT_MEASURED: Final = "not measured in this run"

ASKED_TOO: Final = {
    "scheduling": "scheduling",
    "recovery": "recovery after a crash",
    "notifications": "notifications",
    "operations": "operations",
    "campaign": "campaigns of thousands of jobs",
}
"""What engineers also ask, by the scenario that would measure it."""


@dataclass(frozen=True)
class Below:
    """A table that a reader needs at once, with the sentences above it; other tables stand below all cards."""

    title: str
    said: Sequence[Sentence]
    heading: Sequence[str]
    rows: Sequence[Sequence[Sentence]]


@dataclass(frozen=True)
class Card:
    """One need: which tool to pick, and why."""

    need: str
    pick: str
    because: Sequence[Sentence] = ()
    at_library_tier: Sequence[Sentence] = ()
    """The same for the library tier, where the service tier comes first."""
    heading: Sequence[str] = ()
    rows: Sequence[Sequence[Sentence]] = ()
    """A table of the numbers behind the pick."""
    evidence: str = ""
    """The id of the section that has these numbers."""
    below: Below | None = None
    """A table in the card itself."""

    @property
    def is_measured(self) -> bool:
        """Whether the run says anything of it."""
        return self.pick != NOT_MEASURED


def picks(leaders: Mapping[str, Sequence[str]]) -> str:
    """Say which tool to pick for what: first the one that leads in everything, then those that share its lead somewhere."""
    by_names: dict[tuple[str, ...], list[str]] = {}
    for what, names in leaders.items():
        by_names.setdefault(tuple(names), []).append(what)
    everywhere = set.intersection(*(set(names) for names in by_names))
    if len(everywhere) == 1 < len(by_names) and (first := tuple(everywhere)) in by_names:
        parts = [f"{first[0]} for {conjoined(by_names.pop(first))}"]
        for names, whats in by_names.items():
            parts.append(f"like {' or '.join(name for name in names if name not in first)}, for {conjoined(whats)}")
        return " and, ".join(parts)
    return "; ".join(f"{' or '.join(names)} for {conjoined(whats)}" for names, whats in by_names.items())


def conjoined(names: Sequence[str]) -> str:
    """Return the names with commas between them, and `and` before the last."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
