"""A frame between two assets, the training as one asset, and jobs whose steps are processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Perform

from churn.patterns import checksum, frame
from churn_dagster.adapter.library import ExecuteJob, InProcess
from contract.adapter import Setup, State
from contract.events import Trial
from contract.pipeline import STEPS
from contract.workload import Fault, Node, Retry, Workload
from contract_testing import events_of

SIZE = 100_000


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExecuteJob]:
    """Jobs whose steps this process starts a process for."""
    home = tmp_path_factory.mktemp("processes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home))
        engine = ExecuteJob()
        engine.start(Setup("library", "execute_job", "stock", 2, home))
        yield engine
        engine.stop()


@pytest.mark.parametrize("way", ["value", "store", "file"])
def test_the_frame_that_is_made_is_taken(engine: InProcess, perform: Perform, way: str) -> None:
    """In each way the taker gets the numbers that were made; a Parquet file is gone afterwards, and a value in no file."""
    run = perform(engine, "passing", {"size": SIZE, "way": way})
    assert (run.state, run.reported.attempts) == (State.SUCCEEDED, {"make": 1, "take": 1})
    assert run.says == dict.fromkeys(("make", "take"), checksum(frame(SIZE)))
    assert list(Path(os.environ["CHURN_HOME"]).rglob("*.parquet")) == []


def test_a_wrong_way_is_refused(engine: InProcess) -> None:
    """A way that is none never becomes a run."""
    with pytest.raises(Exception, match="pigeon"):
        engine.submit_pipeline("passing", {"way": "pigeon"}, Trial("wrong", ""))


def test_a_fault_in_the_one_asset_runs_every_step_twice(engine: InProcess, perform: Perform) -> None:
    """The training as one asset begins again with its first step, of which Dagster knows nothing."""
    parameters = {"rows": 400, "n_estimators": 5, "tracking": "files"}
    run = perform(engine, "train_whole", parameters, {"register": 1})
    assert (run.state, run.started) == (State.SUCCEEDED, dict.fromkeys(STEPS["train_whole"], 2))
    assert run.reported.attempts == {"train_whole": 2}


def test_steps_in_processes_run_at_once_and_are_retried(processes: ExecuteJob, tmp_path: Path) -> None:
    """Two sleeping nodes overlap in processes of their own; a third one, in a group, runs again in another process."""
    sleepers = tuple(Node(f"sleep{i}", "sleep", (), {"seconds": 3}) for i in range(2))
    last = Node("last", after=("sleep0", "sleep1"), retry=Retry(1, delays_s=(0.1,)), fault=Fault(1), group="group")
    processes.deploy([Workload("at_once", (*sleepers, last))])
    run = processes.submit("at_once", Trial("run", str(tmp_path)))
    assert processes.wait(run, lambda: True, 120) is State.SUCCEEDED
    events = events_of(tmp_path)
    assert [event["kind"] for event in events[:2]] == ["started", "started"]
    assert [event["kind"] for event in events if event["node"] == "last"] == ["started", "failed", "started", "finished"]
    assert len({event["pid"] for event in events} - {os.getpid()}) == 4
    reported = processes.reported(run)
    assert reported.attempts == {"sleep0": 1, "sleep1": 1, "last": 2}
    assert reported.submitted


def test_a_frame_goes_from_process_to_process(processes: ExecuteJob, perform: Perform) -> None:
    """The IO manager's file is what two processes have in common."""
    processes.deploy_pipelines(["passing"])
    run = perform(processes, "passing", {"size": SIZE, "way": "store"})
    assert (run.state, run.reported.attempts) == (State.SUCCEEDED, {"make": 1, "take": 1})
    assert run.says == dict.fromkeys(("make", "take"), checksum(frame(SIZE)))
