"""Joining: a block may have its runs made in the engine starts of the block before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bench.plan.plan import Start


def join(starts: Sequence[Start], more: Sequence[Start]) -> list[Start]:
    """Let the runs of `more` be made in the starts that have the same setup, width and round, where there are any."""
    joined = list(starts)
    free = list(range(len(joined)))
    for start in more:
        place = next((index for index in free if _are_alike(joined[index], start)), None)
        if place is None:
            joined.append(start)
        else:
            free.remove(place)  # each of the reference's several starts in a round takes up one
            joined[place] = _merged(joined[place], start)
    return joined


def _are_alike(one: Start, other: Start) -> bool:
    watched = any(trial.case.is_watched for start in (one, other) for trial in start.trials)  # it is asked of a fresh engine
    return not watched and (one.setup, one.width, one.round) == (other.setup, other.width, other.round)


def _merged(host: Start, guest: Start) -> Start:
    known = {warmup.id for warmup in host.warmups}
    return replace(
        host,
        limit_s=max(host.limit_s, guest.limit_s),
        warmups=(*host.warmups, *(warmup for warmup in guest.warmups if warmup.id not in known)),
        trials=(*host.trials, *guest.trials),
    )
