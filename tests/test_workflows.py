"""The workflows of this repository: no stranger's code, no permission too many, and a history that grows."""

from __future__ import annotations

import importlib
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from bench.plan import planning, suite, tools

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
HISTORY = ROOT / ".github" / "history.sh"


def read(path: Path) -> dict[Any, Any]:
    """Read a workflow; its key `on` is what YAML calls True."""
    return dict(importlib.import_module("yaml").safe_load(path.read_text()))


def steps(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    """Return every step of every job."""
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_only_githubs_own_actions_are_used(path: Path) -> None:
    """Each of them by its version."""
    used = [step["uses"] for step in steps(read(path)) if "uses" in step]
    assert used and [name for name in used if not re.fullmatch(r"actions/[a-z-]+@v[0-9]+", name)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_permissions_are_the_least(path: Path) -> None:
    """Reading the repository is all, but for the two jobs that keep the history and publish the pages."""
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    more = {name: job["permissions"] for name, job in workflow["jobs"].items() if "permissions" in job}
    allowed = {"publish": {"contents": "write"}, "deploy": {"pages": "write", "id-token": "write"}}
    assert more == (allowed if path.stem == "weekly" else {})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_strangers_pull_request_gets_no_rights(path: Path) -> None:
    """Its code runs without secrets, and no name that it chose becomes a part of a command."""
    workflow = read(path)
    assert "pull_request_target" not in workflow[True]
    assert [step["run"] for step in steps(workflow) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", sorted((ROOT / ".github").glob("*.sh")), ids=lambda path: path.name)
def test_scripts_can_be_run(path: Path) -> None:
    """They are executable, and bash finds no mistake in their grammar."""
    assert path.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", path], check=False).returncode == 0


def git(folder: Path, *arguments: str) -> str:
    """Call git as somebody."""
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "protocol.file.allow=always")
    return subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


def test_the_history_grows_on_a_branch_of_its_own(tmp_path: Path) -> None:
    """The first week makes the branch, with nothing of main in it; the next finds what the first has kept."""
    origin = f"file://{tmp_path}/origin.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    git(tmp_path, "clone", "--quiet", origin, "first")
    (tmp_path / "first" / "code.py").write_text("1")
    git(tmp_path / "first", "add", "--all")
    git(tmp_path / "first", "commit", "--quiet", "-m", "code")
    git(tmp_path / "first", "push", "--quiet", "origin", "HEAD:main")
    git(tmp_path, "clone", "--quiet", "--depth", "1", "--branch", "main", origin, "second")
    run = tmp_path / "run"
    (run / "trials").mkdir(parents=True)
    for name in ("run.json", "results.json", "samples.csv"):
        (run / name).write_text("{}")
    for week in ("first", "second"):
        subprocess.run([HISTORY, run, week], cwd=tmp_path / week, capture_output=True, check=True)
    kept = {f"{week}/{name}.json" for week in ("first", "second") for name in ("run", "results")}
    assert set(git(tmp_path / "second" / "history", "ls-files").split()) == kept
    assert set(git(tmp_path / "origin.git", "ls-tree", "-r", "--name-only", "history").split()) == kept
    assert git(tmp_path / "origin.git", "ls-tree", "-r", "--name-only", "main").split() == ["code.py"]


def test_the_suite_of_pull_requests_judges_every_tool() -> None:
    """Orchbench takes it, and it gives each tool as many engine starts as a verdict needs."""
    known = tools.discover()
    chosen = suite.load(str(ROOT / ".github" / "pull-request.toml"), known)
    planned = planning.make(planning.Choice(chosen, list(known.values()), seed=1), cpu_rounds_per_s=1e6)
    starts = Counter(start.setup.orchestrator for start in planned.starts)
    assert set(starts) == set(known)
    assert min(starts.values()) >= 8
