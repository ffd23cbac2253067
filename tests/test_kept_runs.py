"""The raw runs in the repository are all that the commands need, small, and without a trace of the machine's files."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Call, call
from small_runs import record_of, results_of

FOLDER = ROOT / "reports/try"
KEPT = [file.parent for file in sorted(FOLDER.glob("*/run.json"))]

DERIVED = shutil.ignore_patterns(
    "charts", "pytest-benchmark.json", "report.html", "results.json", "samples.csv", "summary.md"
)
"""What somebody who has tried the commands has beside the kept files."""


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the content of each file, by its name in the folder."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def kept(tmp_path: Path) -> list[Path]:
    """Copies of the runs, as a fresh clone has them."""
    return [shutil.copytree(each, tmp_path / each.name, ignore=DERIVED) for each in KEPT]


def test_a_kept_run_can_be_reported_and_shown(kept: list[Path], orchbench: Call) -> None:
    """Every trial gives numbers, there is a page, and no kept file changes, so that a clone stays clean."""
    for run in kept:
        before = files_of(run)
        assert orchbench("report", run).code == 0
        assert (run / "report.html").is_file()
        assert {row["orchestrator"] for row in results_of(run)["estimates"]} >= set(record_of(run)["orchestrators"])
        assert orchbench("show", run).code == 0
        assert before.items() <= files_of(run).items()


def test_two_kept_runs_can_be_compared(kept: list[Path], orchbench: Call) -> None:
    """Nothing but the number of engine starts stands in the way of a verdict, and there is a page that says so."""
    first, second = kept
    assert record_of(first)["seed"] != record_of(second)["seed"], "they are two runs"
    done = orchbench("compare", first, second, "--html", "comparison.html", "--json")
    assert (done.code, json.loads(done.out)["differences"]) == (2, [])
    assert (first.parent / "comparison.html").is_file()


def test_the_kept_runs_are_small(kept: list[Path]) -> None:
    """Who clones the repository has at most a megabyte of them."""
    assert len(kept) == 2
    assert sum(len(content) for run in kept for content in files_of(run).values()) <= 1_000_000


def test_the_kept_runs_name_no_path_of_a_machine(kept: list[Path]) -> None:
    """They were measured somewhere, and nobody has to know in which folder."""
    path = re.compile(rf"/(?:home|root|Users|tmp|var)/|{re.escape(str(ROOT))}|\.log$")
    for run in kept:
        texts = {name: content.decode() for name, content in files_of(run).items()}
        assert [name for name, text in texts.items() if path.search(name) or path.search(text)] == []


def test_what_is_kept_is_the_raw_part(kept: list[Path], orchbench: Call, tmp_path: Path) -> None:
    """Of a run with a report, with logs and with sources, what is kept is what was there before."""
    run, script = kept[0], FOLDER / "keep.py"
    before = files_of(run)
    assert orchbench("report", run).code == 0
    for folder in (*run.glob("trials/*"), *run.glob("starts/*")):
        (folder / "adapter.log").write_text(str(ROOT))
    (run / "code" / "plain").mkdir(parents=True)
    (run / "code" / "plain" / "training.py").write_text("x = 1")
    assert call(sys.executable, script, run, tmp_path / "all", cwd=ROOT).code == 0
    assert files_of(tmp_path / "all") == before


def test_nothing_kept_is_overwritten(kept: list[Path]) -> None:
    """A folder that is there is refused in one line, and stays as it is."""
    before = files_of(kept[1])
    done = call(sys.executable, FOLDER / "keep.py", kept[0], kept[1], cwd=ROOT)
    assert done.code == 1 and len(done.err.splitlines()) == 1
    assert files_of(kept[1]) == before
