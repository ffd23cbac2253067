"""The columns of the table of a scenario, which a terminal, a report and a trend show."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Which(Enum):
    """Which workload a column shows where the scenario does not name one."""

    MOST = "the one that most setups have an estimate of"
    EACH = "each that some setup has an estimate of, in a column of its own: setups may differ in what they can run"


@dataclass(frozen=True)
class Column:
    """A number of every setup, in a column of the table."""

    heading: str
    metric: str
    of: str | Which
    """The workload or the family that has the number."""

    @property
    def workload(self) -> str | None:
        """Return the workload or the family, if it is the same for every setup."""
        return self.of if isinstance(self.of, str) else None

    @property
    def title(self) -> str:
        """Return the heading for places that show this column only."""
        return f"{self.heading}: {self.workload}" if self.workload else self.heading

    @property
    def name(self) -> str:
        """Return the heading for readers who look the number up in results.json."""
        return f"{self.heading} ({', '.join(filter(None, (self.metric, self.workload)))})"
