"""What one run of a pipeline is given, and the next is not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Draw:
    """By this a run differs from others of the same case: no cache knows it."""

    sequence: str
    """What runs that build on each other have in common, and no others."""
    seed: int
    """The same for all setups in a round and a repetition, so that they do the same work."""
    data: str = ""
    """The reader's own customers, if they are to be used."""
