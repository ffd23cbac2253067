"""What `~` says of a number, and what its absence does not say."""

from __future__ import annotations

from collections.abc import Sequence

from bench.base.stats.instability import MIN_SPREAD, MIN_TESTED
from bench.store.rows import Estimate


def counts(estimates: Sequence[Estimate]) -> str:
    """Say how many numbers are unstable, and of how many it cannot be told."""
    known = [row for row in estimates if row.median is not None and row.starts]
    unstable = sum(bool(row.unstable) for row in known)
    few = sum(not row.unstable and row.n < MIN_TESTED for row in known)
    said = (
        f"{unstable} of {len(known)} measured numbers are unstable: spread, outliers, drift or curvature."
        " `unstable` in results.json says which."
    )
    if not few:
        return said
    return (
        f"{said} {few} others come of fewer than {MIN_TESTED} runs. They are too few to tell outliers and a drift, and"
        f" fewer than {MIN_SPREAD} show no spread. There a number without ~ is untested, and not stable."
    )
