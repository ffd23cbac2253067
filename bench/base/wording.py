"""Numbers in words: three digits, in a unit that fits, on the terminal as in a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bench.base.stats import MIN_RUNS

SLOPES = ("per_task_ms", "per_run_ms", "per_level_ms")
NEVER_BELOW_ZERO = (*SLOPES, "retry_cost_s")
"""Differences, so that they come out below zero by chance; but nothing costs less than nothing."""


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
        lost = row["metric"] in NEVER_BELOW_ZERO and row["median"] <= 0
        return Reading("noise", "lost in noise", f"n={row['n']}") if lost else Reading("value", value, f"n={row['n']}")
    spread = said(row["unit"], low, high, like=row["median"]) + (f", n={row['n']}" if is_range(row) else "")
    if row["metric"] in SLOPES and high < 0:
        return Reading("noise", "none: curved", spread)  # a task's cost grows with the graph: nothing is left for the run
    if row["metric"] in NEVER_BELOW_ZERO and low <= 0:
        return Reading("noise", "lost in noise", spread)  # not told apart from zero
    return Reading("value", value, spread)


def is_range(row: Mapping[str, Any]) -> bool:
    """Whether there were too few runs for an interval to be more than their range."""
    return bool(row["n"] < MIN_RUNS)


def bars(rows: Iterable[Mapping[str, Any]]) -> str:
    """Say what the bars of these estimates are, in a chart; nothing where none has one."""
    few = {is_range(row) for row in rows if row["low"] is not None}
    kinds = ["95 % intervals"] * (False in few) + [f"the range of fewer than {MIN_RUNS} runs"] * (True in few)
    return ", or ".join(kinds)


def is_unsupported(row: Mapping[str, Any]) -> bool:
    """Whether the number is missing because the tool has no way to yield it."""
    return str(row["missing_because"]).startswith("unsupported")


def subject(row: Mapping[str, Any]) -> str:
    """Name who was measured, as short as it can be told apart at its tier."""
    return f"{row['orchestrator']}/{row['deployment']}" + ("" if row["profile"] == "stock" else f", {row['profile']}")


def said(unit: str, *values: float, like: float | None = None) -> str:
    """Return one number, or two as a range, with three digits, in a unit that fits them (or `like`, which stands beside)."""
    size = abs(like) if like is not None else max(abs(value) for value in values)
    match unit:
        case "s" | "ms":
            factor = 1000.0 if unit == "s" else 1.0
            unit, scale = _duration(size * factor)
            scale *= factor
        case "B":
            unit, scale = ("MB", 1e-6) if size >= 1e6 else ("kB", 1e-3) if size >= 1e3 else ("B", 1.0)
        case "share":
            return " .. ".join(f"{value:.1%}" for value in values)
        case "runs" | "bodies" | "processes":  # the heading says what
            return " .. ".join(f"{float(f'{value:.3g}'):,.10g}" for value in values)
        case _:
            scale = 1.0
    return f"{' .. '.join(digits(value * scale) for value in values)} {unit}"


def base(unit: str, value: float) -> tuple[str, float]:
    """Return the number in the unit that all of its kind are sorted by."""
    return ("s", value / 1000) if unit == "ms" else (unit, value)


def digits(value: float) -> str:
    """Return a number with three digits that mean something: 4.00 and not 4, 6,150 and not 6.15e+03."""
    if abs(value) >= 999.5:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:#.3g}".rstrip(".") if value else "0"


def _duration(milliseconds: float) -> tuple[str, float]:
    """Return the unit of a duration, and how many of it a millisecond is."""
    if milliseconds >= 999.5:
        return "s", 1e-3
    return ("ms", 1.0) if milliseconds >= 0.9995 else ("us", 1e3)
