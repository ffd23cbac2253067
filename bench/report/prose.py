"""Sentences made of words and numbers, for the page and for Markdown; each number names its row in results.json."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from bench.base import wording
from bench.store.rows import Code, Control, Estimate, Range, Ratio, ReadyEngine


@dataclass(frozen=True)
class Number:
    """A number as a reader sees it, and where results.json has it."""

    text: str
    value: float
    table: str
    """estimates, ratios, ranges, controls, engines or code"""
    key: tuple[str, ...]
    """The key of the row."""
    field: str
    until: float | None = None
    """The upper end of an interval, of which `value` is the lower end."""


Part = str | Number


@dataclass(frozen=True)
class Sentence:
    """Words and numbers."""

    parts: tuple[Part, ...]

    @classmethod
    def of(cls, *parts: Part) -> Sentence:
        """Make a sentence of the parts."""
        return cls(parts)

    def __str__(self) -> str:
        """Return the sentence as text."""
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)


def median(row: Estimate) -> Number:
    """Return the number of an estimate, which must have one."""
    value = _known(row.median)
    return Number(wording.said(row.unit, value), value, "estimates", row.key, "median")


def bounds(row: Estimate) -> tuple[Part, ...]:
    """Return the interval of an estimate, or the number of runs; nothing where nothing had to run."""
    if not row.starts:
        return ()
    runs = Number(str(row.n), row.n, "estimates", row.key, "n")
    if row.low is None or row.high is None:
        return (" (n=", runs, ")")
    text = wording.said(row.unit, row.low, row.high, like=row.median)
    interval = Number(text, row.low, "estimates", row.key, "low", row.high)
    return (" [", interval, "]")


def starts(row: Estimate) -> Number:
    """Return how many engine starts are behind an estimate."""
    return Number(str(row.starts), row.starts, "estimates", row.key, "starts")


def times(row: Ratio) -> tuple[Part, ...]:
    """Return a ratio as `4.3 times [4.1, 4.6]`."""
    if row.ratio is None:
        return ()
    ratio = Number(wording.digits(row.ratio), row.ratio, "ratios", row.key, "ratio")
    if row.low is None or row.high is None:
        return (ratio, " times")
    interval = f"{wording.digits(row.low)} .. {wording.digits(row.high)}"
    return (ratio, " times [", Number(interval, row.low, "ratios", row.key, "low", row.high), "]")


def floor(row: Ratio) -> tuple[Part, ...]:
    """Return by how much noise may take a ratio from 1."""
    return () if row.floor is None else (Number(f"{100 * row.floor:.1f}", row.floor, "ratios", row.key, "floor"), " %")


def middle(row: Range) -> Number:
    """Return the median of a range."""
    return Number(wording.said(row.unit, row.median), row.median, "ranges", row.key, "median")


def between(row: Range) -> tuple[Part, ...]:
    """Return the least and the most of all runs, and how many runs there were."""
    interval = wording.said(row.unit, row.low, row.high, like=row.median)
    runs = Number(str(row.n), row.n, "ranges", row.key, "n")
    return (Number(interval, row.low, "ranges", row.key, "low", row.high), ", n=", runs)


def waiting(row: Range) -> tuple[Part, ...]:
    """Return how long runs wait: the shortest wait, and how long the poll may take; of few waits, the range."""
    shortest, draw = shortest_wait(row), longest_draw(row)
    if not shortest or draw is None:
        return between(row)
    return (*shortest, " + up to ", draw, ", n=", Number(str(row.n), row.n, "ranges", row.key, "n"))


def shortest_wait(row: Range) -> tuple[Part, ...]:
    """Return the shortest wait with its interval, and no more digits than are known; of few waits, nothing."""
    if row.shortest is None or row.doubt is None:
        return ()
    low, high = row.shortest_low, row.shortest_high
    digits = partial(wording.told, row.unit, doubt=row.doubt, like=row.shortest + row.doubt)
    shortest = Number(digits(row.shortest), row.shortest, "ranges", row.key, "shortest")
    if low is None or high is None:
        return (shortest,)
    if not row.shortest:  # the draws were shorter than they are on average, so that nothing is left for it
        return ("at most ", Number(digits(high), high, "ranges", row.key, "shortest_high"))
    return (shortest, " [", Number(digits(low, high), low, "ranges", row.key, "shortest_low", high), "]")


def longest_draw(row: Range) -> Number | None:
    """Return how long a run may wait for the next look, as the folder of the tool declares it."""
    if row.longest_draw is None:
        return None
    field = "period" if row.longest is None else "longest"
    return Number(wording.said(row.unit, row.longest_draw), row.longest_draw, "ranges", row.key, field)


def at_most(row: Estimate) -> Number:
    """Return the upper end of an estimate that is lost in noise, which must have one."""
    value = _known(row.high)
    return Number(wording.said(row.unit, value), value, "estimates", row.key, "high")


def control(row: Control) -> Sentence:
    """Return the ratio of a setup to itself, with the interval."""
    if row.ratio is None:
        return Sentence.of(str(row.missing_because))
    ratio = Number(f"{row.ratio:.3f}", row.ratio, "controls", row.key, "ratio")
    if row.low is None or row.high is None:
        return Sentence.of(ratio)
    interval = f"{row.low:.3f} .. {row.high:.3f}"
    return Sentence.of(ratio, " [", Number(interval, row.low, "controls", row.key, "low", row.high), "]")


def engine(row: ReadyEngine, field: str, text: str) -> Number:
    """Return a number of an engine."""
    return Number(text, getattr(row, field), "engines", row.key, field)


def lines(row: Code) -> Number:
    """Return how many lines of code there are."""
    return Number(f"{row.lines}", row.lines, "code", row.key, "lines")


def _known(value: float | None) -> float:
    if value is None:
        raise ValueError("there is no number to write")
    return value


def listed(parts: Iterable[tuple[Part, ...]], between: str = "; ") -> tuple[Part, ...]:
    """Join parts of a sentence."""
    joined: list[Part] = []
    for part in parts:
        if joined:
            joined.append(between)
        joined += part
    return tuple(joined)
