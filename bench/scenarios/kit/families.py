"""Families: the cases of a scenario that differ in one axis only, so that a line or a curve can be laid through them."""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter

from bench.scenarios.kit.case import Axes


@dataclass(frozen=True)
class Family:
    """Cases that differ in one axis only."""

    over: str
    """The axis in which they differ."""
    name: str
    """What each family is called: text with the axes that its cases have in common, such as `lanes_{lanes}x{depth}`."""

    def of(self, axes: Axes) -> str | None:
        """Return the family of a case; nothing, if it belongs to none."""
        common = [field for _, field, _, _ in Formatter().parse(self.name) if field]
        return self.name.format(**axes) if {self.over, *common} <= axes.keys() else None


@dataclass(frozen=True)
class Line(Family):
    """A straight line through the makespans of a family: what one more of something costs, and what it begins with."""

    slope: str
    """The metric that is the slope."""
    intercept: str = ""
    """The metric that is the intercept, where it means something."""


@dataclass(frozen=True)
class Sweep(Family):
    """A family over the duration of a task in seconds, of which plain Python's makespans are the yardstick."""

    half: str
    """The metric that is the duration at which half of the lanes' time is the user's work."""
