"""The code in a report is the code that ran, of each tool for each scenario, and what is counted is the pipelines."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest
from conftest import copied_checkout, copied_orchbench
from small_runs import block, made_up_record, record_of, suite_of

from bench.derive.excerpts import excerpts, pipeline_files, pipeline_lines
from bench.plan.tools import CONTRACT, CORE, discover, package_of
from bench.scenarios import SCENARIOS
from bench.store.folder import RunFolder
from bench.store.records import RunRecord
from bench.store.sources import SHARED

pytestmark = pytest.mark.xdist_group("excerpts")  # the run is made once

KNOWN = {name: each for name, each in discover().items() if each.source.name == package_of(name)}
"""The tools with the churn pipelines; of another one nothing is shown but what its folder names."""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, RunRecord]:
    """A run that has kept the sources of all implementations."""
    folder = RunFolder(tmp_path_factory.mktemp("real"))
    folder.sources.keep(SHARED, CORE)
    for each in KNOWN.values():
        folder.sources.keep(each.name, each.source)
    return folder, made_up_record(orchestrators=list(KNOWN), tools={each.name: each.about for each in KNOWN.values()})


@pytest.mark.parametrize("tool", KNOWN)
def test_each_named_excerpt_is_there(tool: str, real: tuple[RunFolder, RunRecord]) -> None:
    """Each file and name of the tables exists, holds code, and belongs to a scenario that there is."""
    assert KNOWN[tool].about.excerpts.keys() <= SCENARIOS.keys()
    for scenario in KNOWN[tool].about.excerpts:
        its = next(each for each in excerpts(*real, scenario) if each.tool == tool)
        assert (its.missing, len(its.places)) == ((), len(KNOWN[tool].about.excerpts[scenario]))
        assert its.lines > 0


def test_each_scenario_has_the_code_of_all() -> None:
    """Lines are counted to be compared."""
    shown = {name: set(each.about.excerpts) for name, each in KNOWN.items()}
    assert [name for name, scenarios in shown.items() if scenarios != shown["plain"]] == []


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_excerpt_can_be_read_at_a_glance(scenario: str, real: tuple[RunFolder, RunRecord]) -> None:
    """It is short, but for the pipelines, which are shown whole; and nobody has to read imports."""
    for each in excerpts(*real, scenario):
        text = each.text
        assert len(text.splitlines()) <= (110 if scenario == "churn" else 60), each.tool
        assert not [line for line in text.splitlines() if line.startswith(("import ", "from "))]


def test_the_pipelines_are_counted_with_what_they_import(real: tuple[RunFolder, RunRecord]) -> None:
    """In each implementation both pipelines and their preparation are counted, and nothing that is there for the harness."""
    files = pipeline_files(*real)
    assert list(files) == list(KNOWN) and list(pipeline_lines(*real)) == list(KNOWN)
    for found in files.values():
        names = {name.removeprefix("pipelines/") for name in found}
        assert {"training.py", "inference.py", "preparation.py", "notifications.py"} <= names
        assert not [name for name in names if "/" in name] and names.isdisjoint({"caching.py", "whole.py", "__init__.py"})
    more = {"airflow": "frames.py", "dagster": "resources.py", "plain": "retries.py"}
    assert [tool for tool, name in more.items() if f"pipelines/{name}" not in files[tool]] == []


# A real run ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the harness, and of plain Python with an interpreter that runs the copy; a run of it is in `run`."""
    world = copied_checkout(tmp_path_factory.mktemp("world"))
    small = block("overhead", reference_starts=1, skip=["processes"], options={"sizes": {"chain": [1]}})
    (world / "suite.toml").write_text(suite_of(small))
    done = copied_orchbench(world, "run", "--suite", "suite.toml", "--on", "plain", "--out", "run")
    assert done.code == 0, done.err
    return world


def test_a_run_keeps_what_it_measured(world: Path) -> None:
    """All sources of the tools that were chosen are there, with those that all share, and of others nothing."""
    kept = {str(path.relative_to(world / "run/code")): path.read_text() for path in world.glob("run/code/**/*.*")}
    sources = {"plain": KNOWN["plain"].source, "shared": CORE, "contract": CONTRACT}
    assert kept == {
        f"{owner}/{path.relative_to(source)}": path.read_text()
        for owner, source in sources.items()
        for path in source.rglob("*.py")
    }
    assert record_of(world / "run")["tools"] == {"plain": msgspec.to_builtins(KNOWN["plain"].about)}


def test_a_report_shows_what_ran(world: Path, tmp_path: Path) -> None:
    """An edit after the run changes nothing, nor does another report, nor another place, where nothing else is."""
    folder = RunFolder(world / "run")
    before = {scenario: excerpts(folder, folder.run(), scenario) for scenario in SCENARIOS}
    by_hand = world / "implementations/plain/src/churn_plain/adapter/by_hand.py"
    text = by_hand.read_text()
    by_hand.write_text(text.replace("def chain(", "# Edited.\ndef chain("))
    assert by_hand.read_text() != text
    assert copied_orchbench(world, "report", "run").code == 0
    copy = RunFolder(Path(shutil.copytree(world / "run", tmp_path / "copy")))
    for place in (folder, copy):
        assert {scenario: excerpts(place, place.run(), scenario) for scenario in SCENARIOS} == before
        assert "Edited" not in before["overhead"][0].text and "def chain(" in before["overhead"][0].text
    assert [each.missing for found in before.values() for each in found] == [()] * len(SCENARIOS)
