"""By what means a check passed, or that its question does not arise: what the notes on a tool make of what was seen."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import orchbench_in
from pages import Page
from small_runs import block, edited, finished_run, results_of, suite_of

SUITE = suite_of(
    block("retries", skip=["processes"], reference_starts=1, options={"delay_s": 0.02, "backoff_tries": 1, "width": 2})
)

CONSTANT, SEQUENCE, FINAL = "constant_waits_are_kept", "sequences_of_waits_are_kept", "final_error_is_tried_once"


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of plain Python in which all checks pass."""
    return finished_run(tmp_path_factory.mktemp("measured"), SUITE)


@pytest.fixture
def run(measured: Path, tmp_path: Path) -> Path:
    """A copy of the run, to be changed."""
    shutil.copytree(measured, tmp_path / "run")
    return tmp_path / "run"


def judged(run: Path, notes: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, Any]]:
    """Derive the run again with these notes on plain Python, and return the verdict of each check."""
    with edited(run / "run.json") as record:
        record["tools"]["plain"] = {"title": "plain Python", **notes}
    assert orchbench_in(run.parent, "report", "run").code == 0
    return {row["check"]: row for row in results_of(run)["checks"]}


def test_each_table_of_notes_is_a_grade(run: Path) -> None:
    """What is asked for, declared and written by hand are three grades; what no note is about is as the tool comes."""
    notes = {"opt_in": {CONSTANT: "an argument"}, "declared": {SEQUENCE: "a list"}, "by_hand": {FINAL: "a loop"}}
    rows = judged(run, notes)
    assert {check: rows[check]["means"] for check in (CONSTANT, SEQUENCE, FINAL)} == {
        CONSTANT: "opt_in",
        SEQUENCE: "declared",
        FINAL: "by_hand",
    }
    assert {row["means"] for check, row in rows.items() if check not in (CONSTANT, SEQUENCE, FINAL)} == {"native"}
    assert {row["verdict"] for row in rows.values()} == {"pass"}
    for check, what in ((CONSTANT, "an argument"), (SEQUENCE, "a list"), (FINAL, "a loop")):
        assert what in rows[check]["because"] and "retries_" in rows[check]["because"]


def test_a_run_without_the_newer_notes_is_read_as_before(run: Path) -> None:
    """Old runs know no opt-in, and call native what is."""
    rows = judged(run, {"by_hand": {FINAL: "a loop"}})
    assert {check for check, row in rows.items() if row["means"] != "native"} == {FINAL}


def test_what_takes_most_work_is_the_grade(run: Path) -> None:
    """What is by hand for one deployment stays so, whatever argument it uses."""
    rows = judged(run, {"opt_in": {CONSTANT: "an argument"}, "by_hand": {f"threads.{CONSTANT}": "a loop"}})
    assert rows[CONSTANT]["means"] == "by_hand"


def test_a_question_that_does_not_arise_is_no_failure_and_no_lack(run: Path) -> None:
    """Whatever was seen, and even where nothing could run, the verdict is the reason, and the page shows it."""
    with edited(min(run.glob("trials/*-plain-retries_sequence/trial.json"))) as trial:
        trial.update(end="unsupported", because="unsupported: planted")
    assert judged(run, {})[SEQUENCE]["verdict"] == "unsupported"
    rows = judged(run, {"not_applicable": {SEQUENCE: "it has no sequences", FINAL: "it has no errors"}})
    assert [(rows[check]["verdict"], rows[check]["because"]) for check in (SEQUENCE, FINAL)] == [
        ("not_applicable", "it has no sequences"),
        ("not_applicable", "it has no errors"),
    ]
    assert "it has no errors" in Page((run / "report.html").read_text()).text
    assert "it has no errors" in orchbench_in(run.parent, "show", "run").out.replace("\n", " ")
