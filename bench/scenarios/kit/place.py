"""Where cases are to run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where cases are to run."""

    width: int
    """How many tasks may run at once."""
    lanes: int
    """How many can: one, in an engine that runs them one after another."""
    cpu_rounds_per_s: float
    """How much of the CPU op this machine does in a second."""

    def rounds(self, seconds: float) -> int:
        """Return the CPU work that takes so long."""
        return max(1, round(seconds * self.cpu_rounds_per_s))
