"""The pipeline `cached`: what is made again, and what is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Perform

from churn_dagster.adapter.library import ExecuteJob, InProcess
from churn_dagster.adapter.service import Multiprocess
from contract.adapter import Setup, State, Unsupported
from contract.editions import FIRST
from contract.pipeline import Pipeline

ONCE = {"begin": 1, "compute": 1, "use": 1}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of the engines of this module, one after another."""
    return tmp_path_factory.mktemp("cached")


def begin(home: Path) -> InProcess:
    """Start an engine on the home, be it empty or not."""
    engine = InProcess()
    engine.start(Setup("library", "in_process", "stock", 2, home))
    engine.deploy_pipelines(["cached"])
    return engine


@pytest.fixture(scope="module")
def keeping(home: Path) -> Iterator[InProcess]:
    """An engine of which every test asks for values that no other one has asked for."""
    engine = begin(home)
    yield engine
    engine.stop()


def test_what_is_up_to_date_is_not_made_again(keeping: InProcess, perform: Perform) -> None:
    """The second time no body runs, the run has succeeded, and Dagster calls every asset fresh."""
    cold = perform(keeping, "cached", {"value": 10})
    assert (cold.state, cold.started, cold.says["use"]) == (State.SUCCEEDED, ONCE, "10/1/1")
    assert (cold.reported.attempts, cold.reported.cached) == (ONCE, ())
    warm = perform(keeping, "cached", {"value": 10})
    assert (warm.state, warm.started) == (State.SUCCEEDED, {})
    assert (warm.reported.attempts, set(warm.reported.cached)) == ({}, set(ONCE))


def test_a_new_engine_knows_what_the_one_before_has_made(home: Path, keeping: InProcess, perform: Perform) -> None:
    """What was made is still up to date after a start on the same home, and what is asked for anew is made."""
    perform(keeping, "cached", {"value": 20})
    other = begin(home)
    try:
        assert perform(other, "cached", {"value": 20}).started == {}
        assert perform(other, "cached", {"value": 21}).says["use"] == "21/1/1"
    finally:
        other.stop()


def test_another_value_makes_everything_anew(keeping: InProcess, perform: Perform) -> None:
    """Only the latest result is kept: a value that comes back is made again."""
    results = [perform(keeping, "cached", {"value": value}) for value in (30, 31, 30)]
    assert [result.started for result in results] == [ONCE] * 3
    assert [result.says["use"] for result in results] == ["30/1/1", "31/1/1", "30/1/1"]


def test_an_edited_body_is_made_anew_and_an_edited_helper_is_not_seen(keeping: InProcess, perform: Perform) -> None:
    """The author's code version follows the body, and from the asset on all is made; a helper has no code version."""
    perform(keeping, "cached", {"value": 40})
    try:
        keeping.edit({"body": 2})
        edited = perform(keeping, "cached", {"value": 40})
        assert (edited.started, edited.says["use"]) == ({"compute": 1, "use": 1}, "40/1/2")
        assert edited.reported.cached == ("begin",)
        keeping.edit({"body": 2, "helper": 2})
        assert perform(keeping, "cached", {"value": 40}).started == {}
    finally:
        keeping.edit({})


def test_the_hash_of_the_file_as_version_sees_an_edited_helper(keeping: InProcess, perform: Perform) -> None:
    """Nobody raises a version: the same file is up to date, and an edit anywhere in it is not."""
    by_file = {"value": 45, "by_file": True}
    assert [perform(keeping, "cached", by_file).started for _ in range(2)] == [ONCE, {}]
    try:
        keeping.edit({"helper": 2})
        edited = perform(keeping, "cached", by_file)
        assert (edited.started, edited.says["use"]) == ({"compute": 1, "use": 1}, "45/2/1")
    finally:
        keeping.edit({})


def test_what_has_failed_is_made_the_next_time(keeping: InProcess, perform: Perform) -> None:
    """After a failure of `compute`, `begin` is up to date, and the other two are made."""
    failed = perform(keeping, "cached", {"value": 50}, {"compute": 1})
    assert (failed.state, failed.started) == (State.FAILED, {"begin": 1, "compute": 1})
    again = perform(keeping, "cached", {"value": 50})
    assert (again.state, again.started) == (State.SUCCEEDED, {"compute": 1, "use": 1})


@pytest.mark.parametrize("spoil", ["delete", "corrupt"])
def test_dagster_does_not_look_at_what_it_has_kept(keeping: InProcess, perform: Perform, spoil: str) -> None:
    """A spoilt file is not noticed while all is up to date, and fails what needs it later, until all is made anew."""
    perform(keeping, "cached", {"value": 70})
    [kept] = (file for file in keeping.kept_files() if file.name == "computed")
    kept.unlink() if spoil == "delete" else kept.write_bytes(b"\0 this is not a result")
    spoilt = perform(keeping, "cached", {"value": 70})
    assert (spoilt.state, spoilt.started) == (State.SUCCEEDED, {})
    assert perform(keeping, "cached", {"value": 71}).started == ONCE
    assert kept.stat().st_size > 100_000


def test_what_is_not_there_is_said(keeping: InProcess) -> None:
    """Nothing expires, two runs do not fit into a process, and values of separate processes are stored."""
    with pytest.raises(Unsupported, match="60 s"):
        keeping.edit({**FIRST, "KEPT_S": 1})
    cached = Pipeline("cached", "cached")
    assert "one process" in keeping.unsupported(cached, runs_at_once=2)
    assert keeping.unsupported(cached) == ""
    assert "hash" in keeping.unsupported(Pipeline("unhashable", "cached", {"unhashable": True}))
    by_value = Pipeline("by_value", "passing", {"way": "value"})
    assert keeping.unsupported(by_value) == ""
    for engine in (ExecuteJob(), Multiprocess()):
        assert "must be stored" in engine.unsupported(by_value)
    assert Multiprocess().unsupported(cached, runs_at_once=2) == ""


def test_the_service_tier_launches_what_is_stale(tmp_path: Path, perform: Perform) -> None:
    """With servers, too, all is made, and then nothing is launched: the run has succeeded at once."""
    home = tmp_path / "home"
    home.mkdir()
    engine = Multiprocess()
    try:
        engine.start(Setup("service", "multiprocess", "tuned", 2, home))
        engine.deploy_pipelines(["cached"])
        cold = perform(engine, "cached", {})
        assert (cold.state, cold.started, cold.reported.attempts) == (State.SUCCEEDED, ONCE, ONCE)
        assert [file.name for file in engine.kept_files()] == ["computed"]
        warm = perform(engine, "cached", {})
        assert (warm.state, warm.started, set(warm.reported.cached)) == (State.SUCCEEDED, {}, set(ONCE))
        by_file = {"value": 2, "by_file": True}
        assert [perform(engine, "cached", by_file).started for _ in range(2)] == [ONCE, {}]
    finally:
        engine.stop()
