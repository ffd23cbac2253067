"""The pace of the machine: it is probed beside every engine start, and a reader is told of one that is not steady."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import orchbench_in
from pages import Page
from small_runs import edited, results_of

from bench.base import machine
from bench.derive.pace import pace
from bench.plan.setup import Setup
from bench.store.records import StartRecord

pytest_plugins = ["report_runs"]  # its runs are made once for all tests

SETUP = Setup("plain", "library", "stock", "threads", "one process")


def starts(*paces: Sequence[float]) -> list[StartRecord]:
    """Return engine starts with these paces beside them."""
    return [
        StartRecord(
            id=str(number), number=number, setup=SETUP, start_s=1.0, deploy_s=0.0, versions={}, settings=[], listening=[],
            paces=list(each),
        )
        for number, each in enumerate(paces)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("paces", "told"),
    [
        ([(4.4e6, 4.3e6), (4.3e6, 4.3e6), (4.5e6, 4.2e6)], 0),
        ([(4.4e6, 4.3e6), (2.9e6, 2.9e6), (4.4e6, 4.3e6)], 1),
        ([(4.4e6, 2.3e6), (4.4e6, 2.2e6)], 1),
        ([(4.4e6, 2.3e6), (2.9e6, 1.5e6)], 2),
    ],
)
def test_a_machine_that_is_not_steady_is_told_of(paces: Sequence[Sequence[float]], told: int) -> None:
    """One whose pace wanders, and one whose cores are not two."""
    known = pace(starts(*paces))
    assert known is not None and len(known.remarks) == told


def test_an_old_run_was_not_probed() -> None:
    """Nothing is known of its pace, and nothing is said."""
    assert pace(starts((), ())) is None


def test_two_lanes_on_one_core_share_it() -> None:
    """Held to one core, two lanes do half each: the probe sees what lanes take from each other."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        alone, beside = machine.pace(1), machine.pace(2)
    finally:
        os.sched_setaffinity(0, allowed)
    assert beside < 0.75 * alone


def test_each_engine_start_has_its_paces(run: Path) -> None:
    """On one lane and on two, which the report gives; and remarks, where there are any, are on the page."""
    records = [json.loads(path.read_text()) for path in run.glob("starts/*/start.json")]
    assert records and all(len(each["paces"]) == len(machine.PROBED) for each in records)
    assert all(pace > 0 for each in records for pace in each["paces"])
    text = Page((run / "report.html").read_text()).text
    assert [remark for remark in results_of(run)["machine"] if remark not in text] == []


def test_a_slower_start_is_told_of_on_the_page(run: Path, tmp_path: Path) -> None:
    """And in the summary, and on the terminal."""
    copy = shutil.copytree(run, tmp_path / "wandering")
    for path in sorted(copy.glob("starts/*/start.json"))[::3]:
        with edited(path) as start:
            start["paces"] = [each / 3 for each in start["paces"]]
    assert orchbench_in(tmp_path, "report", copy).code == 0
    remarks = results_of(copy)["machine"]
    assert remarks and not any(remark.startswith("part ") for remark in remarks), "the run is not of several parts"
    shown = orchbench_in(tmp_path, "show", copy).out
    for where in (Page((copy / "report.html").read_text()).text, (copy / "summary.md").read_text(), shown):
        assert "wandered" in where
