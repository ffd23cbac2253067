"""Sentences made of words and numbers, each number with its place in results.json: read on a page, and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.base import wording
from bench.derive.reading import is_range
from bench.report.facts import identity

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Number:
    """A number as it is read, and where it stands in results.json."""

    text: str
    value: float
    table: str
    """estimates, ratios, ranges, controls, engines or code"""
    key: tuple[str, ...]
    """What names the row."""
    field: str
    until: float | None = None
    """Where it is an interval: the upper end; `value` is the lower."""


Part = str | Number


@dataclass(frozen=True)
class Sentence:
    """Words and numbers in turn."""

    parts: tuple[Part, ...]

    @classmethod
    def of(cls, *parts: Part) -> Sentence:
        """Put it together."""
        return cls(parts)

    def __str__(self) -> str:
        """Return it as text."""
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)


def median(row: Row) -> Number:
    """Return an estimate's number."""
    return Number(wording.said(row["unit"], row["median"]), row["median"], "estimates", identity(row), "median")


def bounds(row: Row) -> tuple[Part, ...]:
    """Return an estimate's interval, or how many runs there were."""
    if row["low"] is None:
        return (" (n=", Number(str(row["n"]), row["n"], "estimates", identity(row), "n"), ")")
    said = wording.said(row["unit"], row["low"], row["high"], like=row["median"])
    interval = Number(said, row["low"], "estimates", identity(row), "low", row["high"])
    few: tuple[Part, ...] = (", n=", Number(str(row["n"]), row["n"], "estimates", identity(row), "n"))
    return (" [", interval, *(few if is_range(row) else ()), "]")


def times(row: Row) -> tuple[Part, ...]:
    """Return a ratio as `4.3 times [4.1, 4.6]`."""
    key = (*identity(row), row["against"], row["against_deployment"], row["against_profile"])
    if row["ratio"] is None:
        return ()
    ratio = Number(wording.digits(row["ratio"]), row["ratio"], "ratios", key, "ratio")
    if row["low"] is None:
        return (ratio, " times")
    said = f"{wording.digits(row['low'])} .. {wording.digits(row['high'])}"
    return (ratio, " times [", Number(said, row["low"], "ratios", key, "low", row["high"]), "]")


def middle(row: Row) -> Number:
    """Return the median of a range."""
    return Number(wording.said(row["unit"], row["median"]), row["median"], "ranges", _of_range(row), "median")


def between(row: Row) -> tuple[Part, ...]:
    """Return between which values all runs lay, and how many there were."""
    key = _of_range(row)
    said = wording.said(row["unit"], row["low"], row["high"], like=row["median"])
    return (
        Number(said, row["low"], "ranges", key, "low", row["high"]),
        ", n=",
        Number(str(row["n"]), row["n"], "ranges", key, "n"),
    )


def _of_range(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in ("scenario", "orchestrator", "tier", "profile", "deployment", "metric"))


def at_most(row: Row) -> Number:
    """Return the upper end of an estimate that is lost in noise."""
    return Number(wording.said(row["unit"], row["high"]), row["high"], "estimates", identity(row), "high")


def control(row: Row) -> Sentence:
    """Return the ratio of a subject to itself, with its interval."""
    if row["ratio"] is None:
        return Sentence.of(str(row["missing_because"]))
    key = tuple(row[name] for name in ("scenario", "orchestrator", "tier", "profile", "deployment"))
    ratio = Number(f"{row['ratio']:.3f}", row["ratio"], "controls", key, "ratio")
    if row["low"] is None:
        return Sentence.of(ratio)
    said = f"{row['low']:.3f} .. {row['high']:.3f}"
    return Sentence.of(ratio, " [", Number(said, row["low"], "controls", key, "low", row["high"]), "]")


def engine(row: Row, field: str, text: str) -> Number:
    """Return a number of an engine."""
    return Number(text, row[field], "engines", (row["orchestrator"], row["tier"], row["profile"], row["deployment"]), field)


def lines(row: Row) -> Number:
    """Return how many lines of code there are."""
    return Number(f"{row['lines']}", row["lines"], "code", (row["orchestrator"], row["scenario"]), "lines")


def listed(parts: Iterable[tuple[Part, ...]], between: str = "; ") -> tuple[Part, ...]:
    """Join parts of a sentence."""
    joined: list[Part] = []
    for each in parts:
        joined += [between, *each] if joined else list(each)
    return tuple(joined)
