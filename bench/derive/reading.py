"""An estimate as a reader meets it: the number, or what is said where a number would mislead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from bench.base.stats.quantity import is_seen_beside, is_sized
from bench.base.wording import said
from bench.scenarios import METRICS, SCENARIOS
from bench.store.rows import Estimate

_LINES: Final = {name for each in SCENARIOS.values() if each.line for name in (each.line.slope, each.line.intercept)}
_COSTS: Final = (
    _LINES
    | {each.line.ahead for each in SCENARIOS.values() if each.line}
    | {name for name, metric in METRICS.items() if metric.costs}
)
"""The metrics that are below zero by chance alone."""


@dataclass(frozen=True)
class Reading:
    """An estimate as a reader meets it."""

    kind: Literal["value", "noise", "missing", "unsupported"]
    text: str
    spread: str = ""
    """The interval, or how many runs there were where they were in too few engine starts for one."""


def reading(row: Estimate) -> Reading:
    """Read an estimate: the number, or why there is none."""
    if row.median is None:
        return Reading("unsupported", "unsupported") if is_unsupported(row) else Reading("missing", "none")
    value, low, high = said(row.unit, row.median), row.low, row.high
    if low is None or high is None:
        size = row.median if row.metric in _COSTS else abs(row.median)  # any other difference may be below zero
        lost = (row.metric in _COSTS or _subtracted(row) > 0) and not is_seen_beside(_subtracted(row), size)
        runs = f"n={row.n}" if row.starts else ""
        return Reading("noise", "lost in noise", runs) if lost else Reading("value", value, runs)
    spread = said(row.unit, low, high, like=row.median)
    if row.metric in _LINES and high < 0:
        return Reading("noise", "none: curved", spread)  # a task's cost grows with the graph: nothing is left for the run
    if row.metric in _COSTS and not is_sized(low, row.median):
        return Reading("noise", "lost in noise", spread)  # not told apart from zero
    return Reading("value", value, spread)


def _subtracted(row: Estimate) -> float:
    """Return how much was subtracted; an old run does not say it."""
    return 0.0 if row.subtracted is msgspec.UNSET else row.subtracted


def is_unsupported(row: Estimate) -> bool:
    """Whether the number is missing because the tool has no way to yield it."""
    return str(row.missing_because).startswith("unsupported")
