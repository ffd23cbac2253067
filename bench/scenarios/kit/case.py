"""A case: a piece of work, and where it stands among the others of its scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from contract.pipeline import Pipeline
from contract.workload import Workload

Work = Workload | Pipeline

Axes = Mapping[str, str | int | float | bool]
"""Where a case stands, by the name of each axis of the scenario: `{"kind": "sleeping", "width": 2}`."""

WIDTH: Final = "width"
"""The axis, of a scenario that has it, which is how many tasks may run at once."""


@dataclass(frozen=True)
class Case:
    """A piece of work with its place on the axes of the scenario; nobody has to read that out of its name."""

    work: Work
    axes: Axes = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return what it is called, in a run and in its results."""
        return self.work.name
