"""Families: cases that differ on one axis only, so that a line or a curve can go through them."""

from __future__ import annotations

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
    """A straight line through the makespans of a family: the cost of one more of something, and the cost of the start."""

    slope: str
    """The metric that is the slope."""
    intercept: str = ""
    """The metric that is the intercept, where it means something."""


@dataclass(frozen=True)
class Sweep(Family):
    """A family over the duration of a task in seconds, measured against the makespans of plain Python."""

    half: str
    """The metric that is the duration at which half of the lanes' time is the user's work."""
