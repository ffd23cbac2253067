"""A case: a piece of work, what is done with it, what is expected, and where it stands among the others of its scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import msgspec

from bench.events.verification import AS_ASKED, Expectation, Expected, expected_of
from bench.scenarios.kit.procedures import Once, Procedure
from contract import pipeline
from contract.pipeline import Pipeline
from contract.workload import Workload

Work = Workload | Pipeline

Axes = Mapping[str, str | int | float | bool]
"""Where a case stands, by the name of each axis of the scenario: `{"kind": "sleeping", "width": 2}`."""

WIDTH: Final = "width"
"""The axis, of a scenario that has it, which is how many tasks may run at once."""


ONCE = Once()


@dataclass(frozen=True)
class Case:
    """A piece of work with its place on the axes of the scenario; nobody has to read that out of its name."""

    work: Work
    axes: Axes = field(default_factory=dict)
    procedure: Procedure = ONCE
    expectation: Expectation = AS_ASKED

    @property
    def name(self) -> str:
        """Return what it is called, in a run and in its results."""
        return self.work.name

    @cached_property
    def expected(self) -> Expected:
        """What has to be seen of each of its runs."""
        return expected_of(self.work, self.expectation)

    @property
    def steps(self) -> set[str]:
        """The names of the bodies that a task of the tool stands for.

        Where a result is kept by hand, the task runs and the body does not.
        """
        if isinstance(self.work, Pipeline):
            return set(self.expected.after) - set(self.expectation.may_skip)
        return {node.id for node in self.work.nodes}

    def recorded(self) -> RecordedCase:
        """Return it as a run keeps it."""
        return RecordedCase(self.work.to_json(), self.procedure, self.expectation)


class RecordedCase(msgspec.Struct, frozen=True, omit_defaults=True):
    """A case as a run keeps it: derivation asks the run, and not the scenarios of today, what was to be done."""

    work: str
    """The work, as JSON."""
    procedure: Procedure = ONCE
    expectation: Expectation = AS_ASKED

    def at(self, axes: Axes) -> Case:
        """Read it back, at its place, which each trial says."""
        return Case(pipeline.read(self.work), axes, self.procedure, self.expectation)

    @property
    def asked(self) -> Work:
        """Read the work back."""
        return pipeline.read(self.work)
