"""A case: a piece of work, a procedure, an expectation, and a place on the axes of a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

import msgspec

from bench.base.problem import Problem
from bench.events.verification import AS_ASKED, Expectation, Expected, expected_of
from bench.scenarios.kit.procedures import Once, Procedure
from contract import pipeline
from contract.pipeline import Pipeline
from contract.workload import Workload

Work = Workload | Pipeline

Axes = Mapping[str, str | int | float | bool]
"""A place on the axes of a scenario, by their names: `{"kind": "sleeping", "width": 2}`."""

WIDTH: Final = "width"
"""The axis for how many tasks may run at once, in scenarios that have it."""

OWN_WIDTH: Final = "own_width"
"""The axis of cases in which each tool runs as many tasks at once as it does where nobody says a number.

Such numbers are divided by no other tool's: the widths differ on purpose.
"""


ONCE = Once()


@dataclass(frozen=True)
class Case:
    """A piece of work at a place on the axes of a scenario, which nobody has to read out of a name."""

    work: Work
    axes: Axes = field(default_factory=dict)
    procedure: Procedure = ONCE
    expectation: Expectation = AS_ASKED

    @property
    def name(self) -> str:
        """Return the name of the case in a run and in the results."""
        return self.work.name

    @property
    def is_watched(self) -> bool:
        """Whether memory and disk are watched meanwhile."""
        return isinstance(self.procedure, Once) and self.procedure.watched

    @cached_property
    def expected(self) -> Expected:
        """What every run of the case has to show."""
        return expected_of(self.work, self.expectation)

    @property
    def steps(self) -> set[str]:
        """The names of the bodies that are a task of the tool each.

        Where the author keeps a result by hand, the task runs and the body does not.
        """
        if isinstance(self.work, Pipeline):
            return set(self.expected.after) - set(self.expectation.may_skip)
        return {node.id for node in self.work.nodes}

    def recorded(self) -> RecordedCase:
        """Return the case as a run records it."""
        return RecordedCase(self.work.to_json(), self.procedure, self.expectation)


class RecordedCase(msgspec.Struct, frozen=True, omit_defaults=True):
    """A case as a run records it, because the scenarios of today may ask for other work than they did then."""

    work: str
    """The work, as JSON."""
    procedure: Procedure = ONCE
    expectation: Expectation = AS_ASKED

    def at(self, axes: Axes) -> Case:
        """Read the case back, at the place that a trial has recorded."""
        return Case(_read(self.work), axes, self.procedure, self.expectation)

    @property
    def asked(self) -> Work:
        """Read the work back."""
        return _read(self.work)


@lru_cache(maxsize=1024)
def _read(work: str) -> Work:
    """Read work back, or raise `Problem`: it comes from a run, perhaps a stranger's."""
    try:
        return pipeline.read(work)
    except (LookupError, RecursionError, TypeError, ValueError) as error:
        raise Problem(f"the work of a case cannot be read: {str(error)[:300]}") from None
