"""A harness that is stopped, at any moment and by any signal, leaves no process and no broken trial, and can go on."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import ORCHBENCH, orchbench_in, processes_of
from small_runs import block, events_of, record_of, results_of, suite_of

from bench.store.folder import RunFolder


def suite(tier: str, rounds: int, *sweep_ms: float) -> str:
    """Return what is to be measured: some graphs of nothing, and tasks that take so long."""
    options = {"sizes": {"chain": [1, 2], "fan_out": [3]}, "sweep_ms": sweep_ms}
    return suite_of(block("overhead", tier=tier, rounds=rounds, repeat=2, reference_starts=2, limit_s=60, options=options))


def finished_trials(run: Path) -> dict[str, bytes]:
    """Return the records of the finished trials."""
    return {path.parent.name: path.read_bytes() for path in run.glob("trials/*/trial.json")}


def submitted(trial: Path) -> int:
    """Return when the run was asked for."""
    events = (event for log in trial.glob("events-*.jsonl") for event in events_of(log))
    return next(int(event["t"]) for event in events if event["kind"] == "submitted")


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Path]:
    """A folder; whatever still runs below it at the end is a failure."""
    yield tmp_path
    assert processes_of(tmp_path) == {}


SAID = "said.txt"
"""Where the output of the harness goes, for whoever has to find out why a test fails."""

State = Callable[[Path], bool]
"""Whether a run has come to where it is to be stopped."""


def engine_starts(run: Path) -> bool:
    """The engine has a home, and perhaps not yet a process."""
    return any(run.glob("starts/*/home"))


def body_runs(run: Path) -> bool:
    """The body of a task has begun, and the run that it is of is not finished."""
    begun = [trial for trial in run.glob("trials/*") if not (trial / "trial.json").exists()]
    return any(b'"kind":"started"' in log.read_bytes() for trial in begun for log in trial.glob("events-*.jsonl"))


def run_ended(run: Path) -> bool:
    """A run of the plan is written down; the next one begins."""
    return any("warm_up" not in path.parent.name for path in run.glob("trials/*/trial.json"))


def after(seconds: float) -> State:
    """Some time has passed, whatever the run does now."""
    moment = time.monotonic() + seconds
    return lambda _: time.monotonic() >= moment


def interrupt(folder: Path, arguments: list[str], number: signal.Signals, reached: State) -> tuple[int, dict[str, bytes]]:
    """Run, send the signal, and assert that all is quiet 10 s later; return code and finished trials."""
    run = folder / "run"
    with (
        (folder / SAID).open("w") as said,
        subprocess.Popen([str(ORCHBENCH), *arguments], stdout=said, stderr=said, cwd=folder) as harness,
    ):
        while not reached(run) and harness.poll() is None:
            time.sleep(0.002)
        harness.send_signal(number)
        code = harness.wait(10)
    deadline = time.monotonic() + 10
    while (alive := processes_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert alive == {}
    trials = finished_trials(run)
    for name, record in trials.items():
        assert json.loads(record)["id"] == name
    return code, trials


def go_on(folder: Path, before: dict[str, bytes]) -> None:
    """Resume, and assert that the plan is completed without touching what was finished."""
    run = folder / "run"
    if not (run / "run.json").exists():  # stopped before the run began
        return
    done = orchbench_in(folder, "run", "--resume", run)
    assert done.code == 0, done.err
    after = finished_trials(run)
    assert {name: after[name] for name in before} == before
    record = record_of(run)
    planned = [json.loads(each) for each in after.values() if not json.loads(each)["warmup"]]
    assert record["finished"]
    assert len(planned) == record["trials_planned"]
    assert {each["end"] for each in planned} == {"over"}
    in_order = [submitted(run / "trials" / trial.id) for trial in RunFolder(run).trials()]
    assert in_order == sorted(in_order)


STATES = [
    (signal.SIGINT, engine_starts),
    (signal.SIGTERM, body_runs),
    (signal.SIGKILL, body_runs),
    (signal.SIGKILL, run_ended),
]


@pytest.mark.parametrize(("number", "reached"), STATES, ids=[f"{number.name}-{state.__name__}" for number, state in STATES])
def test_a_run_that_is_stopped_in_a_state_can_go_on(number: signal.Signals, reached: State, empty: Path) -> None:
    """While an engine starts, in the middle of a task, and between two runs."""
    (empty / "suite.toml").write_text(suite("library", 1, 100))
    arguments = ["run", "--suite", "suite.toml", "--on", "plain", "--out", "run", "--seed", "1"]
    code, trials = interrupt(empty, arguments, number, reached)
    assert code in {128 + number, -number}, (empty / SAID).read_text()
    go_on(empty, trials)


SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGKILL]
MOMENTS = [
    (number, random.Random(i).uniform(0.5, 6)) for i, number in enumerate([*SIGNALS, *SIGNALS, *SIGNALS, signal.SIGKILL])
]


@pytest.mark.slow(reason="ten moments that nobody has thought of; those that somebody has are tested above")
@pytest.mark.parametrize(
    ("number", "after_s"), MOMENTS, ids=[f"{number.name}-{after_s:.1f}s" for number, after_s in MOMENTS]
)
def test_a_stopped_run_can_go_on(number: signal.Signals, after_s: float, empty: Path) -> None:
    """Ten random moments of a run on plain Python."""
    (empty / "suite.toml").write_text(suite("library", 2, 100, 200))
    arguments = ["run", "--suite", "suite.toml", "--on", "plain", "--out", "run", "--seed", "1"]
    code, trials = interrupt(empty, arguments, number, after(after_s))
    assert code in ({-9, 0} if number is signal.SIGKILL else {128 + number, -number, 0}), (empty / SAID).read_text()
    go_on(empty, trials)


def interrupt_airflow(empty: Path, number: signal.Signals, reached: State) -> None:
    """Assert that the scheduler, its pool of workers and the API server are gone within 10 s, and that the run can go on."""
    small = block("overhead", tier="service", limit_s=60, options={"sizes": {"chain": [1, 2]}})
    (empty / "suite.toml").write_text(suite_of(small))
    arguments = ["run", "--suite", "suite.toml", "--on", "airflow", "--out", "run", "--seed", "1"]
    _, trials = interrupt(empty, arguments, number, reached)
    go_on(empty, trials)


@pytest.mark.slow(
    reason="Airflow takes a quarter of a minute to start; that nothing is left of one is a rule of conformance, too"
)
def test_airflow_with_all_its_children_is_ended(empty: Path) -> None:
    """Though nothing of the harness is left that could end them."""
    interrupt_airflow(empty, signal.SIGKILL, body_runs)


@pytest.mark.slow(reason="Airflow takes a quarter of a minute to start, twice for each")
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_airflow_is_ended_at_any_moment(number: signal.Signals, empty: Path) -> None:
    """In the middle of a run or of a start."""
    interrupt_airflow(empty, number, after(random.Random(number).uniform(5, 30)))


@pytest.mark.slow(reason="two runs with all tools")
def test_two_runs_at_once_do_not_meet(empty: Path) -> None:
    """Two runs with different folders both succeed; a second one into the same folder is refused."""
    (empty / "suite.toml").write_text(suite("library", 1, 100, 300))
    base = [str(ORCHBENCH), "run", "--suite", "suite.toml", "--on", "plain,prefect"]
    runs = [
        subprocess.Popen([*base, "--out", name], cwd=empty, stderr=subprocess.PIPE, text=True) for name in ("one", "two")
    ]
    assert [run.wait() for run in runs] == [0, 0]
    for name in ("one", "two"):
        assert {row["verdict"] for row in results_of(empty / name)["checks"]} == {"pass"}


def test_a_second_harness_is_kept_out_of_the_folder(empty: Path) -> None:
    """While a run goes on, resuming it from elsewhere is refused with one line."""
    (empty / "suite.toml").write_text(suite("library", 2, 300, 500))
    argv = [str(ORCHBENCH), "run", "--suite", "suite.toml", "--on", "plain", "--out", "run"]
    with subprocess.Popen(argv, cwd=empty, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as first:
        while not list(empty.glob("run/trials/*/trial.json")):
            time.sleep(0.1)
        second = orchbench_in(empty, "run", "--resume", "run")
        first.send_signal(signal.SIGTERM)
    assert second.code == 2
    assert "another orchbench is writing to it" in second.err


@pytest.mark.slow(reason="a run with all tools")
def test_a_users_own_homes_are_left_alone(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken configuration of the user's own disturbs no run, and nothing is written into it."""
    home = empty / "home"
    for name in ("airflow/airflow.cfg", ".prefect/profiles.toml", ".dagster/dagster.yaml", "mine/dagster.yaml"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("this is = not [ a configuration")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("DAGSTER_HOME", str(home / "mine"))
    monkeypatch.setenv("AIRFLOW_HOME", str(home / "airflow"))
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "NoSuchExecutor")
    monkeypatch.setenv("PREFECT_HOME", str(home / ".prefect"))
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    before = _snapshot(home)
    (empty / "suite.toml").write_text(suite("library", 1))
    done = orchbench_in(empty, "run", "--suite", "suite.toml", "--out", "run")
    assert done.code == 0, done.err
    results = results_of(empty / "run")
    assert [row for row in results["checks"] if row["verdict"] != "pass"] == []
    assert [row for row in results["estimates"] if row["median"] is None] == []
    assert _snapshot(home) == before
    shutil.rmtree(home)


def _snapshot(folder: Path) -> dict[str, tuple[int, float]]:
    return {str(path): (path.stat().st_size, path.stat().st_mtime) for path in folder.rglob("*")}
