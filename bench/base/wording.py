"""Numbers in words: three digits, in a unit that fits, on the terminal as in a report."""

from __future__ import annotations

import math


def said(unit: str, *values: float, like: float | None = None) -> str:
    """Return one number, or two as a range, with three digits, in a unit that fits them, or that fits the number `like`."""
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
        case "runs" | "bodies" | "processes" | "lines":  # the heading says what
            return " .. ".join(f"{float(f'{value:.3g}'):,.10g}" for value in values)
        case _:
            scale = 1.0
    return f"{' .. '.join(digits(value * scale) for value in values)} {unit}"


def told(unit: str, *values: float, doubt: float, like: float) -> str:
    """Return one time, or two as a range, to two digits of its doubt, in a unit that fits the number `like`."""
    factor = 1000.0 if unit == "s" else 1.0
    unit, scale = _duration(abs(like) * factor)
    scale *= factor
    places = 1 - math.floor(math.log10(doubt * scale)) if doubt > 0 else 2
    return f"{' .. '.join(f'{round(value * scale, places):,.{max(places, 0)}f}' for value in values)} {unit}"


def roughly(seconds: float) -> str:
    """Return a time that was guessed: no more digits than a guess has."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def counted(count: int, noun: str) -> str:
    """Return a number of things."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def base(unit: str, value: float) -> tuple[str, float]:
    """Return the number in the unit by which numbers of the kind are sorted."""
    return ("s", value / 1000) if unit == "ms" else (unit, value)


def digits(value: float) -> str:
    """Return a number with three significant digits: 4.00 and not 4, 6,150 and not 6.15e+03."""
    if abs(value) >= 999.5:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:#.3g}".rstrip(".") if value else "0"


def _duration(milliseconds: float) -> tuple[str, float]:
    """Return the unit of a duration, and how many of these units a millisecond is."""
    if milliseconds >= 999.5:
        return "s", 1e-3
    return ("ms", 1.0) if milliseconds >= 0.9995 else ("us", 1e3)
