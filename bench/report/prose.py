"""Sentences made of words and numbers, each number with its place in results.json: read on a page, and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.base import wording
from bench.derive.reading import is_range
from bench.store.rows import Code, Control, Estimate, Range, Ratio, ReadyEngine


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


def median(row: Estimate) -> Number:
    """Return an estimate's number, which it must have."""
    value = _known(row.median)
    return Number(wording.said(row.unit, value), value, "estimates", row.key, "median")


def bounds(row: Estimate) -> tuple[Part, ...]:
    """Return an estimate's interval, or how many runs there were; nothing, if nothing had to run."""
    if not row.starts:
        return ()
    runs = Number(str(row.n), row.n, "estimates", row.key, "n")
    if row.low is None or row.high is None:
        return (" (n=", runs, ")")
    said = wording.said(row.unit, row.low, row.high, like=row.median)
    interval = Number(said, row.low, "estimates", row.key, "low", row.high)
    few: tuple[Part, ...] = (", n=", runs) if is_range(row) else ()
    return (" [", interval, *few, "]")


def times(row: Ratio) -> tuple[Part, ...]:
    """Return a ratio as `4.3 times [4.1, 4.6]`."""
    if row.ratio is None:
        return ()
    ratio = Number(wording.digits(row.ratio), row.ratio, "ratios", row.key, "ratio")
    if row.low is None or row.high is None:
        return (ratio, " times")
    said = f"{wording.digits(row.low)} .. {wording.digits(row.high)}"
    return (ratio, " times [", Number(said, row.low, "ratios", row.key, "low", row.high), "]")


def middle(row: Range) -> Number:
    """Return the median of a range."""
    return Number(wording.said(row.unit, row.median), row.median, "ranges", row.key, "median")


def between(row: Range) -> tuple[Part, ...]:
    """Return between which values all runs lay, and how many there were."""
    said = wording.said(row.unit, row.low, row.high, like=row.median)
    runs = Number(str(row.n), row.n, "ranges", row.key, "n")
    return (Number(said, row.low, "ranges", row.key, "low", row.high), ", n=", runs)


def at_most(row: Estimate) -> Number:
    """Return the upper end of an estimate that is lost in noise, which it must have."""
    value = _known(row.high)
    return Number(wording.said(row.unit, value), value, "estimates", row.key, "high")


def control(row: Control) -> Sentence:
    """Return the ratio of a setup to itself, with its interval."""
    if row.ratio is None:
        return Sentence.of(str(row.missing_because))
    ratio = Number(f"{row.ratio:.3f}", row.ratio, "controls", row.key, "ratio")
    if row.low is None or row.high is None:
        return Sentence.of(ratio)
    said = f"{row.low:.3f} .. {row.high:.3f}"
    return Sentence.of(ratio, " [", Number(said, row.low, "controls", row.key, "low", row.high), "]")


def engine(row: ReadyEngine, field: str, text: str) -> Number:
    """Return a number of an engine."""
    return Number(text, getattr(row, field), "engines", row.key, field)


def lines(row: Code) -> Number:
    """Return how many lines of code there are."""
    return Number(f"{row.lines}", row.lines, "code", row.key, "lines")


def _known(value: float | None) -> float:
    if value is None:
        raise ValueError("there is no number to be said")
    return value


def listed(parts: Iterable[tuple[Part, ...]], between: str = "; ") -> tuple[Part, ...]:
    """Join parts of a sentence."""
    joined: list[Part] = []
    for each in parts:
        joined += [between, *each] if joined else list(each)
    return tuple(joined)
