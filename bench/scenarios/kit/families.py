"""Families: cases that differ on one axis only, so that a line or a curve can go through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Final

from bench.scenarios.kit.case import Axes

MOST_PLACES: Final = 100
"""Of how many sizes, or durations, a family may be: a line compares each of them with each."""


@dataclass(frozen=True)
class Family:
    """Cases that differ on one axis only."""

    over: str
    """The axis on which the cases differ."""
    name: str
    """The name of each family, with the axes that the cases have in common, such as `lanes_{lanes}x{depth}`."""

    def of(self, axes: Axes) -> str | None:
        """Return the family of a case, or None if it belongs to none."""
        common = [field for _, field, _, _ in Formatter().parse(self.name) if field]
        return self.name.format(**axes) if {self.over, *common} <= axes.keys() else None


@dataclass(frozen=True)
class Line(Family):
    """A straight line through the times of a family: the cost of one more, and that of the start."""

    slope: str
    """The metric that is the slope, in milliseconds."""
    through: str = "first_to_last_s"
    """The metric of the times that it is laid through, in seconds."""
    per: int = 1
    """How far along the axis the slope is told, in units of the axis: it may be a megabyte where the axis has kilobytes."""
    intercept: str = ""
    """The metric that is the height of the line at the least size, plus the wait before the first body."""
    least: int = 0
    """The size at which the line begins: a chain of one task has no transition, so that the line of chains begins at one."""
    ahead: str = ""
    """The metric that is the slope of the wait before the first body, which may grow with the work."""

    def of(self, axes: Axes) -> str | None:
        """Return the family of a case, or None if it belongs to none, or is smaller than the least."""
        family = super().of(axes)
        return family if family and float(axes[self.over]) >= self.least else None


@dataclass(frozen=True)
class Sweep(Family):
    """A family over the duration of a task in seconds, measured against plain Python."""

    body: str
    """The metric of plain Python's runs that says how long the task was seen to take, whatever it was meant to take."""
    halves: Sequence[tuple[str, str]]
    """The metrics that are the duration at which a time is twice plain Python's, each with the metric of that time."""
