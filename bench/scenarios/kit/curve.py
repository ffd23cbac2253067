"""The curves of a scenario: how a number grows along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.scenarios.kit.families import Family


@dataclass(frozen=True)
class Level:
    """A height that is marked across a chart."""

    at: float
    means: str


@dataclass(frozen=True)
class Curve:
    """A number over an axis, in a chart for each family of cases, with a curve for each setup."""

    number: str
    """The number in words."""
    over: str
    """The axis in words."""
    family: Family
    metric: str = "first_to_last_s"
    chart: str = ""
    """The title of the one chart that all families share, if they share one."""
    first: Sequence[str] = ()
    """The families whose charts come first, in this order; the others follow by name."""
    against_plain: bool = False
    """Whether the chart shows the ratio to the number of plain Python, for all other tools."""
    times: float = 1.0
    """The factor from the values of the axis to the unit that `over` names."""
    log: bool = True
    """Whether both axes are logarithmic; zero has no place on such an axis."""
    level: Level | None = None
    seen: str = ""
    """The metric of plain Python that says where on the axis a workload was, where that is not what was asked for."""
