"""The axis that suits some numbers: the unit, both ends, and the ticks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.base import wording

_TIMES: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
_BYTES: Final = {"B": 1.0, "kB": 1e3, "MB": 1e6}
_FAMILIES: Final = {"s": _TIMES, "ms": _TIMES, "B": _BYTES}

_COUNTED: Final = {"runs", "bodies", "processes"}

_MARGIN: Final = 0.06
"""The room beyond the outermost numbers, as a share of their span."""


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`, in the unit of the numbers; the labels of the ticks are in `unit`."""

    unit: str
    low: float
    high: float
    log: bool
    ticks: Mapping[float, str]

    @property
    def named(self) -> str:
        """The unit, and whether the axis is logarithmic."""
        return ", ".join(filter(None, (self.unit, "logarithmic" if self.log else "")))

    def at(self, value: float) -> float:
        """Return where a number lies: 0 is the beginning of the axis, 1 the end."""
        low, high, here = (math.log(each) if self.log else each for each in (self.low, self.high, value))
        return (here - low) / (high - low)


def axis(unit: str, numbers: Sequence[float], *, log: bool, ticks: int, zero: bool = True, finest: float = 0.0) -> Axis:
    """Return an axis for the numbers, and for zero if `zero`; a logarithmic axis is for the numbers above zero."""
    shown = [number for number in numbers if number > 0] if log else numbers
    least, greatest = min(shown), max(shown)
    units = _units(unit)
    if log:
        low, high = _decades_around(least, greatest)
        choices = [Axis(name, low, high, log, _logarithmic(low, high, per, ticks)) for name, per in units.items()]
        return min(choices, key=lambda choice: len("".join(choice.ticks.values())))
    low, high = _reach(least, greatest, zero=zero)
    size = max(abs(least), abs(greatest)) or high
    name = wording.said(unit, size).rpartition(" ")[2] if len(units) > 1 else next(iter(units))
    return Axis(name, low, high, log, _even(low, high, units[name], ticks, 1.0 if unit in _COUNTED else finest))


def _units(unit: str) -> Mapping[str, float]:
    """Return the units that may label the numbers, and how many units of the numbers each of them is."""
    family = _FAMILIES.get(unit)
    if family:
        return {name: size / family[unit] for name, size in family.items()}
    return {"%": 0.01} if unit == "share" else {unit: 1.0}


def _decades_around(least: float, greatest: float) -> tuple[float, float]:
    margin = max((greatest / least) ** _MARGIN, 1.1)
    return least / margin, greatest * margin


def _reach(least: float, greatest: float, *, zero: bool) -> tuple[float, float]:
    low, high = (min(least, 0.0), max(greatest, 0.0)) if zero else (least, greatest)
    margin = (high - low) * _MARGIN or 1.0
    return (0.0 if zero and low == 0 else low - margin), (0.0 if zero and high == 0 and low < 0 else high + margin)


def _even(low: float, high: float, per: float, most: int, finest: float = 0.0) -> dict[float, str]:
    """Return ticks at even distances of 1, 2 or 5 times a power of ten, no finer than `finest`."""
    low, high = low / per, high / per
    rough = max((high - low) / most, finest)
    decade = 10.0 ** math.floor(math.log10(rough))
    step = next(each * decade for each in (1, 2, 5, 10) if each * decade >= rough * (1 - 1e-9))
    counts = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return {count * step * per: _label(count * step) for count in counts}


def _logarithmic(low: float, high: float, per: float, most: int) -> dict[float, str]:
    """Return ticks within the decades where there are few of them, else at each decade or each second one."""
    if high / low < 4:
        return _even(low, high, per, most)
    low, high = low / per, high / per
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for digits in ((1, 2, 5), (1, 3), (1,)):
        marks = [digit * 10.0**decade for decade in range(first, last + 1) for digit in digits]
        places = [mark for mark in marks if low <= mark <= high]
        if len(places) <= most:
            break
    return {place * per: _label(place) for place in places[:: math.ceil(len(places) / most)]}


def _label(place: float) -> str:
    if 0 < abs(place) < 1e-6:
        return f"{place:.3g}"
    return f"{place:,.9f}".rstrip("0").rstrip(".")
