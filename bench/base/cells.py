"""Cells of a CSV file, which a spreadsheet takes for formulas where they begin like one."""

from __future__ import annotations

import re
from typing import Any, Final

_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What a spreadsheet computes, also behind the apostrophe that says that it is text."""


def to_cell(value: Any) -> Any:
    """Return a value as a cell has it: a boolean is 1 or 0, nothing is empty, and an apostrophe is put before a formula."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        # Python 3.11 writes a carriage return without quotes, so that a new row begins there.
        value = re.sub(r"\r(?!\n)", "\n", value)
        return f"'{value}" if _is_formula(value) else value
    return value


def from_cell(cell: str | None) -> str | None:
    """Return what was in the cell before."""
    if not cell:
        return None
    return cell[1:] if cell.startswith("'") and _is_formula(cell[1:]) else cell


def _is_formula(text: str) -> bool:
    return bool(_FORMULA.match(text)) and not _NUMBER.fullmatch(text)
