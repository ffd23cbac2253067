"""Observations: what needs no engine is written down when a run begins, and becomes rows like all others."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from conftest import orchbench_in
from golden import pack
from pages import Page
from small_runs import made_up_record

from bench.derive.measured import measured_parts
from bench.derive.results import derive
from bench.export.publish import publish
from bench.plan.setup import ANY, Setup
from bench.plan.tools import CORE, discover
from bench.run.observe import observe
from bench.scenarios import SCENARIOS
from bench.scenarios.kit.observation import PIPELINE, pipeline_in
from bench.store.folder import RunFolder
from bench.store.sources import SHARED

KNOWN = discover()


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run of the churn pipelines of all tools, in which nothing ran: it has kept their code, and has looked at it."""
    folder = RunFolder(tmp_path / "run")
    folder.make()
    folder.sources.keep(SHARED, CORE)
    for each in KNOWN.values():
        folder.sources.keep(each.name, each.source)
    host = {"cpu": "?", "cores": 2, "memory_gb": 4, "python": "3.13", "name": "here", "boot_id": "1"}
    record = made_up_record(
        orchestrators=list(KNOWN),
        scenarios={"churn": SCENARIOS["churn"].version},
        tools={each.name: each.about for each in KNOWN.values()},
        suite={"name": "none", "about": "Nothing runs."},
        host=host,
    )
    folder.write_run(record)
    observe(folder, record)
    return folder


def test_lines_of_code_are_an_estimate_of_each_tool(run: RunFolder) -> None:
    """Beside the section `code`, which has the same numbers, for each style; they are of the tool, however it is run."""
    results = publish(run, run.run()).results
    parts = {(name, part) for name, each in KNOWN.items() for part in (PIPELINE, *map(pipeline_in, each.about.styles))}
    counted = {(row.orchestrator, row.scenario): row.lines for row in results.code if row.scenario != "churn"}
    assert counted.keys() == parts > {(tool, PIPELINE) for tool in KNOWN}
    assert {(row.setup.orchestrator, row.workload): row.median for row in results.estimates} == counted
    assert {row.setup for row in results.estimates} == {Setup.of_any_kind(tool) for tool in KNOWN}
    said = {(row.scenario, row.metric, row.unit, row.starts) for row in results.estimates}
    assert said == {("churn", "lines_of_code", "lines", 0)}


def test_they_are_read_from_what_was_written_down(run: RunFolder) -> None:
    """Deriving again counts nothing: the number is that of the record, whatever the sources say by now."""
    record = run.observations()[0]
    assert record.setup.tier == ANY and "training.py" in record.because
    changed = msgspec.structs.replace(record, values={"lines_of_code": 7.0})
    (run.path / "observations" / f"{record.id}.json").write_bytes(msgspec.json.encode(changed))
    rows = {(row.setup, row.workload): row.median for row in derive(measured_parts(run, run.run())[0]).results.estimates}
    assert rows[record.setup, record.case] == 7


def test_a_verdict_is_a_check_like_all_others(run: RunFolder) -> None:
    """It passes or fails by what was seen, with the evidence, and with what the folder of the tool has to say of it."""
    record = run.run()
    about = {"prefect": {"by_hand": {"is_short": "we wrote it"}}}
    tools = {name: msgspec.structs.replace(each, **about.get(name, {})) for name, each in record.tools.items()}
    run.write_run(msgspec.structs.replace(record, tools=tools))
    for each in run.observations():
        short = each.setup.orchestrator != "airflow"
        seen = msgspec.structs.replace(each, holds={"is_short": short})
        (run.path / "observations" / f"{each.id}.json").write_bytes(msgspec.json.encode(seen))
    rows = {row.setup.orchestrator: row for row in derive(measured_parts(run, run.run())[0]).results.checks}
    assert {name: (row.check, row.verdict, row.means) for name, row in rows.items()} == {
        "airflow": ("is_short", "fail", "native"),
        "dagster": ("is_short", "pass", "native"),
        "plain": ("is_short", "pass", "native"),
        "prefect": ("is_short", "pass", "by_hand"),
    }
    assert all("pipelines/training" in row.because for row in rows.values())


def test_a_resumed_run_looks_no_second_time(run: RunFolder) -> None:
    """What is written stays: it belongs to the code that the run began with."""
    before = run.observations()
    plain = run.path / "code" / "plain" / "pipelines" / "training.py"
    plain.write_text(plain.read_text() + "MORE = 1\n")
    observe(run, run.run())
    assert run.observations() == before


def test_they_are_shown_and_reported(tmp_path: Path) -> None:
    """On the terminal, in the matrix and in a table of their own, beside what was measured at a tier."""
    run = pack.unpack(tmp_path / "run")
    observe(run, run.run())
    for command in ("report", "show"):
        done = orchbench_in(tmp_path, command, "run")
        assert done.code == 0, done.err
    assert "lines of code" in done.out
    text = Page((run.path / "report.html").read_text()).text
    lines = {row.setup.orchestrator: row.median for row in run.results().estimates if row.setup.tier == ANY}
    assert lines.keys() == KNOWN.keys()
    assert [tool for tool, count in lines.items() if f"{count:.0f}" not in text] == []
    assert "lines of code (lines_of_code, pipeline)" in text
