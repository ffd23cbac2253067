"""Derived numbers: what a scenario makes of the runs of several workloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bench.base.stats import Quantity
from bench.scenarios.kit.case import Axes


class Medians(Protocol):
    """What is known of one setup's runs."""

    def median(self, workload: str, metric: str) -> Quantity:
        """Return the median of what its runs of the workload yielded, or why there is none."""
        ...

    def asked(self, workload: str) -> int:
        """Return how many runs of the workload there should be a value of."""
        ...

    def axes(self, workload: str) -> Axes:
        """Return where the workload stands among those of its scenario."""
        ...

    @property
    def workloads(self) -> Sequence[str]:
        """The workloads that it was asked for."""
        ...


@dataclass(frozen=True)
class Derived:
    """A number that is made of the runs of several workloads."""

    workload: str
    """Of which workload it is, or of which family."""
    metric: str
    quantity: Quantity
    axes: Axes = field(default_factory=dict)
    """What the workloads of a family have in common; of a workload, its own stand for it."""
