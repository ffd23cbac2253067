"""The churn pipelines and object storage on Airflow's own servers: what only they do, `dag.test()` cannot show."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from conftest import LIMIT_S, Engine

from churn_airflow.adapter import settings
from churn_airflow.adapter.service import LocalExecutor, LocalExecutorObjects, LocalExecutorTaskFlow
from contract.adapter import Setting, State
from contract.events import Trial
from contract.pipeline import STEPS
from contract.workload import Node, Workload
from contract_testing import events_of

SMALL = {"rows": 400, "tracking": "files"}
TRAINING = SMALL | {"n_estimators": 5, "min_roc_auc": 0.5}

SECOND = timedelta(seconds=1)

LOOPS_S = 5.0
"""Several of the scheduler's loops, each of which would start a run that is due."""


class Clearable(LocalExecutorTaskFlow):
    """Runs a task of the last run again, as a user does in the UI."""

    def submit_pipeline(self, pipeline: str, parameters: Mapping[str, Any], trial: Trial) -> str:
        self.last = super().submit_pipeline(pipeline, parameters, trial)
        return self.last

    def clear(self, task: str) -> State:
        """Clear the task, and wait until the run is over again."""
        dag, _, run = self.last.rpartition("/dagRuns/")
        cleared = {"dag_run_id": run, "task_ids": [task], "only_failed": False, "dry_run": False}
        self._call("POST", f"{dag}/clearTaskInstances", cleared)
        return self.wait(self.last, lambda: False, LIMIT_S)


@contextmanager
def up(adapter: type[LocalExecutor], folder: Path, *pipelines: str) -> Iterator[Engine]:
    """Start an engine, and deploy pipelines."""
    engine = Engine(folder)
    try:
        engine.up(adapter, "service").adapter.deploy_pipelines(pipelines)
        yield engine
    finally:
        engine.down()


def steps_of_last(engine: Engine) -> set[str]:
    """Return the steps that have begun in the last trial."""
    last = max(engine.folder.glob("trial*"))
    return {event["node"] for event in events_of(last)}


def most_at_once(events: list[dict[str, Any]]) -> int:
    """Return how many bodies ran at one moment."""
    changes = {"started": 1, "finished": -1}
    times = sorted((event["t"], changes[event["kind"]]) for event in events if event["kind"] in changes)
    return max(accumulate(change for _, change in times))


def eventually(happens: Callable[[], bool], limit_s: float) -> bool:
    """Wait until something is so, and say whether it is."""
    deadline = time.monotonic() + limit_s
    while not happens() and time.monotonic() < deadline:
        time.sleep(0.2)
    return happens()


def test_taskflow_pipelines_run_when_they_are_asked_to_and_only_then(tmp_path: Path) -> None:
    """The training makes every step once, and starts no inference, although it renews the asset of one; then one is run.

    Its last step can run again, although its frames are gone by then.
    """
    with up(Clearable, tmp_path, "train", "infer") as engine:
        trained = engine.run_pipeline("train", **TRAINING)
        assert (trained.state, trained.tries) == (State.SUCCEEDED, dict.fromkeys(STEPS["train"], 1))
        assert not eventually(lambda: steps_of_last(engine) != set(STEPS["train"]), LOOPS_S)
        inferred = engine.run_pipeline("infer", **SMALL)
        assert (inferred.state, inferred.tries) == (State.SUCCEEDED, dict.fromkeys(STEPS["infer"], 1))
        assert engine.adapter.clear("save") is State.SUCCEEDED
        assert engine.adapter.reported(engine.adapter.last).attempts["save"] == 2
    assert not list(tmp_path.glob("churn/frames/*"))


@pytest.mark.slow(reason="it starts Airflow's servers to see when they take up a run")
def test_a_run_is_taken_up_after_the_next_whole_second(tmp_path: Path) -> None:
    """As the folder declares it (`polls_grain_s`): SQLite's clock does not tell before that a run is due."""
    one = Workload("one", (Node("a"),))
    with up(LocalExecutor, tmp_path) as engine:
        engine.deploy(one)
        for _ in range(6):
            engine.run(one)
        [file] = (tmp_path / "engine").rglob("airflow.db")
        with closing(sqlite3.connect(file)) as database:
            runs = database.execute("select run_after, start_date from dag_run where dag_id = 'one'").fetchall()
    asked, taken_up = zip(*[[datetime.fromisoformat(moment) for moment in run] for run in runs], strict=True)
    assert len(runs) == 6 and any(moment.microsecond for moment in asked)
    assert [
        moment for moment, began in zip(asked, taken_up, strict=True) if began < moment.replace(microsecond=0) + SECOND
    ] == []


@pytest.mark.slow(reason="it starts Airflow's servers to see two runs at once")
def test_the_width_limits_each_run_and_not_all_runs_together(tmp_path: Path) -> None:
    """Of two runs at once, each has two bodies at a time, as in the other tools."""
    wide = Workload("wide", tuple(Node(f"n{i}", "sleep", (), {"seconds": 2.0}) for i in range(4)))
    with up(LocalExecutor, tmp_path) as engine:
        engine.deploy(wide)
        first, second = engine.run_at_once(wide, 2)
    assert [first.state, second.state] == [State.SUCCEEDED] * 2
    assert [most_at_once(first.events), most_at_once(second.events)] == [2, 2]
    assert most_at_once(first.events + second.events) > 2


@pytest.mark.slow(reason="it starts Airflow's servers to see what what the harness turns off")
def test_as_a_user_has_it_an_inference_follows_a_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Airflow's own schedule, which the harness turns off, the asset starts the inference, for the trained model."""

    def with_schedule(width: int) -> tuple[Setting, ...]:
        return tuple(each for each in changed(width) if "use_job_schedule" not in each.name)

    changed = settings.service
    monkeypatch.setattr(settings, "service", with_schedule)
    with up(LocalExecutor, tmp_path, "train", "infer") as engine:
        assert engine.run_pipeline("train", **TRAINING, model="other").state is State.SUCCEEDED
        assert eventually((tmp_path / "churn" / "predictions" / "other.csv").exists, LIMIT_S)


@pytest.mark.slow(reason="it starts Airflow's servers for a deployment beside the usual ones")
def test_a_frame_goes_through_object_storage(tmp_path: Path) -> None:
    """What is taken is what was made; it was in a file of the storage, as large as the frame at least."""
    with up(LocalExecutorObjects, tmp_path, "passing") as engine:
        passed = engine.run_pipeline("passing", size=100_000, way="store")
    assert (passed.state, passed.said["make"]) == (State.SUCCEEDED, passed.said["take"])
    stored = [file for file in tmp_path.glob("engine/xcom/churn_passing/*/make/*") if file.is_file()]
    assert [file.stat().st_size > 100_000 for file in stored] == [True]
