"""Every command takes a merged run, and tells its parts apart."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import ORCHBENCH, Call, call, refusal
from merged_runs import PARTS
from pages import Page
from small_runs import edited, record_of, results_of
from tracked_runs import client_of, digest, logged, store_of

pytestmark = pytest.mark.xdist_group("merged")  # as in test_merge


def test_report_derives_the_same_again(merged: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """The folder needs none of its parts."""
    copy = shutil.copytree(merged, tmp_path / "copy")
    before = digest(copy)
    assert orchbench_here("report", "copy").code == 0
    assert (
        digest(copy).items() >= {name: it for name, it in before.items() if name.endswith((".json", ".csv", ".md"))}.items()
    )


def test_the_page_shows_each_part(merged: Path) -> None:
    """A scenario of two parts has a section for each, and every number of the page is that of the part that it names."""
    page = Page((merged / "report.html").read_text())
    anchors = [found["id"] for _, found in page.elements if found.get("id")]
    assert len(anchors) == len(set(anchors))
    titles = [row[0] for row in page.rows if row and row[0].startswith(("overhead", "retries"))]
    assert {"overhead, library, part run", "overhead, library, part run-2"} <= {*titles}
    estimates = {
        "|".join(
            row[key] for key in ("scenario", "workload", "orchestrator", "tier", "profile", "deployment", "part", "metric")
        ): row
        for row in results_of(merged)["estimates"]
    }
    shown = [found for found, _ in page.numbers if found["data-of"] == "estimates" and found["data-field"] == "median"]
    assert {estimates[found["data-key"]]["part"] for found in shown} == {*PARTS.values()}
    for found in shown:
        assert float(found["value"]) == estimates[found["data-key"]]["median"]
    assert all(part in page.text for part in PARTS.values())


def test_show_names_the_parts(merged: Path, orchbench_here: Call) -> None:
    """In the head, and at the tables of a scenario that two parts have."""
    shown = orchbench_here("show", merged)
    assert shown.code == 0 and all(f"part {part}" in shown.out for part in PARTS.values())
    assert json.loads(orchbench_here("show", merged, "--json").out) == results_of(merged)


def test_parts_are_compared_with_the_parts_of_their_suite(merged: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """In any order, and with a run that is not merged; the names are those of the first run's parts."""
    other = tmp_path / "other"
    assert orchbench_here("merge", *(merged.parent / each for each in ("third", "first")), "--out", other).code == 0
    compared = json.loads(orchbench_here("compare", merged, other, "--json").out)
    assert {change["part"] for change in compared["changes"]} == {"run", "run-3"}
    assert {change["verdict"] for change in compared["changes"]} <= {"same", "too few starts"}
    alone = json.loads(orchbench_here("compare", merged, merged.parent / "second", "--json").out)
    assert {change["part"] for change in alone["changes"]} == {"run-2"}
    back = json.loads(orchbench_here("compare", merged.parent / "second", merged, "--json").out)
    assert back["changes"] and not any("part" in change for change in back["changes"])


def test_a_slower_part_is_a_regression(merged: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """It is found in the part that is slower, and in no other."""
    other = shutil.copytree(merged, tmp_path / "other")
    for log in other.glob("trials/2-*/events-*.jsonl"):
        events = [json.loads(line) for line in log.read_text().splitlines()]
        log.write_text("".join(json.dumps(each | {"t": each["t"] * 1000}) + "\n" for each in events))
    compared = json.loads(orchbench_here("compare", merged, other, "--json").out)
    assert {each["part"] for each in compared["changes"] if each["verdict"] == "worse"} == {"run-2"}


def test_each_part_must_be_comparable(merged: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """A part that was measured on another machine is named."""
    other = shutil.copytree(merged, tmp_path / "other")
    with edited(other / "run.json") as record:
        record["parts"][1]["host"]["cores"] += 1
    because = refusal(orchbench_here("compare", merged, other))
    assert "run-2" in because and "cores" in because


def test_a_trend_takes_each_part_as_a_run(merged: Path, orchbench_here: Call) -> None:
    """In the order in which the parts began."""
    trend = json.loads(orchbench_here("trend", merged, merged.parent / "first", "--json").out)
    assert sorted(run["id"] for run in trend["runs"]) == ["run", "run", "run-2", "run-3"]
    numbers = [each for each in trend["numbers"] if each["scenario"] == "overhead"]
    assert numbers and all(len(each["points"]) == 3 for each in numbers)


def test_mlflow_has_a_child_for_each_part(merged: Path, tmp_path: Path) -> None:
    """With the part, the suite and the seed of it."""
    copy = shutil.copytree(merged, tmp_path / "copy")
    assert call(ORCHBENCH, "track", copy, cwd=tmp_path, MLFLOW_TRACKING_URI="").code == 0
    (parent,), children = logged(store_of(copy))
    seeds = {part["id"]: str(part["seed"]) for part in record_of(copy)["parts"]}
    assert {(child.data.params["part"], child.data.params["seed"]) for child in children} == {*seeds.items()}
    names = [child.info.run_name for child in children]
    assert len(names) == len(set(names))
    assert [each.path for each in client_of(store_of(copy)).list_artifacts(parent.info.run_id)]


def test_it_is_not_resumed(merged: Path, orchbench: Call) -> None:
    """A run of one part is."""
    refusal(orchbench("run", "--resume", merged))
