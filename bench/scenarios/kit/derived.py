"""Derived numbers: those that a scenario computes from the runs of several workloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bench.base.stats.quantity import Quantity
from bench.scenarios.kit.case import Axes


class Medians(Protocol):
    """What is known about the runs of a setup."""

    def median(self, workload: str, metric: str) -> Quantity:
        """Return the median of a metric over the runs of a workload, or why there is none."""
        ...

    def asked(self, workload: str) -> int:
        """Return how many runs of the workload should have a value."""
        ...

    def axes(self, workload: str) -> Axes:
        """Return the place of the workload on the axes of the scenario."""
        ...

    @property
    def plain(self) -> Medians | None:
        """What is known about plain Python's runs at the tier; None if there are none."""
        ...

    @property
    def workloads(self) -> Sequence[str]:
        """The workloads that the setup was asked for."""
        ...


@dataclass(frozen=True)
class Derived:
    """A number computed from the runs of several workloads."""

    workload: str
    """The workload or the family that has the number."""
    metric: str
    quantity: Quantity
    axes: Axes = field(default_factory=dict)
    """What the workloads of a family have in common; empty for a workload, which has axes already."""
