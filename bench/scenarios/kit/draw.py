"""What makes one run of a pipeline differ from the next."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Draw:
    """What differs between runs of the same case, so that no cache knows the work."""

    sequence: str
    """A name that runs share if they build on each other, and no other run has."""
    seed: int
    """The same for all setups in a round and a repetition, which so do the same work."""
    data: str = ""
    """The file of the reader's own customers, if the run is to use them."""
