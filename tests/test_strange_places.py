"""A stranger's folder to stand in, or among one's own: what lies there is not read, and no name is a command."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, Call
from small_runs import block, finished_run, suite_of

pytestmark = pytest.mark.xdist_group("strange_places")  # the run is made once


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of plain Python."""
    small = block("overhead", reference_starts=1, options={"sizes": {"chain": [1]}, "sweep_ms": []})
    return finished_run(tmp_path_factory.mktemp("places"), suite_of(small))


def test_settings_of_matplotlib_are_not_taken_from_where_somebody_stands(
    honest: Path, tmp_path: Path, orchbench: Call
) -> None:
    """A pipe would never end, and a wrong setting is printed as it is."""
    shutil.copytree(honest, tmp_path / "run")
    os.mkfifo(tmp_path / "matplotlibrc")
    done = orchbench("report", "run", timeout=60)
    assert (done.code, done.err) == (0, ""), done


@pytest.mark.parametrize(
    "name",
    ["2099-$(touch${IFS}PWNED)", "2099-`touch PWNED`", '2099-"; touch PWNED; "', "2099 a run", "2099-$(shell touch PWNED)"],
)
def test_no_name_of_a_folder_is_a_command(name: str, tmp_path: Path) -> None:
    """`make report` takes the latest run, whatever it is called."""
    for file in ("uv.lock", "pyproject.toml", "shared/pyproject.toml", ".venv/ready"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    told = tmp_path / ".venv" / "bin" / "orchbench"
    told.parent.mkdir()
    told.write_text('#!/bin/sh\nfor word; do echo "$word" >>told; done\n')
    told.chmod(0o755)
    (tmp_path / "reports" / name).mkdir(parents=True)
    (tmp_path / "reports" / name / "run.json").write_text('{\n "finished": true\n}\n')
    make = ["make", "--silent", "-f", str(ROOT / "Makefile"), "report", "UV=/bin/true"]
    for named in ([], [f"RUN=reports/{name}"]):
        subprocess.run([*make, *named], cwd=tmp_path, check=True, capture_output=True)
        assert (tmp_path / "told").read_text().splitlines() == ["report", f"reports/{name}"]
        assert not (tmp_path / "PWNED").exists()
        (tmp_path / "told").unlink()
