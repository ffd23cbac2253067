"""Re-runs of one commit: how far they lie apart is the floor below which nothing is called a difference."""

from __future__ import annotations

import json
import math
import shutil
import statistics
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from conftest import Call, refusal
from small_runs import block, edited, events_of, finished_run, record_of, stretch, suite_of

from bench.base.stats.quantity import student
from bench.derive import floor

SUITE = suite_of(
    block("overhead", rounds=1, repeat=1, reference_starts=4, control=["plain"], options={"sizes": {"chain": [1, 20]}})
)

pytestmark = pytest.mark.xdist_group("spread")  # the run is made once

TIMES_MS = {"one": 20.0, "two": 24.0, "three": 16.0, "four": 20.0}

VARIANCE = statistics.variance(map(math.log, TIMES_MS.values()))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Copies of a run, in which a chain of twenty takes another time each, and the starts of one lie close together."""
    folder = tmp_path_factory.mktemp("spread")
    finished = finished_run(folder, SUITE)
    with edited(finished / "run.json") as record:
        record["git"] = {"id": "0" * 40, "dirty": False}
    return {name: timed(finished, folder / name, wanted) for name, wanted in TIMES_MS.items()}


def timed(run: Path, target: Path, wanted_ms: float) -> Path:
    """Copy a run, and let its chains take that long from the first task to the last, give or take 1 %."""
    shutil.copytree(run, target)
    with edited(target / "run.json") as record:
        record["id"] = target.name
    for number, trial in enumerate(sorted(target.glob("trials/*-chain_20"))):
        logs = list(trial.glob("events*.jsonl"))
        events = [event for log in logs for event in events_of(log)]
        began = min(event["t"] for event in events if event["kind"] == "started")
        ended = max(event["t"] for event in events if event["kind"] == "finished")
        factor = wanted_ms * 1e6 / (ended - began) * (0.99 + 0.005 * (number % 5))
        for log in logs:
            stretch(log, began, factor)
    return target


def floors_of(told: dict[str, Any]) -> dict[str, float]:
    """Return the floor of each metric, of plain Python at the library tier."""
    assert {(each["orchestrator"], each["tier"]) for each in told["floors"]} == {("plain", "library")}
    return {each["metric"]: each["floor"] for each in told["floors"]}


def test_runs_that_lie_apart_have_a_wide_floor(runs: dict[str, Path], orchbench: Call) -> None:
    """Of runs 20 % apart each number is told apart from itself, and the floor of the metric says what a re-run may do."""
    told = json.loads(orchbench("spread", *runs.values(), "--json").out)
    assert floors_of(told)["first_to_last_s"] == pytest.approx(
        math.exp(student(0.95, 3) * math.sqrt(2 * VARIANCE)) - 1, 0.03
    )
    assert 0 < told["told"]["by_interval"] <= told["told"]["compared"]


def test_a_metric_that_repeats_has_a_floor_of_its_own(runs: dict[str, Path], orchbench: Call, tmp_path: Path) -> None:
    """A lag that scatters from run to run hides no change of what a task costs."""
    late = [shutil.copytree(runs["one"], tmp_path / name) for name in ("a", "b", "c", "d")]
    for number, run in enumerate(late):
        end_later(run, 1 + number)
    floors = floors_of(json.loads(orchbench("spread", *late, "--json").out))
    assert floors["finish_lag_s"] > 1
    assert floors["first_to_last_s"] == pytest.approx(0, abs=1e-9)


def end_later(run: Path, seconds: float) -> None:
    """Let each run of the folder have ended that much later than it did."""
    for log in run.glob("trials/*/events*.jsonl"):
        events = events_of(log)
        late = [event | {"t": event["t"] + int(seconds * 1e9)} if event["kind"] == "settled" else event for event in events]
        log.write_text("".join(json.dumps(event, separators=(",", ":")) + "\n" for event in late))


def test_runs_that_agree_have_a_narrow_floor(runs: dict[str, Path], orchbench: Call, tmp_path: Path) -> None:
    """Of three copies of one run nothing is told apart, and the floor is none; a fourth can be held out."""
    copies = [shutil.copytree(runs["one"], tmp_path / name) for name in ("a", "b", "c", "d")]
    for some, is_held_out in ((copies[:3], False), (copies, True)):
        told = json.loads(orchbench("spread", *some, "--json").out)
        found = told["told"]
        assert (found["by_interval"], found["beyond"], found["beyond_held_out"]) == (0, 0, 0)
        assert bool(found["compared_held_out"]) == is_held_out
        assert list(floors_of(told).values()) == [pytest.approx(0, abs=1e-9)] * len(told["floors"])


def test_a_run_that_is_like_no_other_is_told_apart_by_the_others(
    runs: dict[str, Path], orchbench: Call, tmp_path: Path
) -> None:
    """Its own spread would hide it in the floor that it is part of; held out, it lies beyond that of the others."""
    alike = [shutil.copytree(runs["one"], tmp_path / name) for name in ("a", "b", "c")]
    found = json.loads(orchbench("spread", *alike, runs["two"], "--json").out)["told"]
    assert found["beyond"] == 0 < found["beyond_held_out"]


def test_a_floor_that_was_written_is_what_derivation_takes(
    runs: dict[str, Path], orchbench: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file names the runs, the commit, the machine and the day; nobody knows a floor of another tool."""
    file = tmp_path / "floor.toml"
    assert orchbench("spread", *runs.values(), "--out", file).code == 0
    assert all(name in file.read_text() for name in (*runs, "0" * 40))
    written = tomllib.loads(file.read_text())
    record = record_of(runs["one"])
    assert (written["measured"]["cpu"], written["measured"]["cores"]) == (record["host"]["cpu"], record["host"]["cores"])
    assert written["measured"]["began"] == [record["segments"][0]["began"]] * len(runs)
    kept = written["numbers"]
    assert {len(each["values"]) for each in kept} == {len(runs)} and len({tuple(each["values"]) for each in kept}) > 1
    monkeypatch.setattr(floor, "FILE", file)
    found = {each["metric"]: each["floor"] for each in written["floors"]}
    assert floor.between_runs("library", "first_to_last_s", "plain", "prefect") == found["first_to_last_s"] > 0.5
    assert floor.between_runs("service", "first_to_last_s", "plain") is None
    assert record["host"]["cpu"] in str(floor.measured_on())


def test_a_metric_without_re_runs_has_the_largest_floor_of_the_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And of two tools the larger floor counts, whichever of them nobody has measured twice."""
    rows = [
        ("a", "service", "per_task_ms", 0.02),
        ("a", "service", "finish_lag_s", 0.4),
        ("b", "service", "per_task_ms", 0.1),
    ]
    keys = ("orchestrator", "tier", "metric", "floor")
    tables = [
        "[[floors]]\n" + "".join(f"{key} = {json.dumps(each)}\n" for key, each in zip(keys, row, strict=True))
        for row in rows
    ]
    (tmp_path / "floor.toml").write_text("".join(tables))
    monkeypatch.setattr(floor, "FILE", tmp_path / "floor.toml")
    assert floor.between_runs("service", "per_task_ms", "a") == 0.02
    assert floor.between_runs("service", "per_task_ms", "a", "b") == 0.1
    assert floor.between_runs("service", "transition_ms", "a", "b") == 0.4
    assert floor.between_runs("service", "makespan_s", "a", "b") == 0.4
    assert floor.between_runs("service", "per_task_ms", "c") is None
    assert floor.measured_on() is None


def test_the_repository_keeps_the_floors() -> None:
    """A checkout has the file, with a floor for each tool and the machine that it was measured on."""
    known = tomllib.loads(floor.FILE.read_text())
    assert {each["orchestrator"] for each in known["floors"]} == {"airflow", "dagster", "prefect", "plain"}
    assert all(each["floor"] > 0 for each in known["floors"]) and known["measured"]["cpu"] and known["measured"]["began"]
    if git := shutil.which("git"):
        root = floor.FILE.parents[1]
        listed = subprocess.run(
            [git, "ls-files", "reports/floor.toml"], cwd=root, capture_output=True, text=True, check=False
        )
        if listed.returncode == 0:  # else the checkout is a copy without its history
            assert listed.stdout.split() == ["reports/floor.toml"]


def test_what_is_no_re_run_is_refused(runs: dict[str, Path], orchbench: Call, tmp_path: Path) -> None:
    """Two runs alone, another commit, a tree with changes, another machine: in one line each."""
    assert "3 or more" in refusal(orchbench("spread", runs["one"], runs["two"]))
    for key, value in (("git", {"id": "1" * 40, "dirty": False}), ("git", {"id": "0" * 40, "dirty": True}), ("width", 3)):
        other = shutil.copytree(runs["three"], tmp_path / f"other-{key}-{str(value)[:9]}")
        with edited(other / "run.json") as record:
            record[key] = value
        done = orchbench("spread", runs["one"], runs["two"], other)
        assert other.name in refusal(done)
        shutil.rmtree(other)
