"""What a file of a run holds, read within limits; whatever is wrong with it is one line that names the file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.base.problem import Problem

DEEPEST: Final = 50
"""How deep lists and objects may lie in each other; the suite in run.json has six levels."""

GREATEST: Final = 2.0**63
"""Numbers beyond it, on either side, are measurements of nothing: the largest are moments, in nanoseconds since a boot."""

WRONG: Final = (
    msgspec.MsgspecError,
    csv.Error,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What comes of a file that holds something else than it should: no JSON, other keys, or other values."""


def decoded(content: bytes) -> dict[str, Any]:
    """Return the object that a file holds as JSON, or raise one of WRONG where there is none, or one beyond the limits."""
    document = msgspec.json.decode(content)
    if not isinstance(document, dict):
        raise TypeError("it holds no object")
    level: list[dict[str, Any] | list[Any]] = [document]
    for _ in range(DEEPEST):
        level = [each for part in level for each in _values(part)]
        if not level:
            return document
    raise ValueError(f"more than {DEEPEST} lists and objects lie in each other")


def _values(part: dict[str, Any] | list[Any]) -> Iterator[dict[str, Any] | list[Any]]:
    """Yield the lists and objects in one, whose numbers are looked at."""
    for key, value in part.items() if isinstance(part, dict) else enumerate(part):
        if isinstance(value, dict | list):
            yield value
        elif isinstance(value, int | float) and not -GREATEST <= value <= GREATEST:
            raise ValueError(f"the number at {str(key)[:100]!r} is too large")


@contextmanager
def read_from(file: Path, hint: str = "") -> Iterator[None]:
    """Name the file, and what to do, where something goes wrong with what it holds."""
    try:
        yield
    except WRONG as error:
        raise Problem(f"{file} cannot be read ({why(error)})" + (f"; {hint}" if hint else "")) from None


def why(error: Exception) -> str:
    """Say in a few words what is wrong, with the key where one is known."""
    if isinstance(error, KeyError):
        return f"there is no key {str(error)[:100]}"
    return str(error)[:300] or type(error).__name__


def pretty(record: Mapping[str, Any] | msgspec.Struct) -> bytes:
    """Return the JSON of a record, for people and for `git diff`."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"
