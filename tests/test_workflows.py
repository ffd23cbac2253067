"""The workflows of this repository: no stranger's code, no permission too many, and a history that grows."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import tomllib
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


def steps_that_may_write(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    """Return every step of the jobs whose token may do more than read."""
    jobs = [
        job
        for job in workflow["jobs"].values()
        if set(job.get("permissions", workflow["permissions"]).values()) - {"read", "none"}
    ]
    return [step for job in jobs for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_only_githubs_own_actions_are_used(path: Path) -> None:
    """Each of them by a commit, because a tag can be moved; its version stands beside it, for those who raise it."""
    used = [step["uses"] for step in steps(read(path)) if "uses" in step]
    pinned = re.findall(r"uses: (actions/[a-z-]+@[0-9a-f]{40}) # v[0-9]+\.[0-9]+\.[0-9]+$", path.read_text(), re.MULTILINE)
    assert used and used == pinned


def test_an_action_is_the_same_everywhere() -> None:
    """All workflows are raised at once."""
    used = {step["uses"] for path in WORKFLOWS for step in steps(read(path)) if "uses" in step}
    assert len(used) == len({name.partition("@")[0] for name in used})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_permissions_are_the_least(path: Path) -> None:
    """Reading the repository is all, but for the two jobs that keep the history and publish the pages."""
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    more = {name: job["permissions"] for name, job in workflow["jobs"].items() if "permissions" in job}
    allowed = {"keep": {"contents": "write"}, "deploy": {"pages": "write", "id-token": "write"}}
    assert more == (allowed if path.stem == "weekly" else {})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_what_may_write_runs_git_alone(path: Path) -> None:
    """What comes from a registry never runs beside a token that may do more than read."""
    ran = [step["run"].strip() for step in steps_that_may_write(read(path)) if "run" in step]
    assert [command for command in ran if not re.fullmatch(r"\.github/history\.sh run \S+", command)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_job_that_may_write_takes_no_word_from_another(path: Path) -> None:
    """What ran in the other may have chosen it."""
    assert "needs." not in json.dumps(steps_that_may_write(read(path)))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_token_stays_in_no_checkout_but_that_which_pushes(path: Path) -> None:
    """Else whatever runs in the checkout could read it there."""
    kept = [
        name
        for name, job in read(path)["jobs"].items()
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/checkout@") and step.get("with", {}).get("persist-credentials", True)
    ]
    assert kept == (["keep"] if path.stem == "weekly" else [])


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


@pytest.fixture
def origin(tmp_path: Path) -> str:
    """The URL of a repository with a file on its branch main."""
    url = f"file://{tmp_path}/origin.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    git(tmp_path, "clone", "--quiet", url, "first")
    (tmp_path / "first" / "code.py").write_text("1")
    git(tmp_path / "first", "add", "--all")
    git(tmp_path / "first", "commit", "--quiet", "-m", "code")
    git(tmp_path / "first", "push", "--quiet", "origin", "HEAD:main")
    return url


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run."""
    (tmp_path / "run" / "trials").mkdir(parents=True)
    for name in ("run.json", "results.json", "samples.csv"):
        (tmp_path / "run" / name).write_text("{}")
    return tmp_path / "run"


def keep(checkout: Path, run: Path, name: str) -> bool:
    """Keep a run's results, where there are no programs but git and those that copy a file; return whether it could."""
    programs = checkout.parent / "programs"
    programs.mkdir(exist_ok=True)
    for program in ("bash", "cp", "git", "mkdir"):
        if not (programs / program).exists():
            (programs / program).symlink_to(str(shutil.which(program)))
    variables = os.environ | {"PATH": str(programs)}
    command: list[Path | str] = [programs / "bash", HISTORY, run, name]
    done = subprocess.run(command, cwd=checkout, env=variables, capture_output=True, timeout=60, check=False)
    return done.returncode == 0


def test_the_history_grows_on_a_branch_of_its_own(tmp_path: Path, origin: str, run: Path) -> None:
    """The first week makes the branch, with nothing of main in it; the next finds what the first has kept."""
    git(tmp_path, "clone", "--quiet", "--depth", "1", "--branch", "main", origin, "second")
    assert keep(tmp_path / "first", run, "first")
    assert keep(tmp_path / "second", run, "second")
    kept = {f"{week}/{name}.json" for week in ("first", "second") for name in ("run", "results")}
    assert set(git(tmp_path / "second" / "history", "ls-files").split()) == kept
    assert set(git(tmp_path / "origin.git", "ls-tree", "-r", "--name-only", "history").split()) == kept
    assert git(tmp_path / "origin.git", "ls-tree", "-r", "--name-only", "main").split() == ["code.py"]


@pytest.mark.parametrize("planted", ["run.json", "results.json", "folder", "pipe", "nothing"])
def test_the_history_takes_plain_files_only(tmp_path: Path, origin: str, run: Path, planted: str) -> None:
    """A link in what was measured would publish a file of the machine that may write, such as the one with its token."""
    target = run / ("run.json" if planted in {"pipe", "nothing"} else planted)
    if planted == "folder":
        run = tmp_path / "link"
        run.symlink_to(tmp_path / "run")
    else:
        target.unlink()
    if planted == "pipe":
        os.mkfifo(target)
    elif planted.endswith(".json"):
        target.symlink_to(tmp_path / "first" / ".git" / "config")
    assert not keep(tmp_path / "first", run, "week")
    assert git(tmp_path, "ls-remote", "--heads", origin, "history") == ""


def test_the_suite_of_pull_requests_judges_every_tool() -> None:
    """Orchbench takes it, and it gives each tool as many engine starts as a verdict needs."""
    known = tools.discover()
    chosen = suite.load(str(ROOT / ".github" / "pull-request.toml"), known)
    planned = planning.make(planning.Choice(chosen, list(known.values()), seed=1), cpu_rounds_per_s=1e6)
    starts = Counter(start.setup.orchestrator for start in planned.starts)
    assert set(starts) == set(known)
    assert min(starts.values()) >= 8


def test_nothing_is_installed_without_a_hash() -> None:
    """`uv sync --frozen` takes the hashes of the locks; pip has to be told to look at them."""
    places = [*WORKFLOWS, ROOT / "Makefile", ROOT / ".ci" / "run"]
    brings = re.compile(r"pip install|pipx |uvx |(?:\buv|\$\(UV\)) (?:sync|run|pip|tool|lock|add)")
    lines = [line for path in places for line in path.read_text().splitlines() if brings.search(line)]
    assert len(lines) == 2
    assert [line for line in lines if "--require-hashes" not in line and "sync --frozen" not in line] == []


def test_uv_is_pinned_by_hash() -> None:
    """There is one version of it, with the hash of each file that PyPI has."""
    lines = [line for line in (ROOT / ".ci" / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert re.fullmatch(r"uv==[0-9.]+ \\", lines[0])
    assert len(lines) > 10
    assert [line for line in lines[1:] if not re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line)] == []


PROJECTS = sorted(
    path
    for folder in (".", "shared", "implementations/*", "tests/fifth_tool/*")
    for path in ROOT.glob(f"{folder}/pyproject.toml")
)


@pytest.mark.parametrize("path", PROJECTS, ids=lambda path: str(path.parent.relative_to(ROOT)))
def test_packages_are_built_by_the_uv_that_is_pinned(path: Path) -> None:
    """It builds by itself what asks for its own version, so that nothing is brought in for a build that is in no lock."""
    pinned = (ROOT / ".ci" / "requirements.txt").read_text().partition("uv==")[2].split()[0]
    build = tomllib.loads(path.read_text())["build-system"]
    assert build == {"requires": [f"uv_build=={pinned}"], "build-backend": "uv_build"}


def test_whatever_is_pinned_is_kept_fresh() -> None:
    """Somebody proposes a newer one: of the actions, of uv, and of each lock."""
    updates = read(ROOT / ".github" / "dependabot.yml")["updates"]
    watched = {
        (each["package-ecosystem"], folder.relative_to(ROOT))
        for each in updates
        for place in each.get("directories", [each.get("directory")])
        for folder in (ROOT.glob(place.strip("/")) if place.strip("/") else [ROOT])
    }
    locks = {("uv", path.parent.relative_to(ROOT)) for path in (ROOT / "uv.lock", *ROOT.glob("implementations/*/uv.lock"))}
    assert {("github-actions", Path()), ("pip", Path(".ci"))} | locks <= watched
