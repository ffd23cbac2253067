"""What a run says of the commit that it measured: what git said, and nothing where git said nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import Call
from pages import Page
from small_runs import block, edited, finished_run, record_of, suite_of

from bench.base import machine
from bench.base.origin import Commit

REFUSING = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
"""With these variables git takes every checkout for another user's, as it is in a container or with sudo."""


def git(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Call git as somebody."""
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    return subprocess.run(["git", *who, *arguments], cwd=checkout, capture_output=True, text=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one commit, and no changes."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / "code.py").write_text("1")
    git(tmp_path, "add", "code.py")
    assert git(tmp_path, "commit", "--quiet", "-m", "code").returncode == 0
    return tmp_path


def test_a_commit_is_clean_or_changed(checkout: Path) -> None:
    """A new file is a change too."""
    head = git(checkout, "rev-parse", "HEAD").stdout.strip()
    assert machine.git_state(checkout) == Commit(id=head, dirty=False)
    (checkout / "new.py").write_text("2")
    assert machine.git_state(checkout) == Commit(id=head, dirty=True)


def test_nothing_is_known_where_git_refuses(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the commit nor that there were no changes."""
    for name, value in REFUSING.items():
        monkeypatch.setenv(name, value)
    assert git(checkout, "status").returncode != 0
    assert machine.git_state(checkout) == Commit(id=None, dirty=None)


def test_changes_are_not_known_where_git_cannot_look_for_them(checkout: Path) -> None:
    """The commit is known all the same."""
    head = git(checkout, "rev-parse", "HEAD").stdout.strip()
    (checkout / ".git" / "index").write_bytes(b"no index")
    assert machine.git_state(checkout) == Commit(id=head, dirty=None)


def test_there_is_no_commit_without_git_or_before_the_first_one(tmp_path: Path) -> None:
    """A folder, and a checkout in which nothing was committed."""
    assert machine.git_state(tmp_path) == Commit()
    git(tmp_path, "init", "--quiet")
    assert machine.git_state(tmp_path) == Commit()


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of plain Python, made where git refuses."""
    small = block("overhead", reference_starts=1, options={"sizes": {"chain": [1]}, "sweep_ms": []})
    with pytest.MonkeyPatch.context() as variables:
        for name, value in REFUSING.items():
            variables.setenv(name, value)
        return finished_run(tmp_path_factory.mktemp("measured"), suite_of(small))


def test_a_run_says_nothing_of_a_commit_that_is_not_known(measured: Path) -> None:
    """Nobody takes it for a run of a clean tree."""
    assert record_of(measured)["git"] == {}


COMMITS: dict[str, dict[str, object]] = {
    "clean": {"id": "0123456789abcdef", "dirty": False},
    "changed": {"id": "0123456789abcdef", "dirty": True},
    "not looked at": {"id": "0123456789abcdef"},
    "not known": {},
    "earlier": {"id": "", "dirty": False},  # what a run wrote where git refused, before the two were told apart
}


def test_a_page_tells_a_clean_tree_from_one_that_is_not_known(measured: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """In a list of runs each of the four looks different, and a record of old is read as not known."""
    for number, (name, commit) in enumerate(COMMITS.items(), 1):
        (tmp_path / name).mkdir()
        for file in ("run.json", "results.json"):
            shutil.copy(measured / file, tmp_path / name)
        with edited(tmp_path / name / "run.json") as record:
            record["id"], record["git"] = name, commit
            record["segments"][0]["began"] = f"2026-01-{number:02d}T03:00:00+00:00"
    done = orchbench_here("trend", *(tmp_path / name for name in COMMITS), "--out", tmp_path / "trend.html")
    assert done.code == 0, done.err
    rows = [row for row in Page((tmp_path / "trend.html").read_text()).rows if len(row) > 5]
    shown = {row[1]: row[5] for row in rows if row[1] in COMMITS}
    assert shown.keys() == COMMITS.keys()
    assert shown["earlier"] == shown["not known"]
    assert len(set(shown.values())) == 4


def test_the_settings_of_a_run_are_those_of_its_usual_width(orchbench: Call, tmp_path: Path) -> None:
    """Whichever engine start came last: another width is the question of one block."""
    small = block("parallelism", widths=[2, 4], reference_starts=1, options={"kinds": ["sleeping"], "task_s": 0.01})
    run = finished_run(tmp_path, suite_of(small), "--seed", 1)
    widths = {record["start"]: record["width"] or 2 for record in (json.loads(file.read_text()) for file in trials(run))}
    assert max(widths.items())[1] == 4, "the other width is last, or this shows nothing"
    for name, width in widths.items():
        with edited(run / "starts" / name / "start.json") as start:
            start["settings"] = [{"name": "width", "value": str(width), "default": "1", "because": "", "profile": "stock"}]
    assert orchbench("report", run).code == 0
    assert {each["value"] for settings in record_of(run)["settings"].values() for each in settings} == {"2"}


def trials(run: Path) -> list[Path]:
    """Return the records of the trials that are no warm-ups."""
    return [file for file in run.glob("trials/*/trial.json") if not json.loads(file.read_text())["warmup"]]
