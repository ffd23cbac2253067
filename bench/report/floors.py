"""The noise floor as it was applied: no ratio within it is called a difference.

It is the larger one of the control and of re-runs of one commit, which have a floor for each tool, tier and metric. The
ratio of two tools takes the larger one of theirs. So a tool has several, and a report says the least and the most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bench.store.rows import Ratio

Place = TypeVar("Place", str, tuple[str, str])


@dataclass(frozen=True)
class Floor:
    """The least and the most that the ratios of a tool had to be beyond."""

    least: float
    most: float

    def __str__(self) -> str:
        """Return it in percent."""
        least, most = (f"{100 * each:.1f}" for each in (self.least, self.most))
        return f"{least} %" if least == most else f"{least} to {most} %"


def by_tool(ratios: Iterable[Ratio]) -> dict[str, Floor]:
    """Return the floor of each tool; of a ratio without an interval none was applied, and an old run does not say any."""
    found: dict[str, list[float]] = defaultdict(list)
    for row in ratios:
        if row.floor is not None and row.above_noise is not None:
            found[row.setup.orchestrator].append(row.floor)
    return {tool: Floor(min(floors), max(floors)) for tool, floors in sorted(found.items())}


def by_place(ratios: Iterable[Ratio]) -> dict[str, Mapping[str, Floor]]:
    """Return the floor of each tool by tier, and by part of a merged run."""
    return _grouped(ratios, lambda row: ", ".join((row.setup.tier, *(f"part {part}" for part in row.setup.in_part))))


def by_metric(ratios: Iterable[Ratio]) -> dict[tuple[str, str], Mapping[str, Floor]]:
    """Return the floor of each tool by tier and metric."""
    return _grouped(ratios, lambda row: (row.setup.tier, row.metric))


def _grouped(ratios: Iterable[Ratio], place_of: Callable[[Ratio], Place]) -> dict[Place, Mapping[str, Floor]]:
    places: dict[Place, list[Ratio]] = defaultdict(list)
    for row in ratios:
        places[place_of(row)].append(row)
    return {place: floors for place, rows in sorted(places.items()) if (floors := by_tool(rows))}
