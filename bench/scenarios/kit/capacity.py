"""What an engine and the machine can do, by which a scenario sizes its cases."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Capacity:
    """How many tasks an engine runs at once, and how fast the machine computes."""

    width: int
    """How many tasks may run at once."""
    lanes: int
    """How many can: one, where the engine runs tasks one after another."""
    cpu_rounds_per_s: float
    """How much of the CPU op this machine does in a second."""
    own: bool = False
    """Whether each engine has its own width, by which no case can go."""

    def rounds(self, seconds: float) -> int:
        """Return how many rounds of CPU work take that long."""
        return max(1, round(seconds * self.cpu_rounds_per_s))
