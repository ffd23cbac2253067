"""Observations: numbers that need no engine, such as how much code somebody has to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

PIPELINE: Final = "pipeline"
"""What the pipelines of a tool as a whole are called, among the parts of the code."""


@dataclass(frozen=True)
class Lines:
    """How many lines of code there are, and where they stand."""

    count: int
    places: Sequence[str]


class Look(Protocol):
    """What a scenario may look at where nothing runs."""

    @property
    def tools(self) -> Sequence[str]:
        """The tools of the run."""
        ...

    def lines(self, tool: str, part: str) -> Lines | None:
        """Return the code that a tool takes for a part, a scenario or PIPELINE, if the run has kept its sources."""
        ...


@dataclass(frozen=True)
class Observation:
    """What was seen of a tool, however it is run."""

    tool: str
    case: str
    """What it was seen of: it stands in the results where others have a workload."""
    values: Mapping[str, float]
    """By the metrics."""
    because: str
    """The evidence."""
    holds: Mapping[str, bool] = field(default_factory=dict)
    """By the checks, whether what each asks for was seen; the tool's folder may have a note on it, as on every check."""
