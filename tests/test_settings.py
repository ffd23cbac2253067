"""Settings: tools are compared in the same ones, and where these are not the default ones, the reader is told."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from answers import changed, check, estimate, facts, said, says, wait
from conftest import orchbench_in
from pages import Page, rendered
from small_runs import edited

from bench.derive.draws import Draws
from bench.report import answer
from bench.report.answer import Card
from bench.report.draws import drawn
from bench.report.matrix import Line, matrix
from bench.report.sections import Subsection, sections
from bench.store.rows import Check, Estimate

pytest_plugins = ["report_runs"]  # its runs are made once for all tests
pytestmark = pytest.mark.xdist_group("report")

TUNED: dict[str, Any] = {"profile": "tuned"}
LOW_LATENCY = "low-latency settings"


def shown(*rows: Estimate, checks: Sequence[Check] = ()) -> tuple[Subsection, Line]:
    """Return what a report has of the one scenario of these rows: its section, and its line of the matrix."""
    made = facts(estimates=rows, checks=checks)
    found = sections(made)
    (subsection,) = found[0].subsections
    (line,) = matrix(made, found)
    return subsection, line


def fastest(*rows: Estimate) -> Card:
    """Return the card on a workload of the reader's own, of which these say how long it took."""
    mine = [changed(row, workload="mine", metric="first_to_last_s", unit="s") for row in rows]
    return answer.cards(facts(own="mine", estimates=mine))[0]


def test_low_latency_settings_stand_where_there_are_no_others() -> None:
    """Plain Python, which has but one kind, stands beside; the matrix, the section and the code name the settings."""
    rows = [estimate("dagster", 2.0, **TUNED), estimate("prefect", 3.0, **TUNED), estimate("plain", 0.1)]
    subsection, line = shown(*rows, checks=[changed(check("dagster", "overhead.a"), **TUNED), check("plain", "overhead.a")])
    assert [(cell.row, cell.settings) for cell in line.cells] == [
        (rows[0], LOW_LATENCY), (rows[1], LOW_LATENCY), (rows[2], ""),
    ]  # fmt: skip
    assert [cell.counts.get("pass") for cell in line.cells] == [1, None, 1]
    assert LOW_LATENCY in subsection.told
    assert [row for _, row in subsection.measured("dagster")["dagster/usual, tuned"]] == [rows[0]]


def test_default_settings_come_first() -> None:
    """Where all tools have both, low-latency settings are in the tables only, and nobody has to be told."""
    rows = [estimate(tool, 2.0, **more) for tool in ("dagster", "prefect") for more in ({}, TUNED)]
    subsection, line = shown(*rows, estimate("plain", 0.1))
    assert [(cell.row, cell.settings) for cell in line.cells[:2]] == [(rows[0], ""), (rows[2], "")]
    assert subsection.told == ""
    assert len(subsection.table.setups) == 5


def test_all_tools_are_compared_in_the_settings_that_all_have() -> None:
    """One tool without default settings takes the others with it: the fastest is so in low-latency settings."""
    rows = [estimate("airflow", 9.0, **TUNED), estimate("dagster", 1.0), estimate("dagster", 8.0, **TUNED)]
    _, line = shown(*rows)
    assert [cell.row for cell in line.cells] == [rows[0], rows[2]]
    card = fastest(*rows)
    assert says(card, LOW_LATENCY, "dagster/usual, tuned") and "dagster/usual (" not in said(card)


def test_settings_that_nobody_shares_are_compared_with_nothing() -> None:
    """A tool is shown in what it has, and its settings are told; it is in no ranking."""
    rows = [estimate("airflow", 9.0), estimate("dagster", 1.0), estimate("prefect", 0.1, **TUNED)]
    subsection, line = shown(*rows)
    assert [(cell.row, cell.settings) for cell in line.cells] == [(rows[0], ""), (rows[1], ""), (rows[2], LOW_LATENCY)]
    assert "Prefect" in subsection.told and LOW_LATENCY in subsection.told
    assert "prefect" not in said(fastest(*rows))


def test_another_deployment_decides_no_settings() -> None:
    """One that has default settings only is in the tables; its verdicts count, and its number stands for no tool."""
    other: dict[str, Any] = {"deployment": "other", "default": False}
    rows = [estimate("dagster", 2.0, **TUNED), estimate("dagster", 1.0, **other)]
    checks = [changed(check("dagster", "overhead.a"), **TUNED), changed(check("dagster", "overhead.a", "fail"), **other)]
    subsection, line = shown(*rows, checks=checks)
    (cell,) = line.cells
    assert (cell.row, cell.settings, cell.counts) == (rows[0], LOW_LATENCY, {"pass": 1, "fail": 1, "unsupported": 0})
    assert list(subsection.measured("dagster")) == ["dagster/usual, tuned"]


def test_what_was_measured_in_one_kind_only_is_not_lost() -> None:
    """A scenario may ask for one workload in default settings, and for another one in low-latency ones."""
    at_once = {"scenario": "parallelism", "metric": "max_concurrency", "unit": "bodies"}
    rows = [
        estimate(tool, 2.0, workload=workload, profile=profile, **at_once)
        for tool in ("airflow", "dagster")
        for workload, profile in (("sleeping_w2", "tuned"), ("sleeping_w4", "stock"))
    ]
    checks = [
        changed(check(tool, f"parallelism.{name}"), profile=profile)
        for tool in ("airflow", "dagster")
        for name, profile in (("tasks_overlap", "tuned"), ("others", "stock"))
    ]
    subsection, line = shown(*rows, checks=checks)
    assert [(cell.row, cell.settings) for cell in line.cells] == [(rows[0], LOW_LATENCY), (rows[2], LOW_LATENCY)]
    assert [cell.counts["pass"] for cell in line.cells] == [2, 2]
    assert LOW_LATENCY in subsection.told and "default settings" in subsection.told


def test_a_need_is_met_in_low_latency_settings_too() -> None:
    """What was checked at the service tier in these alone counts, and the card says which topics are so."""
    need = answer.TOPICS["retries"].values()
    checks = [changed(check(tool, name), tier="service", **TUNED) for tool in ("airflow", "prefect") for name in need]
    rows = [estimate(tool, 1.0, tier="service") for tool in ("airflow", "prefect")]
    (card,) = (each for each in answer.cards(facts(estimates=rows, checks=checks)) if each.need.startswith("A nightly"))
    assert {str(cell) for row in card.rows for cell in row[1:]} == {"yes"}
    assert says(card, LOW_LATENCY, "service", "retries")
    default = [changed(row, profile="stock") for row in checks]
    (card,) = (each for each in answer.cards(facts(estimates=rows, checks=default)) if each.need.startswith("A nightly"))
    assert LOW_LATENCY not in said(card)


def test_only_what_was_checked_of_a_topic_is_told_of_it() -> None:
    """Another check of the scenario, which is no need, says nothing of the topic, whatever settings it was in."""
    need = answer.TOPICS["parallelism"].values()
    checks = [check(tool, name) for tool in ("airflow", "prefect") for name in need]
    checks += [changed(check(tool, "parallelism.own_records_agree"), **TUNED) for tool in ("airflow", "prefect")]
    rows = [estimate(tool, 1.0) for tool in ("airflow", "prefect")]
    (card,) = (each for each in answer.cards(facts(estimates=rows, checks=checks)) if each.need.startswith("A nightly"))
    assert LOW_LATENCY not in said(card)


def test_a_failure_counts_in_any_settings() -> None:
    """A check that passed in default settings and failed in low-latency ones has failed: they asked for other work."""
    rows = [estimate(tool, 2.0, **more) for tool in ("dagster", "prefect") for more in ({}, TUNED)]
    checks = [
        changed(check(tool, "overhead.comes_to_its_end", verdict), **more)
        for tool, tuned in (("dagster", "fail"), ("prefect", "pass"))
        for verdict, more in (("pass", {}), (tuned, TUNED))
    ]
    _, line = shown(*rows, checks=checks)
    assert [(cell.counts["pass"], cell.counts["fail"]) for cell in line.cells] == [(1, 1), (1, 0)]


def test_settings_of_strangers_are_shown_by_their_name() -> None:
    """A run may come from somebody whose tool has other profiles; its numbers are in no ranking, and are told of."""
    rows = [estimate("dagster", 2.0), estimate("airflow", 3.0), estimate("odd", 1.0, profile="fast")]
    subsection, line = shown(*rows)
    assert "fast settings" in [cell.settings for cell in line.cells]
    assert "Of odd" in subsection.told and "fast settings" in subsection.told
    assert "odd" not in said(fastest(*rows))


def test_a_training_says_its_settings() -> None:
    """How long it takes is told for low-latency settings, where there are no others."""
    train = {"scenario": "churn", "workload": "train", "metric": "first_to_last_s", "unit": "s"}
    for more, is_told in (({}, False), (TUNED, True)):
        rows = [estimate(tool, 5.0, **train, **more) for tool in ("airflow", "prefect")]
        (card,) = (each for each in answer.cards(facts(estimates=rows)) if each.need.startswith("A nightly"))
        assert says(card, "5.00 s") and (LOW_LATENCY in said(card)) is is_told


def test_what_is_decided_at_once_is_no_draw() -> None:
    """A wrong parameter may be refused long before the engine looks for runs, or only in a run."""
    refused = {"scenario": "parameters", "metric": "rejection_s", "unit": "s", "tier": "service"}
    rows = [estimate("airflow", s, workload=case, **refused) for case, s in (("wrong_type", 0.02), ("unknown_name", 3.0))]
    draws = Draws.of([wait("airflow", 0.5, 6.0)])
    assert not draws.has(rows[0]) and "3.00 s" in str(drawn(draws, rows[1]))
    assert not Draws.of([wait("airflow", 0.5, 6.0, polls=False)]).has(rows[1])


def test_a_run_has_waited_however_short_it_was() -> None:
    """Its first task cannot begin before the engine has looked, although the shortest wait of other runs was longer."""
    first = estimate("airflow", 0.02, scenario="overhead", metric="cold_run_s", unit="s", tier="service")
    assert Draws.of([wait("airflow", 0.5, 6.0)]).has(first)


# A whole report ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def polled(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run as if every other start were one of a tool in low-latency settings, whose engine polls."""
    copy = tmp_path_factory.mktemp("polled") / "copy"
    shutil.copytree(run, copy)
    tuned: dict[str, bool] = {}
    for path in sorted(copy.glob("starts/*/start.json")):
        tuned[path.parent.name] = is_tuned = len(tuned) % 2 == 1
        if is_tuned:
            with edited(path) as start:
                start["setup"] |= {"orchestrator": "airflow", **TUNED}
    for path in copy.glob("trials/*/trial.json"):
        trial = json.loads(path.read_text())
        if tuned[trial["start"]]:
            trial["setup"] |= {"orchestrator": "airflow", **TUNED}
            path.write_text(json.dumps(trial | {"polls": True, "period_s": 0.001}))
    with edited(copy / "run.json") as record:
        record["orchestrators"] = ["airflow", "plain"]
    done = orchbench_in(copy.parent, "report", "copy")
    assert done.code == 0, done.err
    return copy


def test_no_scenario_loses_its_number(polled: Path) -> None:
    """The page and the summary have a number of the tool in every line, and name its settings beside it."""
    page = (polled / "report.html").read_text()
    summary = (polled / "summary.md").read_text().partition("## All scenarios")[2]
    (table,) = re.findall(r'aria-label="Scenarios and tools"><table[^>]*>(.*?)</table>', page, re.DOTALL)
    for _, *lines in (Page(table).rows, rendered(summary.split("<details>")[0]).rows):
        assert len(lines) == 5
        for _, _, airflow, plain in lines:
            assert re.match(r"[\d(]|lost|none", airflow) and LOW_LATENCY in airflow
            assert LOW_LATENCY not in plain


def test_what_a_poll_draws_is_in_parentheses_and_in_no_order(polled: Path) -> None:
    """The wait before a run, and what holds it; no number of a tool that does not poll, and none from the first task on."""
    page = (polled / "report.html").read_text()
    (table,) = re.findall(r'aria-label="Table: overhead, service tier"><table[^>]*>(.*?)</table>', page, re.DOTALL)
    heading, airflow, plain = Page(table).rows
    is_drawn = {title.partition("chain")[0]: cell.startswith("(") for title, cell in zip(heading, airflow, strict=True)}
    assert {title for title, drawn in is_drawn.items() if drawn} == {"per run", "to first body", "cold runwarm_up"}
    assert not any(cell.startswith("(") for cell in plain)
    last = [attributes.get("data-sort") for tag, attributes in Page(table).elements if tag == "td"]
    assert last.count("") == 3 == len([cell for cell in last if cell is not None])


def test_the_summary_and_the_terminal_have_the_same_draws(polled: Path) -> None:
    """In parentheses there, too."""
    text = (polled / "summary.md").read_text().partition("<summary>overhead, service tier")[2].partition("</details>")[0]
    _, airflow, plain = rendered(text).rows
    assert (sum(cell.startswith("(") for cell in airflow), sum(cell.startswith("(") for cell in plain)) == (3, 0)
    done = orchbench_in(polled.parent, "show", "copy")
    table = done.out.partition("overhead, service tier")[2].partition("└")[0]
    assert table.count("(") == 3
