"""What makes two runs comparable: whatever was measured in another way is named, and nothing else is left out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import Call
from small_runs import block, edited, finished_run, made_up_record, recorded, suite_of

from bench.compare.comparable import Difference, differences
from bench.store.records import RunRecord
from contract.workload import Node, Workload

pytestmark = pytest.mark.xdist_group("comparable")  # the run is made once

SUITE = suite_of(block("overhead", rounds=2, repeat=3, reference_starts=2, options={"sizes": {"chain": [1, 3]}}))


def said(before: RunRecord, after: RunRecord) -> list[str]:
    """Return what differs."""
    return [each.said for each in differences(before, after)]


# The machine -----------------------------------------------------------------------------------------------------------


def test_a_machine_of_the_same_name_may_be_another() -> None:
    """Two virtual machines that look alike were told apart by how much they compute; two runs of one boot are not."""
    first, second = made_up_record(cpu_rounds_per_s=5_777_830.0), made_up_record(cpu_rounds_per_s=4_463_101.0)
    same_boot = made_up_record(cpu_rounds_per_s=4_498_479.0)
    assert said(first, second) == ["host pace is 5.78 and 4.46 million rounds of CPU work a second"]
    assert said(second, first) == ["host pace is 4.46 and 5.78 million rounds of CPU work a second"]
    assert said(second, same_boot) == []


# Lines -----------------------------------------------------------------------------------------------------------------


def sized(library: Mapping[str, Any], service: Mapping[str, Any] | None = None) -> RunRecord:
    """Return the record of a run that has the scenario *overhead* with those options."""
    blocks = [block("overhead", options=library)]
    if service:
        blocks.append(block("overhead", tier="service", options=service))
    return made_up_record(suite={"name": "small", "about": "For tests.", "blocks": blocks})


SHORT: Mapping[str, Any] = {"sizes": {"chain": [1, 10, 50], "fan_in": [10]}, "sweep_ms": [2, 30]}


def test_a_line_through_other_sizes_is_another_number() -> None:
    """The slope of chains of up to fifty tasks is not that of chains of up to a hundred; both lists are named."""
    longer = sized({**SHORT, "sizes": {"chain": [1, 10, 50, 100]}})
    found = "overhead at the library tier lays chain through 1, 10, 50 and 1, 10, 50, 100"
    assert differences(sized(SHORT), longer) == [Difference("workload", "chain", found, "library")]
    sweep = "overhead at the library tier lays lanes_1x1 through 2.00 ms, 30.0 ms and 2.00 ms, 150 ms"
    assert sweep in said(sized(SHORT), sized({**SHORT, "sweep_ms": [2, 150]}))


def test_sizes_that_no_common_line_goes_through_may_differ() -> None:
    """One size makes no line, and a tier or a shape that only one of the runs has is not compared."""
    assert said(sized(SHORT), sized({**SHORT, "sizes": {"chain": [1, 10, 50], "fan_in": [20], "fan_out": [1, 5]}})) == []
    assert said(sized(SHORT, {"sizes": {"chain": [1, 8]}}), sized(SHORT)) == []


def test_the_sizes_of_another_version_are_not_known() -> None:
    """A suite that cannot be read any more says nothing; its scenario's version or the schema does."""
    assert said(sized(SHORT), sized({"lengths": [1, 10]})) == []


# Work that each run calibrates anew ------------------------------------------------------------------------------------


def computing(rounds: int, tasks: int = 2, own: str | None = None) -> RunRecord:
    """Return the record of a run with so many computing tasks."""
    work = Workload("work", tuple(Node(f"n{i}", "cpu", (), {"rounds": rounds}) for i in range(tasks)))
    return made_up_record(cases=recorded(work), own_workload=own)


def test_calibrated_work_may_differ_in_its_rounds_only() -> None:
    """How much a task computes is measured for each run; how many of them there are is not."""
    assert said(computing(100), computing(101)) == []
    assert said(computing(100), computing(100, tasks=3)) == ["workload work is another graph"]


def test_work_of_the_readers_own_is_not_calibrated() -> None:
    """Other rounds make it another graph, also where the other run has work of that name from a scenario."""
    assert said(computing(100, own="work"), computing(100, own="work")) == []
    assert said(computing(100, own="work"), computing(101, own="work")) == ["workload work is another graph"]
    assert said(computing(100, own="work"), computing(100)) == ["workload work is another graph"]


def test_a_node_may_be_called_cpu() -> None:
    """What a task is called says nothing of what it does."""
    first, second = (
        made_up_record(cases=recorded(Workload("work", (Node("cpu"), Node("b", after=after))))) for after in ((), ("cpu",))
    )
    assert said(first, second) == ["workload work is another graph"]


def test_computing_work_of_ones_own_is_compared(orchbench: Call, tmp_path: Path) -> None:
    """All of its numbers are judged, and another graph under its name is refused."""
    own = Workload("mine", (Node("cpu", "cpu", (), {"rounds": 2000}), Node("b", after=("cpu",))))
    (tmp_path / "mine.json").write_text(own.to_json())
    run = finished_run(tmp_path, SUITE, "--workload", "mine.json")
    done = orchbench("compare", run, run, "--json")
    assert done.code == 0, done.err
    changes = json.loads(done.out)["changes"]
    assert {(each["metric"], each["verdict"]) for each in changes if each["workload"] == "mine"} >= {("makespan_s", "same")}
    other = shutil.copytree(run, tmp_path / "other")
    with edited(other / "run.json") as record:
        mine = record["cases"]["mine"]
        mine["work"] = mine["work"].replace("2000", "9000")
    done = orchbench("compare", run, other)
    assert done.code == 2 and "workload mine is another graph" in done.err
