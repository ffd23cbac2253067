"""A scenario of a report: what stands where a tool was not measured as the others were, and beside its code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
from answers import estimate, facts

from bench.plan.about import About
from bench.report.matrix import matrix
from bench.report.sections import Subsection, sections
from bench.store.rows import Control, Estimate, row_of


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
