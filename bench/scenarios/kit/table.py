"""The columns of a scenario's table, and with them what a terminal, a report and a trend show of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Which(Enum):
    """Which workload a column shows where its scenario does not name one."""

    MOST = "the one that most setups have an estimate of"
    OWN = "each setup's own, because the graph depends on how many tasks the setup can run at once"


@dataclass(frozen=True)
class Column:
    """A number of every setup, beside the others in a table."""

    heading: str
    metric: str
    of: str | Which
    """The workload or the family whose estimate it is."""

    @property
    def workload(self) -> str | None:
        """Return the workload or the family, if it is the same for every setup."""
        return self.of if isinstance(self.of, str) else None

    @property
    def title(self) -> str:
        """Return what it is called where its numbers stand alone."""
        return f"{self.heading}: {self.workload}" if self.workload else self.heading

    @property
    def name(self) -> str:
        """Return what it is called where readers look it up in results.json."""
        return f"{self.heading} ({', '.join(filter(None, (self.metric, self.workload)))})"
