"""The pace of the machine: how much CPU work it did in a second right before each engine start."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.store.records import StartRecord

WANDERS: Final = 1.1
"""How many times as fast as at its slowest a machine is whose pace wanders."""

SHARES: Final = 0.85
"""The share of the pace alone below which two lanes take time from each other."""


@dataclass(frozen=True)
class Pace:
    """What the probes of a run say, in rounds of the CPU op a second."""

    starts: int
    alone: float
    least: float
    most: float
    beside: float
    """Of a lane, with another one beside it."""

    @property
    def remarks(self) -> list[str]:
        """What a reader should know before believing numbers with CPU work in them."""
        found = []
        if self.most > WANDERS * self.least:
            found.append(
                f"its pace wandered between {_millions(self.least)} and {_millions(self.most)} million rounds of CPU work "
                "a second, so that engine starts are not alike: the start of a process is CPU work too"
            )
        if self.beside < SHARES * self.alone:
            found.append(
                f"two lanes take time from each other: each does {self.beside / self.alone:.0%} of what one does alone, so "
                "that nothing can be twice as fast on two"
            )
        return found

    def __str__(self) -> str:
        """Return all of it in one line."""
        return (
            f"{_millions(self.alone)} million rounds a second on one lane, {_millions(self.beside)} on each of two; "
            f"between {_millions(self.least)} and {_millions(self.most)} in eight of ten of {self.starts} engine starts"
        )


def pace(starts: Sequence[StartRecord]) -> Pace | None:
    """Return the pace beside the engine starts; None of a run that was not probed."""
    probed = [start.paces for start in starts if len(start.paces) > 1]
    if not probed:
        return None
    alone = [paces[0] for paces in probed]
    beside = statistics.median(paces[1] for paces in probed)
    # Not the least and the most, which lie the farther apart the more probes there are.
    least, most = (float(each) for each in np.quantile(alone, [0.1, 0.9]))
    return Pace(len(probed), statistics.median(alone), least, most, beside)


def _millions(rounds: float) -> str:
    return f"{rounds / 1e6:.2f}"
