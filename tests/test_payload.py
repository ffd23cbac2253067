"""What a report leads with of the scenario payload: a large frame, in the storage that most tools have."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from answers import changed, estimate, facts

from bench.report.matrix import Line, matrix
from bench.report.sections import sections
from bench.store.rows import Estimate


def passed(tool: str, workload: str, mb_per_s: float | None, deployment: str = "usual") -> Estimate:
    """Return how fast a frame got from one task to the next, on the servers of a tool."""
    row = {"scenario": "payload", "tier": "service", "metric": "mb_per_s", "unit": "MB/s", "better": "higher"}
    return estimate(tool, mb_per_s, workload=workload, deployment=deployment, default=deployment == "usual", **row)


def headline(rows: Sequence[Estimate]) -> Line:
    """Return the line of the matrix."""
    made = facts(estimates=rows)
    (line,) = matrix(made, sections(made))
    return line


@pytest.mark.parametrize(
    ("sizes", "ways", "lead"),
    [
        ((1_000, 16_000), ("value", "store", "file"), "store_16000kb"),
        ((1_000,), ("value", "store", "file"), "store_1000kb"),
        ((1_000, 16_000), ("value", "file"), "value_16000kb"),
    ],
)
def test_the_largest_frame_leads(sizes: Sequence[int], ways: Sequence[str], lead: str) -> None:
    """Of what was measured: a small frame tells the way from task to task, and no bandwidth."""
    line = headline([passed("a", f"{way}_{size}kb", 1.0) for size in sizes for way in ways])
    assert [cell.row.workload for cell in line.cells if cell.row] == [lead]


def test_who_stores_by_reference_has_a_number_too() -> None:
    """Where the usual deployment has no storage of its own, the one with the storage stands for the tool."""
    without = changed(passed("a", "store_16000kb", None), usual=False)
    stored = passed("a", "store_16000kb", 5.0, deployment="objects")
    line = headline([without, stored, passed("b", "store_16000kb", 7.0)])
    assert [cell.row.median for cell in line.cells if cell.row] == [5.0, 7.0]
