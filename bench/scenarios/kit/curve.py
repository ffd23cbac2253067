"""The curves of a scenario: how a number grows with what its cases differ in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.scenarios.kit.families import Family


@dataclass(frozen=True)
class Level:
    """A height that is marked across the curves."""

    at: float
    means: str


@dataclass(frozen=True)
class Curve:
    """A number over an axis: a chart for each family of cases, with a curve for each setup."""

    number: str
    """What is drawn, in words."""
    over: str
    """What it is drawn over, in words."""
    family: Family
    metric: str = "makespan_s"
    chart: str = ""
    """What the chart is called that all families are drawn in, if they share one."""
    first: Sequence[str] = ()
    """The families whose charts come first, in their order; the others follow by their names."""
    against_plain: bool = False
    """Whether the ratio to plain Python's number is drawn, for all but plain Python."""
    times: float = 1.0
    """What the values of the axis are multiplied by, so that they are in the unit that `over` names."""
    log: bool = True
    """Whether both axes are logarithmic, which zero has no place on."""
    level: Level | None = None
