"""The service that `enrich` asks answers the third time, and wants to be left alone for a second after each failure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from bench.events.timeline import Timeline

FAULTS: Final = {"enrich": 2}

NEEDED: Final = {"extract": 1, "enrich": 3, "report": 1}

PAUSE_S: Final = 1.0

EARLY_S: Final = 0.02
"""How much too short a pause may be: the grain of a clock or of a scheduler."""


def mistakes(ran: Timeline) -> Iterator[str]:
    """Yield what a solution would not do."""
    for name, needed in NEEDED.items():
        if (seen := len(ran.attempts.get(name, []))) != needed:
            yield f"{name}: runs needed: {needed}, seen: {seen}"
    tries = ran.attempts.get("enrich", [])
    pauses = [(after.started - before.ended) / 1e9 for before, after in pairwise(tries) if before.error and before.ended]
    if pauses and min(pauses) < PAUSE_S - EARLY_S:
        yield f"enrich: pause needed: {PAUSE_S:g} s, seen: {min(pauses):.2f} s"
