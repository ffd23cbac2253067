"""What the instrument itself costs: an event, a body, and the way from events to results."""

from __future__ import annotations

import json
import math
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec
import pytest
from conftest import ORCHBENCH, Call
from pytest_benchmark.fixture import BenchmarkFixture
from small_runs import block, made_up_record, recorded, results_of, suite_of

from bench.base.origin import Host
from bench.export.publish import publish
from bench.plan.setup import Setup
from bench.scenarios.kit.graphs import shaped
from bench.store.folder import RunFolder
from bench.store.records import RunRecord, TrialRecord
from contract import body
from contract.events import Trial, emit
from contract.workload import Node, Workload

pytestmark = pytest.mark.alone


def middle(benchmark: BenchmarkFixture) -> float:
    """Return the median of what was measured, in seconds."""
    assert benchmark.stats is not None
    return float(benchmark.stats.stats.median)


def test_an_event_costs_at_most_10_microseconds(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """Two of them stand in every task's time."""
    benchmark(emit, Trial("t", str(tmp_path)), "finished", "n1", {"token": "n1:0123456789abcdef"})
    assert middle(benchmark) <= 10e-6


def test_a_noop_body_costs_at_most_100_microseconds(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """Checking the inputs, two events and the token."""
    node, trial = Node("b", after=("a",)), Trial("t", str(tmp_path))
    benchmark(body.run, node, trial, {"a": "a:0123456789abcdef"})
    assert middle(benchmark) <= 100e-6


SETUPS = [
    Setup(name, "library", "stock", "made_up", "one process", control=control)
    for name in ("airflow", "dagster", "prefect", "plain")
    for control in (False, True)
]


def made_up_run(folder: Path, events: int, sizes: Sequence[int] = (100,)) -> tuple[RunFolder, RunRecord]:
    """Write the raw files of a run with so many events, as if chains of so many tasks had been measured."""
    chains = [shaped("chain", min(size, events // 2)) for size in sizes]
    trials = max(1, events // (2 * sum(len(chain.nodes) for chain in chains) // len(chains)))
    for number in range(trials):
        setup = SETUPS[number % len(SETUPS)]
        workload = chains[number // len(SETUPS) % len(chains)]
        trial = f"{number:06d}"
        place = folder / "trials" / trial
        place.mkdir(parents=True)
        record = TrialRecord(
            id=trial, scenario="overhead", workload=workload.name, axes={"shape": "chain", "tasks": len(workload.nodes)},
            setup=setup,
            start=f"{number % 40:02d}-{setup.orchestrator}-{setup.control}", round=1, repeat=number, end="over",
        )  # fmt: skip
        (place / "trial.json").write_bytes(msgspec.json.encode(record))
        (place / "events-1.jsonl").write_text("\n".join(made_up_events(workload, trial, number)) + "\n")
    run = made_up_record(
        suite={"name": "made up", "about": "For tests."}, scenarios={"overhead": 1}, cpu_rounds_per_s=1e6,
        orchestrators=sorted({setup.orchestrator for setup in SETUPS}),
        cases=recorded(*chains), trials_planned=trials, host=Host(cpu="any", cores=2),
    )  # fmt: skip
    return RunFolder(folder), run


def made_up_events(workload: Workload, trial: str, number: int) -> list[str]:
    """Return the log of one run."""
    now = number * 10**12
    lines = []

    def line(kind: str, node: str = "", **data: str) -> None:
        nonlocal now
        now += 1_000_000 + number * 977 % 100_000
        event = {"t": now, "kind": kind, "node": node, "trial": trial, "pid": 1, "tid": 1, "data": data}
        lines.append(json.dumps(event, separators=(",", ":")))

    line("submitted")
    for node in workload.nodes:
        line("started", node.id)
        line("finished", node.id, token=workload.tokens[node.id])
    line("settled", state="succeeded")
    return lines


SIZES = [10**3, 10**4, 10**5, 10**6]


@pytest.mark.slow(reason="a million events")
def test_events_become_results_in_linear_time(tmp_path: Path) -> None:
    """A million events take at most 10 s, and ten times as many events at most little more than ten times as long."""
    seconds = {}
    for size in SIZES:
        folder, run = made_up_run(tmp_path / str(size), size)
        times = []
        for _ in range(3 if size < 10**6 else 1):
            before = time.perf_counter()
            results = publish(folder, run).results
            times.append(time.perf_counter() - before)
        seconds[size] = median(times)
        assert all(row.missing_because is None for row in results.estimates if row.metric == "makespan_s")
    assert seconds[10**6] <= 10, seconds
    slope = math.log(seconds[10**6] / seconds[10**4]) / math.log(10**6 / 10**4)
    assert slope <= 1.1, seconds


def cost_of_a_report(folder: Path, events: int) -> tuple[list[float], int]:
    """Return the seconds, three times, and the bytes that `orchbench report` takes for a run of 100 events a trial."""
    made, run = made_up_run(folder, events, sizes=(25, 50, 75))
    made.write_run(run)
    seconds, peak = [], 0
    for _ in range(3):
        before = time.perf_counter()
        process = subprocess.Popen([ORCHBENCH, "report", folder], stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        seconds.append(time.perf_counter() - before)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0 and (folder / "report.html").exists()
        peak = max(peak, used.ru_maxrss * 1024)
    return seconds, peak


@pytest.mark.slow(reason="a million events")
def test_a_run_of_10000_trials_becomes_a_report_in_20_seconds(tmp_path: Path) -> None:
    """A million events take at most 20 s and 2 GB, and the second half of them little longer than the first."""
    (least, _), (half, _), (whole, peak) = (
        cost_of_a_report(tmp_path / str(events), events) for events in (10**3, 10**6 // 2, 10**6)
    )
    assert len(list((tmp_path / str(10**6)).glob("trials/*"))) == 10**4
    assert max(whole) <= 20
    assert peak <= 2e9
    # By the fastest of each, since whatever else this machine does only adds to them.
    assert min(whole) - min(half) <= 1.5 * (min(half) - min(least)), (least, half, whole)


@pytest.mark.parametrize("events", [10**3, 10**5])
def test_deriving_results(benchmark: BenchmarkFixture, events: int, tmp_path: Path) -> None:
    """The figures for the record; the bars are in the test above."""
    folder, run = made_up_run(tmp_path / "run", events)
    findings = benchmark.pedantic(publish, args=(folder, run), rounds=3)  # type: ignore[no-untyped-call]
    assert all(row.missing_because is None for row in findings.results.estimates if row.metric == "makespan_s")


def test_two_sleeping_lanes_are_used(orchbench: Call, tmp_path: Path) -> None:
    """Plain Python, through the whole harness, keeps both lanes busy for more than 98 % of the time."""
    sleeping = block("parallelism", rounds=2, repeat=2, reference_starts=1, limit_s=60, options={"kinds": ["fanned"]})
    (tmp_path / "sleeping.toml").write_text(suite_of(sleeping))
    done = orchbench("run", "--suite", "sleeping.toml", "--on", "plain", "--out", "run")
    assert done.code == 0, done.err
    rows = results_of(tmp_path / "run")["estimates"]
    efficiency = {row["deployment"]: row["median"] for row in rows if row["metric"] == "efficiency"}
    assert efficiency.keys() == {"threads", "processes"}
    assert min(efficiency.values()) > 0.98
