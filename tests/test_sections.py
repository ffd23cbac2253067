"""A scenario of a report: what stands where a tool was not measured as the others were, and beside its code."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import msgspec
from answers import changed, estimate, facts, ratio

from bench.cli.console import Plain
from bench.plan.about import About
from bench.report import terminal
from bench.report.matrix import matrix
from bench.report.sections import Subsection, sections
from bench.store.rows import Control, Estimate, Ratio, row_of


def subsection_of(*rows: Estimate, **results: Any) -> Subsection:
    """Return the one subsection that there is."""
    (section,) = sections(facts(estimates=rows, **results))
    (subsection,) = section.subsections
    return subsection


def at_once(tool: str, width: int, most: int) -> Estimate:
    """Return how many sleeping tasks ran at the same time, where so many might."""
    where = {"scenario": "parallelism", "workload": f"sleeping_w{width}", "axes": {"kind": "sleeping", "width": width}}
    return estimate(tool, most, metric="max_concurrency", unit="count", **where)


def test_one_lane_is_one_lane_at_any_width() -> None:
    """A tool of one lane, which was run at one width, is told of by that, and is not called one that was not run."""
    rows = [at_once("dagster", 2, 2), at_once("dagster", 4, 4), at_once("airflow", 4, 1)]
    made = facts(estimates=rows)
    found = sections(made)
    (subsection,) = found[0].subsections
    assert "one lane: sleeping_w4" in str(subsection.charts[0].svg)
    assert "not run" not in str(subsection.charts[0].svg)
    (line,) = matrix(made, found)
    assert [(cell.row, cell.other) for cell in line.cells] == [(rows[2], "sleeping_w4"), (rows[0], "")]


def test_who_ran_at_several_widths_has_no_other_for_one() -> None:
    """What is missing there is not made up of what was measured elsewhere."""
    subsection = subsection_of(at_once("dagster", 2, 2), *(at_once("airflow", width, width) for width in (1, 4)))
    assert subsection.table.stand_in(at_once("airflow", 1, 1).setup, subsection.table.columns[0]) is None


def test_beside_the_code_stand_the_numbers_of_the_usual_deployment() -> None:
    """In default settings, and of the tool whose code it is."""
    rows = [estimate("dagster", 1.0), estimate("dagster", 2.0, profile="tuned"), estimate("airflow", 3.0)]
    subsection = subsection_of(*rows, estimate("dagster", 4.0, deployment="other", usual=False))
    assert [row for _, row in subsection.measured("dagster")["dagster/usual"]] == [rows[0]]
    assert list(subsection.measured("dagster")) == ["dagster/usual"]


def test_a_borrowed_noise_floor_is_named() -> None:
    """A scenario without a control of its own takes the floor of its tier, and says whose that is."""
    row = {
        "scenario": "overhead", "orchestrator": "plain", "tier": "library", "profile": "stock", "deployment": "usual",
        "isolation": "one process", "metric": "makespan_s", "workloads": 1, "n": 10, "starts": 5, "ratio": 1.0, "low": 0.95,
        "high": 1.04,
    }  # fmt: skip
    subsection = subsection_of(at_once("dagster", 2, 2), controls=[row_of(Control, row)])
    assert (subsection.floor_of, round(subsection.floor or 0, 4)) == (["overhead"], 0.0526)


def test_a_number_of_the_table_has_the_remark_of_its_tool() -> None:
    """What the folder says of a metric stands below the table that has it, once, and below no other."""
    made = facts(estimates=[at_once("dagster", 2, 2), at_once("dagster", 4, 4), at_once("airflow", 2, 2)])
    for metric, told in (("max_concurrency", ["dagster/usual: seen so."]), ("per_task_ms", [])):
        run = msgspec.structs.replace(made.run, tools={"dagster": About(remarks={metric: "seen so"})})
        (section,) = sections(replace(made, run=run))
        assert section.subsections[0].remarks == told


def test_the_noise_floor_is_told_as_it_was_applied() -> None:
    """Of each tool the least and the most; a ratio without an interval was not judged by any, and an old run says none."""
    rows = [at_once("dagster", 2, 2), at_once("dagster", 4, 4), at_once("airflow", 4, 4)]
    beside = [at_once("prefect", width, width) for width in (2, 4)]

    def judged(row: Estimate, floor: float | None, above: bool | None = False) -> Ratio:
        return changed(ratio(row, beside[0], apart=above, low=0.9), floor=floor)

    ratios = [judged(rows[0], 0.2), judged(rows[1], 0.35), judged(rows[2], 0.5, None)]
    subsection = subsection_of(*rows, *beside, ratios=ratios)
    assert {tool: str(floor) for tool, floor in subsection.floors.items()} == {"Dagster": "20.0 to 35.0 %"}
    assert subsection_of(*rows, *beside, ratios=[judged(rows[0], None)]).floors == {}


def test_a_terminal_tells_the_floor_as_it_was_applied() -> None:
    """By tier and tool, beside the control; of an old run, which has no floor in its ratios, it tells the control only."""
    rows = [estimate(tool, 5.0, tier=tier) for tier in ("library", "service") for tool in ("dagster", "prefect")]
    ratios = [ratio(rows[place], rows[place + 1], apart=False, low=0.9) for place in (0, 2)]
    floors = (0.2, 0.35)
    judged = [changed(row, floor=floor) for row, floor in zip(ratios, floors, strict=True)]
    made = facts(estimates=rows, ratios=judged)
    printed = io.StringIO()
    terminal.show(Plain(file=printed, width=200), made.run, made.results)
    lines = [line for line in printed.getvalue().splitlines() if line.startswith("Noise floor")]
    assert ["library" in line and "dagster 20.0 %" in line for line in lines] == [True, False]
    assert ["service" in line and "dagster 35.0 %" in line for line in lines] == [False, True]
    old = facts(estimates=rows, ratios=ratios)
    printed = io.StringIO()
    terminal.show(Plain(file=printed, width=200), old.run, old.results)
    assert "Noise floor" not in printed.getvalue()
