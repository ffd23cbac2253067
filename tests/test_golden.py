"""The golden run: what is derived from a real run that is kept here is what was derived from it before, value by value.

How it was made, and how it is pinned anew, stands in golden/pack.py and in docs/testing.md.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import pytest
from golden import pack

Row = Mapping[str, Any]
Kind = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class Difference:
    """One value that is not what it was; a whole row, where the field is empty."""

    kind: Kind
    section: str
    field: str
    row: str
    before: Any = None
    now: Any = None

    def __str__(self) -> str:
        """Return it in one line."""
        return f"{self.kind} {self.section}.{self.field} [{self.row}]: {self.before!r} -> {self.now!r}"


@dataclass(frozen=True)
class Intended:
    """A difference that a commit makes on purpose, and why; in each row that has the words in what identifies it."""

    kind: Kind
    section: str
    field: str
    because: str
    rows: Sequence[str] = ()

    def explains(self, each: Difference) -> bool:
        """Whether the difference is one of these."""
        said = (self.kind, self.section, self.field) == (each.kind, each.section, each.field)
        return said and all(word in each.row.split("/") for word in self.rows)


INTENDED: Sequence[Intended] = ()
"""All that is derived in another way than the expected values were, by a commit that did not pin them anew."""

IDENTITY: Mapping[str, Sequence[str]] = {
    "estimates": ("scenario", "workload", "orchestrator", "tier", "profile", "deployment", "metric"),
    "ratios": (
        *("scenario", "workload", "orchestrator", "tier", "profile", "deployment", "metric"),
        *("against", "against_profile", "against_deployment"),
    ),
    "controls": ("scenario", "orchestrator", "tier", "profile", "deployment", "metric"),
    "checks": ("scenario", "orchestrator", "tier", "profile", "deployment", "check"),
    "engines": ("orchestrator", "tier", "profile", "deployment"),
    "ranges": ("scenario", "orchestrator", "tier", "profile", "deployment", "metric"),
    "code": ("scenario", "orchestrator"),
    "samples": ("trial", "metric"),
    "benchmarks": ("fullname",),
}
"""What no two rows of a section have in common."""


def by_identity(section: str, rows: Iterable[Row]) -> dict[str, Row]:
    """Return the rows, each by what identifies it, in their order."""
    rows = list(rows)
    found = {"/".join(str(row[key]) for key in IDENTITY[section]): row for row in rows}
    assert len(found) == len(rows), f"two rows of {section} are the same"
    return found


def same(before: Any, now: Any) -> bool:
    """Whether two values are equal; numbers, but for what another build of numpy rounds elsewhere."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        return before.keys() == now.keys() and all(same(before[key], now[key]) for key in before)
    if isinstance(before, list) and isinstance(now, list):
        return len(before) == len(now) and all(map(same, before, now))
    if isinstance(before, float) and isinstance(now, float):
        return math.isclose(before, now, rel_tol=1e-9, abs_tol=1e-15)
    return type(before) is type(now) and bool(before == now)


def fields_that_differ(section: str, name: str, before: Row, now: Row) -> Iterator[Difference]:
    """Compare two rows field by field."""
    for field in [*before, *(now.keys() - before.keys())]:
        place = (section, field, name)
        if field not in now:
            yield Difference("removed", *place, before[field])
        elif field not in before:
            yield Difference("added", *place, None, now[field])
        elif not same(before[field], now[field]):
            yield Difference("changed", *place, before[field], now[field])


def rows_that_differ(section: str, before: Iterable[Row], now: Iterable[Row]) -> Iterator[Difference]:
    """Compare two tables row by row, and by their order."""
    old, new = by_identity(section, before), by_identity(section, now)
    for name, row in old.items():
        if name in new:
            yield from fields_that_differ(section, name, row, new[name])
        else:
            yield Difference("removed", section, "", name, row)
    yield from (Difference("added", section, "", name, None, row) for name, row in new.items() if name not in old)
    order = [name for name in old if name in new]
    if order != [name for name in new if name in old]:
        yield Difference("changed", section, "order", "")


def documents_differ(name: str, before: Row, now: Row) -> Iterator[Difference]:
    """Compare two JSON documents: their tables by rows, and all else as the one row that it is."""
    tables = [key for key in IDENTITY if key in before or key in now]
    for table in tables:
        yield from rows_that_differ(table, before.get(table, ()), now.get(table, ()))
    rest = [{key: value for key, value in each.items() if key not in tables} for each in (before, now)]
    yield from fields_that_differ(name, "", *rest)


def differences(target: Path) -> Iterator[Difference]:
    """Compare all that was derived with what is expected."""
    for name in pack.DERIVED:
        old, new = pack.expected(name), (target / name).read_text()
        if name.endswith(".csv"):
            before, now = ([_read_cells(row) for row in csv.DictReader(io.StringIO(text))] for text in (old, new))
            yield from rows_that_differ("samples", before, now)
        else:
            yield from documents_differ(name, json.loads(old), json.loads(new))


def _read_cells(row: Mapping[str, str]) -> Row:
    return {**row, "value": float(row["value"])} if row["value"] else row


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Difference]:
    """Derive the golden run by today's code, and return what differs."""
    folder = tmp_path_factory.mktemp("golden")
    target = folder / "derived"
    pack.derive(pack.unpack(folder / "raw"), target)
    return list(differences(target))


def test_what_is_derived_is_what_was_derived_before(found: Sequence[Difference]) -> None:
    """But for the differences that are intended, each value is the same, and the rows are in the same order."""
    unexplained = [each for each in found if not any(intended.explains(each) for intended in INTENDED)]
    lines = [*map(str, islice(unexplained, 20)), f"{len(unexplained)} differences in all"]
    assert not unexplained, "\n".join(lines)


def test_each_intended_difference_is_there(found: Sequence[Difference]) -> None:
    """None is left in the table when the code has changed again."""
    assert [each for each in INTENDED if not any(map(each.explains, found))] == []


def test_a_difference_is_seen() -> None:
    """A value that changed, a row that went or came, a field that came, and another order are each named."""

    def row(tool: str, lines: int, **more: Any) -> Row:
        return {"scenario": "churn", "orchestrator": tool, "lines": lines, **more}

    before = {"schema": 2, "code": [row("a", 1), row("b", 1), row("c", 1)]}
    now = {"schema": 3, "code": [row("d", 1), row("c", 1, new=0), row("a", 2)]}
    seen = {(each.kind, each.section, each.field, each.row) for each in documents_differ("it", before, now)}
    assert seen == {
        ("changed", "code", "lines", "churn/a"),
        ("removed", "code", "", "churn/b"),
        ("added", "code", "new", "churn/c"),
        ("added", "code", "", "churn/d"),
        ("changed", "code", "order", ""),
        ("changed", "it", "schema", ""),
    }
