"""A run goes on with what it began with, or not at all: otherwise it would mix two things."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Call, refusal
from small_runs import block, edited, finished_run, record_of, suite_of

COMMIT = "0123456789abcdef"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of plain Python."""
    small = block("overhead", reference_starts=1, options={"sizes": {"chain": [1]}, "sweep_ms": []})
    return finished_run(tmp_path_factory.mktemp("finished"), suite_of(small))


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of the run, which is not finished: the record of a trial is missing. It was begun at a commit."""
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    next(run.glob("trials/001.*/trial.json")).unlink()
    with edited(run / "run.json") as record:
        record |= {"finished": False, "git": {"id": COMMIT, "dirty": False}}
    return run


def test_an_unchanged_run_goes_on(finished: Path, run: Path, orchbench: Call) -> None:
    """The missing trial is made, and the run is finished."""
    done = orchbench("run", "--resume", "run")
    assert done.code == 0, done.err
    assert record_of(run)["finished"]
    planned = {path.parent.name for path in finished.glob("trials/0*.*/trial.json")}
    assert {path.parent.name for path in run.glob("trials/0*.*/trial.json")} == planned


def test_a_finished_run_has_nothing_left(finished: Path, tmp_path: Path, orchbench: Call) -> None:
    """No run is announced, and none is made."""
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    before = {path: path.read_bytes() for path in run.glob("trials/*/*")}
    done = orchbench("run", "--resume", "run")
    assert done.code == 0 and "engine starts" not in done.err, done.err
    assert {path: path.read_bytes() for path in run.glob("trials/*/*")} == before


def test_a_run_that_kept_no_code_goes_on(run: Path, orchbench: Call) -> None:
    """Early versions kept none, and there is nothing to compare with."""
    shutil.rmtree(run / "code")
    assert orchbench("run", "--resume", "run").code == 0


def in_record(change: Callable[[Any], object]) -> Callable[[Path], object]:
    """Change what the run's record says that it began with."""

    def apply(run: Path) -> None:
        with edited(run / "run.json") as record:
            change(record)

    return apply


SHAPES, MODELS, BODY = "plain/adapter/shapes.py", "shared/models.py", "contract/body.py"
CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a scenario": (in_record(lambda record: record["scenarios"].update(overhead=0)), "overhead"),
    "a lock": (in_record(lambda record: record["locks"].update(plain="another")), "plain"),
    "the lock of the harness": (in_record(lambda record: record["locks"].update(bench="another")), "bench"),
    "the plan": (in_record(lambda record: record.update(plan="another")), "planned"),
    "an edited source": (lambda run: (run / "code" / SHAPES).write_text("# Another.\n"), "adapter/shapes.py"),
    "an edited instrument": (lambda run: (run / "code" / BODY).write_text("# Another.\n"), BODY),
    "a new source": (lambda run: (run / "code" / MODELS).unlink(), "churn/models.py"),
    "a source that is gone": (lambda run: (run / "code/plain/gone.py").write_text(""), "gone.py"),
}


@pytest.mark.parametrize(("change", "named"), CHANGES.values(), ids=CHANGES)
def test_what_has_changed_is_named(change: Callable[[Path], object], named: str, run: Path, orchbench_here: Call) -> None:
    """In one line, with the commit to go back to; and nothing is written."""
    change(run)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    said = refusal(orchbench_here("run", "--resume", "run"))
    assert named in said and COMMIT[:9] in said
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_without_a_commit_the_change_alone_is_named(run: Path, orchbench_here: Call) -> None:
    """Where the run was begun without git, there is none to go back to."""
    with edited(run / "run.json") as record:
        record["git"] = {}
        record["scenarios"]["overhead"] = 0
    said = refusal(orchbench_here("run", "--resume", "run"))
    assert "overhead" in said and "commit" not in said
