"""Observations: numbers without an engine, such as how much code somebody has to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

PIPELINE: Final = "pipeline"
"""The name, among the parts of the code, of all pipelines of a tool together."""


def pipeline_in(style: str) -> str:
    """Return the name of the pipelines in another style, in which a tool has them too."""
    return f"{PIPELINE}_{style}"


@dataclass(frozen=True)
class Lines:
    """How many lines of code there are, and where."""

    count: int
    places: Sequence[str]


class Look(Protocol):
    """What an observation may look at."""

    @property
    def tools(self) -> Sequence[str]:
        """The tools of the run."""
        ...

    def styles(self, tool: str) -> Sequence[str]:
        """Return the other styles in which the tool has the pipelines."""
        ...

    def lines(self, tool: str, part: str) -> Lines | None:
        """Return the code of a tool for a scenario or for the pipelines, if the run has kept the sources."""
        ...


@dataclass(frozen=True)
class Observation:
    """What was seen of a tool, however it runs."""

    tool: str
    case: str
    """What was looked at; the results have it in place of a workload."""
    values: Mapping[str, float]
    """The numbers by metric."""
    because: str
    """The evidence."""
    holds: Mapping[str, bool] = field(default_factory=dict)
    """Whether each check holds, by name; the tool's folder may have a note on a check, as always."""
