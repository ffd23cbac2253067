"""WfCommons instances as workloads: what they become, and a run of one."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Call, call
from small_runs import block, record_of, results_of, samples_of, suite_of
from wfcommons import VERSIONS, mosaic, small, task

from bench.plan.workflows import convert, is_wfformat, notice
from contract.workload import Workload


def edges(workload: Workload) -> dict[str, set[str]]:
    """Return whom each node waits for."""
    return {node.id: set(node.after) for node in workload.nodes}


@pytest.mark.parametrize("version", VERSIONS)
def test_tasks_become_sleeps_behind_their_parents(version: str) -> None:
    """Both versions become the graph that they describe, with the run times scaled."""
    workload = convert(mosaic(version, 2), "mosaic-2", 0.1)
    assert workload.name == "mosaic_2"
    assert edges(workload) == {
        "project_0_ID0001": set(),
        "project_1_ID0002": set(),
        "compare_0_ID0003": {"project_0_ID0001", "project_1_ID0002"},
        "compare_1_ID0004": {"project_1_ID0002"},
        "fit_all_ID0005": {"compare_0_ID0003", "compare_1_ID0004"},
        "correct_0_ID0006": {"project_0_ID0001", "fit_all_ID0005"},
        "correct_1_ID0007": {"project_1_ID0002", "fit_all_ID0005"},
        "add_up_ID0008": {"correct_0_ID0006", "correct_1_ID0007"},
    }
    assert {node.op for node in workload.nodes} == {"sleep"}
    assert {node.id: node.params["seconds"] for node in workload.nodes} == {
        name: pytest.approx(0.2 if "project" in name else 0.1) for name in edges(workload)
    }
    assert Workload.from_json(workload.to_json()) == workload


@pytest.mark.parametrize("lost", ["parents", "children"])
@pytest.mark.parametrize("version", VERSIONS)
def test_an_edge_at_one_of_its_ends_is_enough(version: str, lost: str) -> None:
    """A document that names only the parents, or only the children, is the same graph."""
    whole, half = mosaic(version, 3), mosaic(version, 3)
    tasks = half["workflow"]["tasks"] if version == "1.4" else half["workflow"]["specification"]["tasks"]
    for number, each in enumerate(tasks):
        if number % 2:
            each[lost] = []
        else:
            del each[lost]
    assert convert(half, "w", 1).to_json() == convert(whole, "w", 1).to_json()


@pytest.mark.parametrize("key", ["name", "id"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_parent_may_be_named_by_its_id_and_by_its_name(version: str, key: str) -> None:
    """Generators differ, within one version too; it is one edge, also if both are given."""
    first = task("first", id="i1")
    second = task("second", first[key], id="i2")
    both = task("both", "first", "i1", id="i3")
    assert edges(convert(small(version, first, second, both), "w", 1)) == {"i1": set(), "i2": {"i1"}, "i3": {"i1"}}


@pytest.mark.parametrize(("version", "meant"), [("1.4", "b"), ("1.5", "a")])
def test_the_version_decides_where_an_id_is_another_ones_name(version: str, meant: str) -> None:
    """Where "a" is the id of one task and the name of another, 1.4 means the name, and 1.5 the id."""
    document = small(version, task("x", id="a"), task("a", id="b"), task("c", "a"))
    assert edges(convert(document, "w", 1))["c"] == {meant}


@pytest.mark.parametrize("version", VERSIONS)
def test_tasks_with_the_same_name_are_told_apart_by_id(version: str) -> None:
    """Nextflow calls all tasks of a process alike."""
    document = small(version, task("P", id="P_1"), task("P", id="P_2"), task("Q", "P_2", id="Q_3"))
    assert edges(convert(document, "w", 1)) == {"P_1": set(), "P_2": set(), "Q_3": {"P_2"}}


def test_what_generators_of_1_4_left_out_is_not_missed() -> None:
    """In 1.4 a task may have no id, and its run time may have the name that it had before."""
    document = small("1.4", {"name": "a", "runtime": 3}, {"name": "b", "parents": ["a"], "children": None, "runtime": 0})
    workload = convert(document, "w", 2)
    assert edges(workload) == {"a": set(), "b": {"a"}}
    assert [node.params["seconds"] for node in workload.nodes] == [6, 0]


def test_ids_are_made_safe_and_stay_apart() -> None:
    """Ids that become alike are numbered; one that is safe already keeps its name, wherever it stands."""
    long = "x" * 80
    ids = ["a b", "a-b", "a_b", "a_b_2", "1", "ä", "..", f"{long}1", f"{long}2", "lambda"]
    workload = convert(small("1.5", *(task(each) for each in ids)), "1 / ü", 1)
    assert workload.name == "t_1____"
    assert [node.id for node in workload.nodes] == [
        *("a_b_3", "a_b_4", "a_b", "a_b_2", "t_1", "t__", "t___", "x" * 63, "x" * 61 + "_2", "lambda")
    ]


def test_the_same_document_always_becomes_the_same_workload(tmp_path: Path) -> None:
    """To the last byte, whatever the order in which Python's sets happen to be."""
    (tmp_path / "m.json").write_text(json.dumps(mosaic("1.5", 9)))
    code = (
        "import json; from bench.plan.workflows import convert; print(convert(json.load(open('m.json')), 'm', 1).to_json())"
    )
    done = {call(sys.executable, "-c", code, cwd=tmp_path, PYTHONHASHSEED=seed) for seed in ("1", "2", "3")}
    assert len(done) == 1 and {each.code for each in done} == {0}


@pytest.mark.parametrize("version", VERSIONS)
def test_thousands_of_tasks_convert_at_once(version: str) -> None:
    """Five thousand tasks, all of which become alike, take well under a second."""
    document = mosaic(version, 1666)
    text = json.dumps(document)
    for each in ("project", "compare", "correct"):
        text = text.replace(each, "one-name-that-is-much-longer-than-what-a-workload-allows-for-a-node-" + each)
    began = time.perf_counter()
    workload = convert(json.loads(text), "w", 1)
    assert time.perf_counter() - began < 1
    assert len(workload.nodes) == 5000


def test_the_notice_has_the_sum_and_the_critical_path() -> None:
    """Three tasks of 1 s and one of 2 s: at width 2 the path decides, at width 1 the sum."""
    document = small("1.5", task("a"), task("b", "a", runtimeInSeconds=2), task("c"), task("d"))
    workload = convert(document, "w", 1)
    known = "wfformat: 4 tasks, 5 s of work, critical path 3 s: a run takes at least "
    assert notice(workload, 2, 60) == f"{known}3 s at width 2; the suite ends it after 60 s (limit_s)"
    said = notice(workload, 1, 5)
    assert said == f"{known}5 s at width 1, but the suite ends it after 5 s (limit_s): choose a smaller --time-scale"
    assert notice(convert(document, "w", 1000), 2, 1e5).startswith("wfformat: 4 tasks, 5,000 s of work")


def test_only_what_is_meant_as_wfformat_is_taken_for_it() -> None:
    """A workload of ours and other JSON is not."""
    assert is_wfformat(mosaic("1.4", 1)) and is_wfformat({"schemaVersion": "9"}) and is_wfformat({"workflow": None})
    others: list[Any] = [{"name": "w", "nodes": []}, [], "schemaVersion", None, 1]
    assert not any(is_wfformat(each) for each in others)


# A run of one ----------------------------------------------------------------------------------------------------------

BLOCK = block("overhead", reference_starts=1, options={"sizes": {"chain": [1]}})


def test_a_real_workflow_is_run(orchbench: Call, tmp_path: Path) -> None:
    """500 tasks run on plain Python, no sooner than their times allow; resuming needs the run's own workload only."""
    version = VERSIONS[-1]
    (tmp_path / "tiny.toml").write_text(suite_of(BLOCK))
    (tmp_path / "mosaic-500.json").write_text(json.dumps(mosaic(version, 166)))
    scale = ["--time-scale", "0.001"]
    arguments = ["run", "--workload", "mosaic-500.json", *scale, "--on", "plain", "--suite", "tiny.toml", "--out", "out"]
    done = orchbench(*arguments)
    assert done.code == 0, done.err
    # 166 projections of 2 ms and 334 tasks of 1 ms; a projection, a comparison, the fit, a correction and the sum.
    said = "wfformat: 500 tasks, 0.666 s of work, critical path 0.006 s: a run takes at least 0.333 s at width 2; "
    assert [line for line in done.err.splitlines() if line.startswith("wfformat: ")] == [
        f"{said}the suite ends it after 30 s (limit_s)"
    ]
    run = tmp_path / "out"
    assert record_of(run)["cases"]["mosaic_500"]["work"] == convert(mosaic(version, 166), "mosaic-500", 0.001).to_json()
    rows = [row for row in samples_of(run) if (row["metric"], row["workload"]) == ("makespan_s", "mosaic_500")]
    assert rows and all(float(row["value"]) >= 0.333 for row in rows)
    assert [check for check in results_of(run)["checks"] if check["verdict"] != "pass"] == []
    (tmp_path / "mosaic-500.json").unlink()
    shutil.rmtree(max((run / "trials").glob("*mosaic_500")))
    resumed = orchbench("run", "--resume", "out")
    assert resumed.code == 0, resumed.err


def test_a_run_that_cannot_end_in_time_is_foreseen(orchbench: Call, tmp_path: Path) -> None:
    """The one line stays one line where it has more to say, and the run is made all the same."""
    (tmp_path / "tiny.toml").write_text(suite_of(BLOCK | {"limit_s": 1}))
    (tmp_path / "long.json").write_text(json.dumps(mosaic("1.5", 1)))
    done = orchbench("run", "--workload", "long.json", "--on", "plain", "--suite", "tiny.toml", "--out", "out")
    assert done.code == 0, done.err
    said = "wfformat: 5 tasks, 6 s of work, critical path 6 s: a run takes at least 6 s at width 2"
    more = "but the suite ends it after 1 s (limit_s): choose a smaller --time-scale"
    assert f"{said}, {more}" in done.err.splitlines()
    estimates = results_of(tmp_path / "out")["estimates"]
    assert not [row for row in estimates if row["workload"] == "long" and row["median"] is not None]
