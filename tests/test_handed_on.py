"""A folder that was handed on without its raw data, and what is no folder of a run at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import ROOT, Call, refusal

MAKES_ANEW = "`orchbench report"


@pytest.fixture
def handed_on(tmp_path: Path) -> Path:
    """A copy of the sample, which has neither raw data nor samples.csv."""
    return Path(shutil.copytree(ROOT / "reports" / "sample", tmp_path / "run"))


def test_no_command_is_named_that_would_be_refused(handed_on: Path, orchbench_here: Call) -> None:
    """`track` says what is missing, and does not send the reader to `report`, which is refused too."""
    said = refusal(orchbench_here("track", handed_on))
    assert "samples.csv" in said and "trials/" in said and MAKES_ANEW not in said
    (handed_on / "results.json").write_text("no JSON")
    assert MAKES_ANEW not in refusal(orchbench_here("show", handed_on))
    assert refusal(orchbench_here("report", handed_on))


def test_where_there_are_raw_data_the_command_is_named(handed_on: Path, orchbench_here: Call) -> None:
    """It makes again what is missing."""
    (handed_on / "trials").mkdir()
    assert MAKES_ANEW in refusal(orchbench_here("track", handed_on))


@pytest.mark.parametrize("command", [["show"], ["report"], ["track"], ["run", "--resume"]])
def test_a_file_is_called_a_file(command: list[str], tmp_path: Path, orchbench_here: Call) -> None:
    """It is named as the reader did."""
    (tmp_path / "README.md").touch()
    assert refusal(orchbench_here(*command, "README.md")).startswith("README.md is a file")
