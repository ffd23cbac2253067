"""What makes one run of a pipeline differ from the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BEYOND: Final = 20_000_000
"""Added for each thousand repetitions: more than 10,000 rounds take up, with all that scenarios add to their seeds."""


@dataclass(frozen=True)
class Draw:
    """What differs between runs of the same case, so that no cache knows the work."""

    sequence: str
    """A name that runs share if they build on each other, and no other run has."""
    seed: int
    """The same for all setups in a round and a repetition, which so do the same work."""
    data: str = ""
    """The file of the reader's own customers, if the run is to use them."""


def seed_of(round_: int, repeat: int) -> int:
    """Return the seed of all runs in a round and a repetition, which is that of no other."""
    thousands, rest = divmod(repeat, 1000)
    return round_ * 1000 + rest + thousands * BEYOND
