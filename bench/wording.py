"""Numbers in words: three digits, in a unit that fits, on the terminal as in a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

SLOPES = ("per_task_ms", "per_run_ms", "per_level_ms")


@dataclass(frozen=True)
class Reading:
    """An estimate as a reader meets it."""

    kind: Literal["value", "noise", "missing", "unsupported"]
    text: str
    spread: str = ""
    """The interval, or how many runs there were where they are too few for one."""


def reading(row: Mapping[str, Any]) -> Reading:
    """Read a row of results.json: its number, or what stands in its place."""
    if row["median"] is None:
        return Reading("unsupported", "unsupported") if is_unsupported(row) else Reading("missing", "none")
    value, low, high = said(row["unit"], row["median"]), row["low"], row["high"]
    if low is None:
        return Reading("value", value, f"n={row['n']}")
    spread = said(row["unit"], low, high)
    if row["metric"] in SLOPES and high < 0:
        return Reading("noise", "none: curved", spread)  # a task's cost grows with the graph: nothing is left for the run
    if row["metric"] in SLOPES and low <= 0:
        return Reading("noise", "lost in noise", spread)  # a slope or an intercept that is not told apart from zero
    return Reading("value", value, spread)


def is_unsupported(row: Mapping[str, Any]) -> bool:
    """Whether the number is missing because the tool has no way to yield it."""
    return str(row["missing_because"]).startswith("unsupported")


def subject(row: Mapping[str, Any]) -> str:
    """Name who was measured, as short as it can be told apart at its tier."""
    return f"{row['orchestrator']}/{row['deployment']}" + ("" if row["profile"] == "stock" else f", {row['profile']}")


def said(unit: str, *values: float) -> str:
    """Return one number, or two as a range, with three digits and in a unit that fits."""
    match unit:
        case "s" | "ms":
            return span(*(value * (1000 if unit == "s" else 1) for value in values))
        case "B":
            size = max(abs(value) for value in values)
            name, scale = ("MB", 1e6) if size >= 1e6 else ("kB", 1e3) if size >= 1e3 else ("B", 1.0)
            return " .. ".join(digits(value / scale) for value in values) + f" {name}"
        case "share":
            return " .. ".join(f"{value:.1%}" for value in values)
    counted = unit in {"runs", "bodies", "processes"}  # the heading says what
    return " .. ".join(map(digits, values)) + ("" if counted else f" {unit}")


def digits(value: float) -> str:
    """Return a number with three digits that mean something: 6,150 and not 6.15e+03."""
    return f"{float(f'{value:.3g}'):,.10g}"


def span(*milliseconds: float) -> str:
    """Return one duration, or two as a range, in the unit that fits the largest, with three digits."""
    size = max(abs(each) for each in milliseconds)
    unit, scale = ("s", 1e-3) if size >= 999.5 else ("ms", 1.0) if size >= 0.9995 else ("us", 1e3)
    return " .. ".join(digits(each * scale) for each in milliseconds) + f" {unit}"
