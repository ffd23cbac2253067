"""A tool is a folder: one that orchbench never heard of is listed, run, shown and reported, and nothing else is edited."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import ROOT, call, copied_checkout, copied_orchbench, stand_in
from pages import Page
from small_runs import block, record_of, results_of, suite_of

from bench.derive.checks import ENDS
from bench.plan import warmups
from bench.plan.tools import discover

pytestmark = pytest.mark.xdist_group("fifth_tool")  # the run is made once

FIFTH = ROOT / "tests" / "fifth_tool" / "baton"
SAID = tomllib.loads((FIFTH / "pyproject.toml").read_text())["tool"]["orchbench"]

ONE_START = {"reference_starts": 1}
SUITE = suite_of(
    block("overhead", options={"sizes": {"chain": [1, 3], "fan_out": [3]}}, **ONE_START),
    block("retries", options={"delay_s": 0.02, "backoff_tries": 1}, **ONE_START),
    # Its source of customers is served by the environment of the tool, which has none.
    block("churn", skip=["processes"], options={"cases": ["train_faulty"], "rows": 200, "n_estimators": 1}, **ONE_START),
)


def contents(world: Path) -> dict[str, str]:
    """Return what is in a checkout, and a hash of each file; bytecode and environments are nobody's work."""
    return {
        str(path.relative_to(world)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in world.rglob("*")
        if path.is_file() and not {"__pycache__", ".venv"} & set(path.parts)
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout to which the fifth tool is added; a run of it, beside plain Python, is in `run`."""
    world = copied_checkout(tmp_path_factory.mktemp("world"))
    (world / "suite.toml").write_text(SUITE)
    before = contents(world)
    added = world / "implementations" / "baton"
    shutil.copytree(FIFTH, added, ignore=shutil.ignore_patterns("__pycache__"))
    stand_in(added / ".venv", Path(sys.executable), added / "src")
    done = copied_orchbench(world, "run", "--suite", "suite.toml", "--on", "baton,plain", "--seed", "1", "--out", "run")
    assert done.code == 0, done.err
    touched = {path for path, digest in contents(world).items() if before.get(path) != digest}
    assert {Path(path).parts[:2] for path in touched if not path.startswith("run/")} == {("implementations", "baton")}
    return world


def test_nothing_of_ours_names_it() -> None:
    """What adding the tool takes stands in the folder: nothing else of the checkout knows the word."""
    folders = ("bench", "shared", "implementations", "course", "docs", ".github", ".ci")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    files += [ROOT / "Makefile", ROOT / "README.md", ROOT / "pyproject.toml"]
    texts = [path for path in files if path.is_file() and not {".venv", "__pycache__"} & set(path.parts)]
    assert len(texts) > 100
    assert [path for path in texts if b"baton" in path.read_bytes().lower()] == []


def test_it_is_listed(world: Path) -> None:
    """With its deployment, which is the default one."""
    listed = json.loads(copied_orchbench(world, "list", "--json").out)["orchestrators"]
    assert set(listed) == {*discover(), "baton"}
    assert [(each["name"], each["default"]) for each in listed["baton"]["deployments"]] == [("relay", True)]


def test_it_conforms(world: Path) -> None:
    """Its folder is an adapter: no rule is broken, and what it has no way to do says why."""
    done = copied_orchbench(world, "conform", "implementations/baton", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    verdicts = {each["verdict"] for each in found}
    assert len(found) > 5
    assert verdicts == {"holds", "unsupported"}
    assert [each for each in found if not each["because"]] == []


def test_it_is_measured_beside_plain_python(world: Path) -> None:
    """It has numbers, and ratios to plain Python's, in what it can do."""
    results = results_of(world / "run")
    rows = [row for row in results["estimates"] if row["orchestrator"] == "baton" and row["median"] is not None]
    assert {row["scenario"] for row in rows if row["workload"] not in warmups.NAMES} == {"overhead", "retries"}
    assert [row for row in results["ratios"] if (row["orchestrator"], row["against"]) == ("baton", "plain")]


def test_its_work_is_verified(world: Path) -> None:
    """It passes every check of what it can do, and one of them as its folder says."""
    rows = [row for row in results_of(world / "run")["checks"] if row["orchestrator"] == "baton"]
    judged = [row for row in rows if row["scenario"] != "churn"]
    assert len(judged) > 20
    assert [row for row in judged if row["verdict"] != "pass"] == []
    noted = {row["check"]: row["because"] for row in judged if row["means"] == "declared"}
    assert noted.keys() == SAID["declared"].keys()
    assert all(SAID["declared"][check] in because for check, because in noted.items())


def test_what_it_has_no_adapter_for_is_unsupported(world: Path) -> None:
    """It has no pipelines: that is neither a failure nor a number, and the reason is there."""
    results = results_of(world / "run")
    rows = [row for row in results["checks"] if (row["orchestrator"], row["scenario"]) == ("baton", "churn")]
    assert "unsupported" in {row["verdict"] for row in rows if row["check"] == ENDS}
    of_runs = [row for row in rows if row["verdict"] != "pass"]  # its engine starts and stops well all the same
    assert {(row["verdict"], "pipelines" in row["because"]) for row in of_runs} == {("unsupported", True)}


def test_it_is_shown(world: Path) -> None:
    """The terminal has its numbers."""
    shown = copied_orchbench(world, "show", "run")
    assert shown.code == 0
    assert "baton/relay" in shown.out


def test_the_report_has_its_title_colour_and_code(world: Path) -> None:
    """The page calls it by its name, draws it in its colours, and shows the code that its folder names."""
    page = (world / "run" / "report.html").read_text()
    assert SAID["called"] in Page(page).text
    assert SAID["colour"]["light"] in page and SAID["colour"]["dark"] in page
    assert "flow_of" in page


def test_an_old_run_needs_no_folder(world: Path, tmp_path: Path) -> None:
    """Without the folder, which is gone by then, its run is derived and rendered as before."""
    copy = copied_checkout(tmp_path / "later")
    shutil.copytree(world / "run", copy / "run")
    pages = ("results.json", "summary.md")
    for page in pages:
        (copy / "run" / page).unlink()
    assert copied_orchbench(copy, "report", "run").code == 0
    for page in pages:
        assert (copy / "run" / page).read_text() == (world / "run" / page).read_text()
    assert SAID["colour"]["light"] in (copy / "run" / "report.html").read_text()
    assert record_of(copy / "run")["tools"]["baton"]["title"] == SAID["title"]


def test_an_exercise_can_do_without_it(world: Path) -> None:
    """The course has nothing for it, and says so in one line."""
    script, exercise = ROOT / "course" / "exercise.py", ROOT / "course" / "retries"
    done = call(sys.executable, script, exercise, "baton", cwd=world, PYTHONPATH=str(world))
    (line,) = done.err.splitlines()
    assert (done.code, "baton" in line, "Traceback" in line) == (2, True, False)


def test_it_is_measured_alone(world: Path) -> None:
    """What the pipelines share is made in the environment of plain Python, also where that is not measured."""
    done = copied_orchbench(world, "run", "--suite", "suite.toml", "--on", "baton", "--seed", "1", "--out", "alone")
    assert done.code == 0, done.err
    assert {row["scenario"] for row in results_of(world / "alone")["checks"]} == {"overhead", "retries", "churn"}
