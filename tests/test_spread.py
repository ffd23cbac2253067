"""Re-runs of one commit: how far they lie apart is the floor below which nothing is called a difference."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from conftest import Call, refusal
from small_runs import block, edited, events_of, finished_run, stretch, suite_of

from bench.derive import floor

SUITE = suite_of(
    block("overhead", rounds=1, repeat=1, reference_starts=4, control=["plain"], options={"sizes": {"chain": [1, 20]}})
)

pytestmark = pytest.mark.xdist_group("spread")  # the run is made once

TIMES_MS = {"one": 20.0, "two": 24.0, "three": 16.0, "four": 20.0}


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


def test_runs_that_lie_apart_have_a_wide_floor(runs: dict[str, Path], orchbench: Call) -> None:
    """Of runs 20 % apart each number is told apart from itself, and the floor says what a re-run may do."""
    told = json.loads(orchbench("spread", *runs.values(), "--json").out)
    (plain,) = [each for each in told["floors"] if each["tier"] == "library"]
    assert plain["orchestrator"] == "plain" and plain["floor"] > 0.5
    assert 0 < told["told_apart"] <= told["compared"]


def test_runs_that_agree_have_a_narrow_floor(runs: dict[str, Path], orchbench: Call, tmp_path: Path) -> None:
    """Of three copies of one run nothing is told apart, and the floor is none."""
    copies = [shutil.copytree(runs["one"], tmp_path / name) for name in ("a", "b", "c")]
    told = json.loads(orchbench("spread", *copies, "--json").out)
    assert told["told_apart"] == 0
    assert [each["floor"] for each in told["floors"]] == [pytest.approx(0, abs=1e-9)]


def test_a_floor_that_was_written_is_what_derivation_takes(
    runs: dict[str, Path], orchbench: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file names the runs and the commit; nobody knows a floor of another tool."""
    file = tmp_path / "floor.toml"
    assert orchbench("spread", *runs.values(), "--out", file).code == 0
    assert all(name in file.read_text() for name in (*runs, "0" * 9))
    kept = tomllib.loads(file.read_text())["numbers"]
    assert {len(each["values"]) for each in kept} == {len(runs)} and len({tuple(each["values"]) for each in kept}) > 1
    monkeypatch.setattr(floor, "FILE", file)
    found = floor.between_runs("library", "plain", "prefect")
    assert found is not None and found > 0.5
    assert floor.between_runs("service", "plain") is None


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
