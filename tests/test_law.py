"""The law of overhead: what is paid for a run, a task, an import and a poll, and what of it overlaps with real tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from answers import estimate, facts, wait

from bench.report import answer
from bench.report.answer import Below
from bench.report.answer.law import OVERLAPS, law
from bench.report.contents import Contents
from bench.report.summary import summary
from bench.store.rows import Estimate

REAL = "a task of 0 to 1 s"

BEFORE = "a run, before its first task, code without imports"

ONE_START = {"n": 1, "starts": 1, "low": None, "high": None}


def loaded(tool: str, median: float | None, metric: str, workload: str, **more: Any) -> Estimate:
    """Return what `load` measured of a tool on its servers."""
    row = {"scenario": "load", "tier": "service", "metric": metric, "workload": workload}
    return estimate(tool, median, **(row | more))


def transitions(tool: str, empty: float, drawn: float, overlap: dict[str, Any] | None = None) -> list[Estimate]:
    """Return the times between two tasks, for empty tasks and for such that take time, and what overlaps."""
    axes = {"draw": 1}
    return [
        loaded(tool, empty, "transition_mean_ms", "sleeps_0ms", axes={"task_s": 0.0}),
        loaded(tool, drawn, "transition_mean_ms", "sleeps_drawn_1", axes=axes),
        loaded(tool, empty - drawn, "overlap_ms", "sleeps_drawn_1", axes=axes, **(overlap or {})),
    ]


def below(**tables: Sequence[Any]) -> Below:
    """Return the table of results, as the headline card has it."""
    (found,) = filter(None, (card.below for card in answer.cards(facts(None, **tables))))
    return found


def cell(table: Below, tool: str, heading: str) -> str:
    """Return what stands in a column of the row of a tool."""
    (row,) = [row for row in table.rows if str(row[0]).startswith(tool)]
    return str(row[list(table.heading).index(heading)])


def test_a_wait_is_told_apart_from_what_a_run_pays_in_any_case() -> None:
    """What an engine that polls takes without the poll, and the period, stand in two columns."""
    rows = [estimate(tool, 5.0, tier="service") for tool in ("a", "plain")]
    rows.append(estimate("plain", 0.04, tier="service", metric="submit_to_first_s", unit="s", workload="chain_1"))
    waits = [wait("a", 1.0, 7.0, shortest=1.5, period=5.0), wait("plain", 0.04, 0.05, polls=False)]
    table = below(estimates=rows, ranges=waits)
    assert cell(table, "a", BEFORE) == "1.5 s (n=6)"
    assert cell(table, "a", "a wait for a poll") == "0 to 5.00 s"
    assert cell(table, "plain", BEFORE).startswith("40.0 ms [")
    assert cell(table, "plain", "a wait for a poll") == "none"


def test_few_waits_are_not_split() -> None:
    """Of few waits nobody knows the shortest one: the range is shown, and says that the poll is in it."""
    table = below(estimates=[estimate("a", 5.0, tier="service")], ranges=[wait("a", 1.0, 7.0)])
    assert cell(table, "a", BEFORE).startswith("1.00 .. 7.00 s, n=6")
    assert cell(table, "a", "a wait for a poll").startswith("-")


def test_without_load_the_other_columns_are_there() -> None:
    """Nothing is said of tasks that take time then, but that nobody measured one."""
    table = below(estimates=[estimate(tool, 5.0, tier="service") for tool in ("a", "b")])
    assert cell(table, "a", "an empty task, idle engine").startswith("5.00 ms [")
    assert not {REAL, "the imports of the first task"} & set(table.heading)
    assert len(table.said) == 1 and "a/usual" not in str(table.said[0])


def test_a_number_that_is_missing_has_its_reason() -> None:
    """A tool that nobody measured has none either, and is told apart from one that failed."""
    rows = [*transitions("a", 1000, 400), loaded("b", None, "transition_mean_ms", "sleeps_drawn_1", axes={"draw": 1})]
    table = below(estimates=[*rows, estimate("c", 5.0, tier="service")])
    assert cell(table, "b", REAL) == "- (lost)"
    assert cell(table, "c", REAL) == "- (not run)"


@pytest.mark.parametrize(
    ("empty", "drawn", "overlap", "told"),
    [
        (1000, 400, {}, "most"),
        (1000, 700, {}, "part"),
        (1000, 990, {"low": -50.0, "high": 70.0}, "untold"),
        (1000, 1500, {"low": -600.0, "high": -400.0}, "more"),
        (1000, 400, ONE_START, "most"),
        (1000, 700, ONE_START, "untold"),
        (1000, 2500, ONE_START, "more"),
        (3, 7, ONE_START, "alike"),
        (3, 12, ONE_START, "untold"),
        (3, 30, ONE_START, "more"),
        (5, 3, {"low": 1.0, "high": 3.0}, "alike"),
        (40, 47, {"low": -13.0, "high": -1.0}, "untold"),
    ],
)
def test_what_overlaps_is_read_off_the_numbers(empty: float, drawn: float, overlap: dict[str, Any], told: str) -> None:
    """With an interval it counts if it is told apart from none; without one, only what is plain to see; some ms never do."""
    (said,) = below(estimates=transitions("a", empty, drawn, overlap)).said
    assert str(said).startswith(OVERLAPS[told].format(size="0 to 1 s") + ":")
    assert "a/usual" in str(said)


def test_tools_that_differ_have_a_sentence_each() -> None:
    """What overlaps with one tool does not with another; plain Python pays nothing that could overlap."""
    rows = [*transitions("a", 1000, 400), *transitions("b", 1000, 700), *transitions("plain", 0.02, 0.05)]
    said = list(map(str, below(estimates=rows).said))
    assert [("a/usual" in each, "b/usual" in each) for each in said] == [(True, False), (False, True)]
    assert "plain" not in " ".join(said)


def test_the_imports_of_the_first_task_and_of_each_later_one_are_two_numbers() -> None:
    """Where a run is one process, the first task pays for all; their mean would depend on how many tasks we chose."""
    imports = {"first_import_s": 3.0, "later_import_s": 0.001}
    rows = [loaded("a", cost, metric, "imports", unit="s") for metric, cost in imports.items()]
    table = below(estimates=rows)
    assert cell(table, "a", "the imports of the first task").startswith("3.00 s [")
    assert cell(table, "a", "the imports of each later task").startswith("1.00 ms [")


BUSY = "between two tasks, 50 runs at once: 95 % within"


def busy(tool: str, *, runs: int = 50, lost: bool = False) -> Estimate:
    """Return how long the tasks of a tool waited for the next that made so many runs at once."""
    value = None if lost else 10.0 * runs
    return loaded(tool, value, "transition_p95_ms", f"at_once_{runs}", unit="ms", axes={"runs": runs})


def test_a_busy_engine_is_the_busiest_that_was_measured() -> None:
    """How long a task waits for the next, of as many runs at once as there were; no poll draws that."""
    rows = [busy(tool, runs=runs) for tool in ("a", "b") for runs in (1, 10, 50)]
    table = below(estimates=rows, ranges=[wait("a", 1.0, 7.0)])
    assert cell(table, "a", BUSY) == cell(table, "b", BUSY)
    assert cell(table, "b", BUSY).startswith("500 ms [")


def test_of_a_busy_engine_a_missing_number_has_its_reason() -> None:
    """The row stays."""
    assert cell(below(estimates=[busy("a", lost=True), busy("b")]), "a", BUSY) == "- (lost)"


def test_usual_deployments_in_default_settings_have_the_rows() -> None:
    """Neither another deployment nor low-latency settings stand for a tool; without servers there is no table."""
    rows = [
        estimate("a", 5.0, tier="service"),
        estimate("a", 1.0, tier="service", deployment="other", default=False),
        estimate("a", 2.0, tier="service", profile="tuned"),
    ]
    assert [str(row[0]) for row in below(estimates=rows).rows] == ["a/usual"]
    assert law(facts(estimates=[estimate("a", 5.0), estimate("plain", 0.01, tier="service")])) is None


def test_the_summary_has_the_table() -> None:
    """A reader of a pull request sees it beneath the headline, with every cell."""
    lines = summary(Contents.of(facts(estimates=transitions("a", 1000, 400)))).splitlines()
    first = next(place for place, line in enumerate(lines) if REAL in line)
    heading, row = lines[first], lines[first + 2]
    assert row.startswith("| a/usual |") and "1.00 s" in row
    assert heading.count("|") == row.count("|")
