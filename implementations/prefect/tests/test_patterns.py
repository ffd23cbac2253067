"""The small pipelines and the deployments that show a pattern each, against a real API server."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import run, watched

from churn_prefect.adapter.library import FlowCall
from contract import steps
from contract.adapter import State
from contract.editions import FIRST
from contract.events import Trial
from contract.pipeline import STEPS
from contract.workload import Node, Workload
from contract_testing import events_of, webhook

Computed = Callable[..., int]


@pytest.fixture
def computed(engine: FlowCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Computed:
    """Run the pipeline `cached`, and return how often its step was computed; Prefect must say the same of it."""
    number = iter(range(99))

    def run_it(**parameters: Any) -> int:
        folder = tmp_path / f"cached-{next(number)}"
        events = watched(folder, monkeypatch)
        submitted = engine.submit_pipeline("cached", parameters, Trial(folder.name, str(folder)))
        assert engine.wait(submitted, lambda: False, 60) is State.SUCCEEDED
        finished = Counter(event["node"] for event in events() if event["kind"] == "finished")
        assert (finished["begin"], finished["use"]) == (1, 1)
        assert engine.reported(submitted).cached == (() if finished["compute"] else ("compute",))
        return finished["compute"]

    return run_it


def test_a_result_is_kept_until_something_changes(engine: FlowCall, computed: Computed) -> None:
    """Unchanged inputs and source are a hit; another value and another body are none, a changed helper is one."""
    assert [computed(value=5), computed(value=5), computed(value=6)] == [1, 0, 1]
    engine.edit({**FIRST, "body": 2})
    assert computed(value=5) == 1
    engine.edit({**FIRST, "body": 2, "helper": 2})
    assert computed(value=5) == 0, "Prefect sees a task's own lines only: if it saw the helper, that would be news"
    engine.edit(FIRST)
    assert computed(value=5) == 0


def test_a_key_over_the_file_sees_an_edited_helper(engine: FlowCall, computed: Computed) -> None:
    """The same file is a hit, and an edit anywhere in it is none; the way back is a hit again."""
    engine.edit(FIRST)
    assert [computed(value=10, by_file=True) for _ in range(2)] == [1, 0]
    engine.edit({**FIRST, "helper": 2})
    assert computed(value=10, by_file=True) == 1
    engine.edit(FIRST)
    assert computed(value=10, by_file=True) == 0


def test_an_old_or_spoiled_result_is_made_anew(engine: FlowCall, computed: Computed) -> None:
    """A result that is expired, corrupted or deleted is computed again, and kept again."""
    engine.edit({**FIRST, "KEPT_S": 1})
    assert computed(value=7) == 1
    engine.edit(FIRST)
    time.sleep(1)
    assert computed(value=7) == 1
    for file in engine.kept_files():
        file.write_bytes(b"\0 this is not a result")
    assert computed(value=7) == 1
    for file in engine.kept_files():
        file.unlink()
    assert [computed(value=7), computed(value=7)] == [1, 0]


@pytest.mark.parametrize("by_file", [False, True])
def test_two_runs_at_once_compute_once(
    engine: FlowCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_file: bool
) -> None:
    """The second waits for the lock of the first, and takes its result, whatever the key is made of."""
    engine.edit(FIRST)
    events = watched(tmp_path / "at_once", monkeypatch)
    steps.announce(tmp_path / "at_once" / "current.json", Trial("at_once", str(tmp_path / "at_once")), {}, {"begin": 2})
    parameters = {"value": 11, "by_file": by_file}
    submitted = [engine.submit_pipeline("cached", parameters, Trial("at_once", "")) for _ in range(2)]
    assert [engine.wait(run, lambda: False, 60) for run in submitted] == [State.SUCCEEDED] * 2
    assert Counter(event["node"] for event in events() if event["kind"] == "finished") == {
        "begin": 2,
        "compute": 1,
        "use": 2,
    }


def test_what_has_no_hash_is_never_kept(computed: Computed) -> None:
    """A lock among the inputs costs the cache, and not the run."""
    assert [computed(value=8, unhashable=True), computed(value=8, unhashable=True)] == [1, 1]


def test_a_new_process_finds_the_result(
    engine: FlowCall, computed: Computed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the cache is in memory."""
    engine.edit(FIRST)
    assert computed(value=9) == 1
    events = watched(tmp_path / "process", monkeypatch)
    script = "from prefect.flows import load_flow_from_entrypoint as load; import sys; load(sys.argv[1])({'value': 9})"
    entrypoint = f"{Path(os.environ['PREFECT_HOME']).parent}/caching.py:cached"
    subprocess.run([sys.executable, "-c", script, entrypoint], check=True, capture_output=True, timeout=60)
    assert [event["node"] for event in events() if event["kind"] == "finished"] == ["begin", "use"]


@pytest.mark.parametrize("way", ["value", "store", "file"])
def test_a_frame_arrives_as_it_was_made(
    engine: FlowCall, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """What is taken has the checksum of what was made, and no frame stays behind."""
    before = set(engine.kept_files())
    events = watched(tmp_path / way, monkeypatch)
    assert run(engine, "passing", {"size": 100_000, "way": way}, way) is State.SUCCEEDED
    said = [(event["node"], event["data"]["token"]) for event in events() if event["kind"] == "finished"]
    assert [node for node, _ in said] == ["make", "take"]
    assert said[0][1] == said[1][1]
    assert (set(engine.kept_files()) - before, [file for file in home.rglob("*") if file.is_file()]) == (set(), [])


@pytest.mark.parametrize("failing", ["make", "take"])
def test_a_stored_frame_is_deleted_after_a_failure_too(
    engine: FlowCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """Whether the frame was stored before the task failed or not, none stays, and to look for one is no other error."""
    watched(tmp_path / failing, monkeypatch, **{failing: 1})
    submitted = engine.submit_pipeline("passing", {"size": 100_000, "way": "store"}, Trial(failing, ""))
    assert engine.wait(submitted, lambda: False, 60) is State.FAILED
    ended = engine._engine.client.read_flow_run(engine._flow_runs[submitted][0])  # noqa: SLF001
    assert ended.state is not None and "FileNotFoundError" not in str(ended.state.message)
    assert [file.name for file in engine.kept_files() if file.name.startswith("frame-")] == []


def test_frames_are_looked_for_where_the_results_are(
    engine: FlowCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A block that is the default of all results has another folder, from which the frame is read and deleted."""
    from prefect.filesystems import LocalFileSystem
    from prefect.settings import PREFECT_RESULTS_DEFAULT_STORAGE_BLOCK, temporary_settings

    LocalFileSystem(basepath=str(tmp_path / "block")).save("elsewhere")
    events = watched(tmp_path / "events", monkeypatch)
    with temporary_settings({PREFECT_RESULTS_DEFAULT_STORAGE_BLOCK: "local-file-system/elsewhere"}):
        engine._pipelines["passing"](parameters={"size": 100_000, "way": "store"})  # noqa: SLF001
    said = [event["data"]["token"] for event in events() if event["kind"] == "finished"]
    assert len(said) == 2 and said[0] == said[1]
    assert [file.name for file in (tmp_path / "block").iterdir() if file.name.startswith("frame-")] == []


def test_the_whole_training_starts_again_from_its_first_step(
    engine: FlowCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in the last step of the one task costs all steps a second time; Prefect reports two attempts."""
    events = watched(tmp_path / "whole", monkeypatch, register=1)
    parameters = {"rows": 400, "n_estimators": 10, "tracking": "files"}
    submitted = engine.submit_pipeline("train_whole", parameters, Trial("whole", ""))
    assert engine.wait(submitted, lambda: False, 60) is State.SUCCEEDED
    assert Counter(event["node"] for event in events() if event["kind"] == "started") == dict.fromkeys(STEPS["train"], 2)
    assert engine.reported(submitted).attempts == {"train": 2}


def test_a_whole_training_that_fails_is_tried_three_times_and_told(
    engine: FlowCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More faults than retries end the run as failed, and the webhook gets one message."""
    events = watched(tmp_path / "whole", monkeypatch, load=9)
    with webhook("/services/hook") as (url, posted):
        parameters = {"rows": 400, "tracking": "files", "webhook": url}
        assert run(engine, "train_whole", parameters, "whole-failed") is State.FAILED
    assert Counter(event["node"] for event in events() if event["kind"] == "started") == {"load": 3}
    [message] = posted
    assert "train_whole failed on Prefect" in message["text"]


PAIR = Workload("pair", tuple(Node(name, "sleep", params={"seconds": 0.5}) for name in ("left", "right")))


def test_called_tasks_run_one_after_another(other: Callable[[str], FlowCall], tmp_path: Path) -> None:
    """Two nodes that could run at once do not, and both are in this process."""
    events = run_workload(other("calls"), PAIR, tmp_path / "calls")
    assert [event["kind"] for event in events] == ["started", "finished"] * 2
    assert {event["pid"] for event in events} == {os.getpid()}


def test_a_process_pool_runs_tasks_in_other_processes(
    other: Callable[[str], FlowCall], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two nodes run in processes of their own, none of them this one, and so do the steps that pass a frame."""
    pool = other("process_pool")
    processes = {event["pid"] for event in run_workload(pool, PAIR, tmp_path / "pool")}
    assert (len(processes), os.getpid() in processes) == (2, False)

    pool.deploy_pipelines(["passing"])
    events = watched(tmp_path / "passing", monkeypatch)
    assert run(pool, "passing", {"size": 100_000, "way": "value"}, "passing") is State.SUCCEEDED
    said = [event["data"]["token"] for event in events() if event["kind"] == "finished"]
    assert (len(said), len(set(said))) == (2, 1)
    assert os.getpid() not in {event["pid"] for event in events()}


@pytest.mark.parametrize("group", ["", "inner"])
def test_a_chain_goes_through_the_process_pool(other: Callable[[str], FlowCall], tmp_path: Path, group: str) -> None:
    """Its tasks run one after another, and none in the process of the flow, nor of a subflow."""
    nodes = (Node("a"), Node("b", after=("a",), group=group), Node("c", after=("b",)))
    events = run_workload(other("process_pool"), Workload(f"chain_{group}", nodes), tmp_path / "chain")
    assert [(event["node"], event["kind"]) for event in events] == [(n, k) for n in "abc" for k in ("started", "finished")]
    assert os.getpid() not in {event["pid"] for event in events}


def test_a_process_pool_trains_the_models_elsewhere(
    other: Callable[[str], FlowCall], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The three models, which are submitted, are trained in other processes; what is called stays in this one."""
    pool = other("process_pool")
    pool.deploy_pipelines(["train"])
    events = watched(tmp_path / "training", monkeypatch)
    parameters = {"rows": 400, "n_estimators": 10, "tracking": "files"}
    assert run(pool, "train", parameters, "training") is State.SUCCEEDED
    here = {event["node"] for event in events() if event["pid"] == os.getpid()}
    assert {event["node"] for event in events()} - here == {node for node in STEPS["train"] if node.startswith("train_")}


def run_workload(engine: FlowCall, workload: Workload, folder: Path) -> list[Any]:
    """Run the workload, and return the events of its bodies."""
    folder.mkdir()
    os.environ.pop(steps.VARIABLE, None)
    engine.deploy([workload])
    submitted = engine.submit(workload.name, Trial(workload.name, str(folder)))
    assert engine.wait(submitted, lambda: False, 60) is State.SUCCEEDED
    return events_of(folder)
