"""A scenario is a file and a page: one that orchbench never heard of is listed, run, shown and reported."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import ROOT, copied_checkout, copied_orchbench
from pages import Page
from small_runs import record_of, results_of

from bench.base.stats.quantity import Quantity, exact
from bench.plan import suite, warmups
from bench.plan.tools import discover
from bench.scenarios import METRICS, SCENARIOS, Capacity, Case, Scenario
from bench.scenarios.kit.case import Axes
from bench.scenarios.kit.common_metrics import COLD_RUN
from bench.scenarios.kit.curve import Curve
from bench.scenarios.kit.observation import Lines

pytestmark = pytest.mark.xdist_group("made_up_scenario")  # the run is made once

MADE_UP = ROOT / "tests" / "made_up_scenario"

QUESTION = "How long does a task wait after the last of those that it needs, and does it matter how many these are?"
LIMIT = "Tasks that depend on only some of the tasks before them are not asked about."


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout to which the made-up scenario is added, as a file, a page and a suite; a run of it is in `run`."""
    world = copied_checkout(tmp_path_factory.mktemp("world"))
    added = [path.relative_to(MADE_UP) for path in MADE_UP.rglob("*.*") if "__pycache__" not in path.parts]
    assert {str(path) for path in added} == {"bench/scenarios/joins.py", "docs/scenarios/joins.md", "suite.toml"}
    assert not [path for path in added if (world / path).exists()]
    for path in added:
        (world / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(MADE_UP / path, world / path)
    done = copied_orchbench(world, "run", "--suite", "suite.toml", "--on", "plain", "--seed", "1", "--out", "run")
    assert done.code == 0, done.err
    return world


def rows(world: Path, table: str) -> list[Mapping[str, Any]]:
    """Return the rows of a table of results.json."""
    found: list[Mapping[str, Any]] = results_of(world / "run")[table]
    return found


def test_it_is_listed_between_those_that_it_belongs_to(world: Path) -> None:
    """With its question, and where its order puts it."""
    lines = [line.split() for line in copied_orchbench(world, "list").out.splitlines() if line.startswith("scenario ")]
    names = [words[1] for words in lines]
    before = [name for name, scenario in SCENARIOS.items() if scenario.order < 75]
    assert names == [*before, "joins", *list(SCENARIOS)[len(before) :]]
    assert " ".join(lines[len(before)][2:]) == QUESTION


def test_it_is_measured(world: Path) -> None:
    """Its metric, its line and its derived number are estimates like all others, and its check is a verdict."""
    assert record_of(world / "run")["scenarios"] == {"joins": 1}
    found = {(row["workload"], row["metric"]): row for row in rows(world, "estimates")}
    named = {("joins_2", "join_ms"), ("joins_4", "join_ms"), ("joins", "join_growth"), ("joins", "per_parent_ms")}
    assert named <= found.keys()
    assert [key for key in named if found[key]["median"] is None] == []
    assert found["joins_4", "join_ms"]["n"] == 4
    (verdict,) = [row for row in rows(world, "checks") if row["check"] == "joined_task_runs_once"]
    assert verdict["verdict"] == "pass"


def test_it_is_shown(world: Path) -> None:
    """On the terminal its table has its columns."""
    shown = copied_orchbench(world, "show", "run")
    assert shown.code == 0, shown.err
    assert [each for each in ("two parents", "growth", "per parent", "joins_2") if each not in shown.out] == []


def test_it_is_reported(world: Path) -> None:
    """The page has its question, its number in the matrix, its table, its curve, its timeline, its check and its limits."""
    done = copied_orchbench(world, "report", "run")
    assert done.code == 0, done.err
    html = (world / "run/report.html").read_text()
    text = Page(html).text
    said = (QUESTION, LIMIT, "two parents (join_ms, joins_2)", "per parent", "joined task runs once")
    assert [each for each in said if each not in text] == []
    captions = [line.partition("</figcaption>")[0] for line in html.split("<figcaption>")[1:]]
    assert any("wait for all over parents" in each for each in captions)
    assert any("joins_4" in each for each in captions)


def test_a_file_that_is_no_scenario_is_named(world: Path, tmp_path: Path) -> None:
    """Whatever lies among the scenarios and has none is an error that says where it is."""
    copy = tmp_path / "world"
    shutil.copytree(world, copy, ignore=shutil.ignore_patterns("run", "__pycache__"), symlinks=True)
    (copy / "bench/scenarios/notes.py").write_text('"""Notes."""\n')
    done = copied_orchbench(copy, "list")
    assert done.code != 0 and "bench/scenarios/notes.py" in done.err


def test_two_metrics_of_one_name_are_refused(world: Path, tmp_path: Path) -> None:
    """A name in results.json means one thing."""
    copy = tmp_path / "world"
    shutil.copytree(world, copy, ignore=shutil.ignore_patterns("run", "__pycache__"), symlinks=True)
    file = copy / "bench/scenarios/joins.py"
    file.write_text(file.read_text().replace('"join_ms", "ms"', '"makespan_s", "ms"'))
    done = copied_orchbench(copy, "list")
    assert done.code != 0 and "makespan_s" in done.err


# All scenarios ---------------------------------------------------------------------------------------------------------


class Unseen:
    """A run in which each tool takes one line for everything; see observation.Look."""

    tools = ("plain",)

    def styles(self, tool: str) -> Sequence[str]:
        """Return that there is one style."""
        return ()

    def lines(self, tool: str, part: str) -> Lines:
        """Return the line."""
        return Lines(1, ["training.py"])


@dataclass(frozen=True)
class Asked:
    """The cases that our suites ask a scenario for, as if each of them had been measured; see derived.Medians."""

    scenario: Scenario
    cases: Mapping[str, Case]

    @classmethod
    def of(cls, name: str) -> Asked:
        """Gather them."""
        suites = [suite.load(each, discover()) for each in suite.available()]
        found = [
            case
            for its in suites
            for block in its.blocks
            if block.scenario == name
            for case in block.cases(its.width, 1000.0)
        ]
        scenario = SCENARIOS[name]
        if not any(each.required for each in msgspec.structs.fields(scenario.options)):
            # What it does if a suite chooses nothing.
            found += [case for lanes in (1, 2) for case in scenario.cases(scenario.parse({}), Capacity(2, lanes, 1000.0))]
        return cls(scenario, {case.name: case for case in found})

    @property
    def plain(self) -> Asked:
        """Plain Python is asked for the same."""
        return self

    @property
    def workloads(self) -> Sequence[str]:
        """The workloads that were asked for."""
        return list(self.cases)

    def axes(self, workload: str) -> Axes:
        """Return where a workload stands."""
        return self.cases[workload].axes

    def asked(self, workload: str) -> int:
        """Say that there was one run."""
        return 1

    def median(self, workload: str, metric: str) -> Quantity:
        """Return a number, whatever was asked for."""
        return exact(1.0, 1, 1)

    @property
    def numbers(self) -> set[tuple[str, str]]:
        """Return all that can be estimated of them: by the workload or the family, and by the metric."""
        scenario, cases = self.scenario, self.cases.values()
        found = {(case.name, metric) for case in cases for metric in scenario.metrics(case)}
        found |= {(case.name, COLD_RUN) for case in (warmups.COLD, *scenario.warmups)}
        if scenario.observe:
            found |= {(seen.case, metric) for seen in scenario.observe(Unseen()) for metric in seen.values}
        if scenario.derive:
            found |= {(each.workload, each.metric) for each in scenario.derive(self)}
        for case in cases:
            if scenario.line and (family := scenario.line.of(case.axes)):
                found |= {
                    (family, metric)
                    for metric in (scenario.line.slope, scenario.line.intercept, scenario.line.ahead)
                    if metric
                }
            if scenario.sweep and (family := scenario.sweep.of(case.axes)):
                found |= {(family, half) for half, _ in scenario.sweep.halves}
        return found


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_shows_what_it_measures(name: str) -> None:
    """Each column and curve is of numbers that its cases yield, the timeline is of a case, and all metrics are declared."""
    asked = Asked.of(name)
    scenario, numbers = asked.scenario, asked.numbers
    metrics = {metric for _, metric in numbers}
    named = {(column.workload, column.metric) for column in scenario.columns if column.workload}
    assert named <= numbers
    assert {column.metric for column in scenario.columns} <= metrics
    assert [curve.number for curve in scenario.curves if not _spans(curve, asked)] == []
    assert set(scenario.timeline) <= asked.cases.keys()
    assert metrics <= METRICS.keys()


def _spans(curve: Curve, asked: Asked) -> bool:
    """Whether there are two cases of one family that yield the number."""
    cases = [case for case in asked.cases.values() if curve.metric in asked.scenario.metrics(case)]
    families = Counter(family for case in cases if (family := curve.family.of(case.axes)))
    return max(families.values(), default=0) > 1


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_is_documented(name: str) -> None:
    """It has a page that tells of each of its checks, a question, and a sentence at least on what it does not say."""
    its, page = SCENARIOS[name], (ROOT / "docs" / "scenarios" / f"{name}.md").read_text()
    assert [check for check in its.checks if f"`{check}`" not in page] == []
    assert its.question.endswith("?") and its.limits


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_table_names_a_case(name: str) -> None:
    """By that it is known whether the scenario's own cases were measured, or a workload of the reader's."""
    assert [each for each in SCENARIOS[name].columns if each.workload and each.metric != COLD_RUN]
