"""A card: what an engineer may need, which tool to pick for it, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.report.prose import Sentence

Row = Mapping[str, Any]

NAMES: Final = {"airflow": "Airflow", "prefect": "Prefect", "dagster": "Dagster", "plain": "plain Python"}

NOT_MEASURED: Final = "not measured in this run"

ASKED_TOO: Final = {
    "scheduling": "scheduling",
    "recovery": "recovery after a crash",
    "notifications": "notifications",
    "operations": "operations",
    "campaign": "campaigns of thousands of jobs",
}
"""What engineers ask too, by the scenario that would measure it."""


@dataclass(frozen=True)
class Card:
    """One need: which tool to pick, and why."""

    need: str
    pick: str
    because: Sequence[Sentence] = ()
    at_library_tier: Sequence[Sentence] = ()
    """The same for the library tier, where there is a service tier to tell of first."""
    heading: Sequence[str] = ()
    rows: Sequence[Sequence[Sentence]] = ()
    """A table of the numbers that it rests on."""
    evidence: str = ""
    """The id of the section that they are taken from."""


def name_of(tool: str) -> str:
    """Return how a tool is called."""
    return NAMES.get(tool, tool)


def conjoined(names: Sequence[str]) -> str:
    """Return the names with commas between them, and `and` before the last."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
