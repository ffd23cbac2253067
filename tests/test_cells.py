"""A spreadsheet that opens samples.csv computes nothing that a run's names ask it to, and the numbers are numbers."""

from __future__ import annotations

import csv
import io
import re
import shutil
from pathlib import Path

import pytest
from conftest import Call
from hypothesis import given
from hypothesis import strategies as st
from small_runs import edited, samples_of

from bench.base.cells import from_cell, to_cell
from bench.store.folder import RunFolder

pytest_plugins = ["report_runs"]  # its runs are made once for all tests
pytestmark = pytest.mark.xdist_group("report")

FORMULAS = ("=HYPERLINK('e.example')", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\n=1", "\uff1d1", "'=1")


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_a_run_is_a_formula(formula: str, run: Path, tmp_path: Path, orchbench: Call) -> None:
    """What went wrong with a trial is text in samples.csv, and is read back as it was."""
    copy = shutil.copytree(run, tmp_path / "copy")
    for path in sorted(copy.glob("trials/*/trial.json"))[:3]:
        with edited(path) as trial:
            trial["setup"]["isolation"] = formula
    done = orchbench("report", copy)
    assert done.code == 0, done.err
    cells = {cell for row in samples_of(copy) for cell in row.values()}
    assert not [cell for cell in cells if re.match(r"[=+\-@\t\r\n\uff1d]", cell) and not _is_number(cell)]
    assert formula in {sample.setup.isolation for sample in RunFolder(copy).samples()}


def test_no_cell_begins_a_row(run: Path, tmp_path: Path, orchbench: Call) -> None:
    """A carriage return in a name is a line break within a cell."""
    copy = shutil.copytree(run, tmp_path / "copy")
    for path in copy.glob("trials/*/trial.json"):
        with edited(path) as trial:
            trial["setup"]["isolation"] = "threads\rforged,row"
    assert orchbench("report", copy).code == 0
    assert len(samples_of(copy)) == len(samples_of(run))
    assert {sample.setup.isolation for sample in RunFolder(copy).samples()} == {"threads\nforged,row"}


def test_numbers_stay_numbers(run: Path) -> None:
    """Those below zero, too: no cell of an honest run has an apostrophe before it."""
    assert not [cell for row in samples_of(run) for cell in row.values() if cell.startswith("'")]
    assert [to_cell(value) for value in (-1.5, "-1.5", "+2e-07", True, None)] == [-1.5, "-1.5", "+2e-07", 1, None]


@given(st.text(min_size=1))
def test_every_cell_is_read_back(text: str) -> None:
    """The apostrophe is taken off again, and no other one; of line breaks, one kind is left."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerow(["before", to_cell(text)])
    (row,) = csv.reader(io.StringIO(file.getvalue(), newline=""))
    assert from_cell(row[1]) == re.sub(r"\r(?!\n)", "\n", text)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
