"""The scenario `load`: what its numbers say of an engine whose tasks take time, import, or come many at once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest
from small_runs import block, finished_run, read_results, suite_of

from bench.base.problem import Problem
from bench.base.stats.quantity import Quantity, exact, missing
from bench.events.timeline import Attempt, Timeline, read
from bench.plan import suite
from bench.plan.setup import setups_of
from bench.plan.tools import Tool
from bench.run.channel import Channel
from bench.run.engine import Engine, Place
from bench.run.footprint import cpu_s
from bench.run.procedures import Scene
from bench.scenarios import METRICS, SCENARIOS, Capacity, Case
from bench.scenarios.kit.case import Axes
from bench.scenarios.kit.derived import Derived, Medians
from bench.scenarios.kit.formulas import Run
from bench.scenarios.kit.graphs import shaped
from contract.events import Trial
from contract.workload import Workload

pytestmark = pytest.mark.xdist_group("load")  # the run is made once

LOAD = SCENARIOS["load"]
EMPTY = shaped("chain", 1)

OPTIONS = {"durations_s": [0.05], "draws": [1, 2], "imports": ["json"], "runs": [1, 3], "places": 8}


def cases_of(**options: object) -> dict[str, Case]:
    """Return the cases that a suite with those options asks for, by name."""
    cases = LOAD.cases(LOAD.parse({**OPTIONS, **options}), Capacity(2, 2, 1000.0))
    return {case.name: case for case in cases}


def graph(case: Case) -> Workload:
    """Return the work of a case, which is a graph in all of them."""
    return cast("Workload", case.work)


def derived(
    medians: Mapping[tuple[str, str], float], options: Mapping[str, object] = OPTIONS
) -> dict[tuple[str, str], Quantity]:
    """Return what the scenario derives from those medians of its cases; what is not named is missing."""
    cases = cases_of(**options)

    class Known:
        workloads = tuple(cases)

        def axes(self, workload: str) -> Axes:
            return cases[workload].axes

        def median(self, workload: str, metric: str) -> Quantity:
            known = medians.get((workload, metric))
            return missing("it is not named") if known is None else exact(known, 3, 3)

    rows: Sequence[Derived] = list(LOAD.derive(cast("Medians", Known())) if LOAD.derive else ())
    return {(row.workload, row.metric): row.quantity for row in rows}


# What runs -------------------------------------------------------------------------------------------------------------


def test_a_seed_draws_the_same_tasks_for_all() -> None:
    """Another seed draws other ones."""
    drawn = {seed: cases_of(draws=[seed])[f"sleeps_drawn_{seed}"] for seed in (1, 2)}
    assert graph(drawn[1]) == graph(cases_of()["sleeps_drawn_1"])
    assert graph(drawn[1]).nodes != graph(drawn[2]).nodes


@pytest.mark.parametrize("seed", range(1, 30))
def test_drawn_tasks_meet_all_phases_of_a_tick_alike(seed: int) -> None:
    """Of those that a task follows there is one in each eighth of a second, so that no seed meets a tick late or early."""
    *drawn, last = [node.params["seconds"] for node in graph(cases_of(draws=[seed])[f"sleeps_drawn_{seed}"]).nodes]
    assert sorted(int(each % 1 * 8) for each in drawn) == list(range(8))
    assert last == 0


def test_the_empty_chain_runs_only_beside_what_is_compared_with_it() -> None:
    """A block of runs in a row and at once measures it no second time, in another engine start."""
    assert "sleeps_0ms" in cases_of()
    assert "sleeps_0ms" not in cases_of(durations_s=[], draws=[], imports=[])


def test_chains_that_are_compared_differ_in_one_thing() -> None:
    """In how long the tasks sleep, or in what they import."""
    cases = cases_of()
    empty, slow, importing = (graph(cases[name]).nodes for name in ("sleeps_0ms", "sleeps_50ms", "imports"))
    assert [node.after for node in empty] == [node.after for node in slow] == [node.after for node in importing]
    assert {node.imports for node in importing} == {("json",)} and not any(node.imports for node in (*empty, *slow))


def test_what_is_no_module_is_a_mistake_of_the_suite(tmp_path: Path) -> None:
    """It is found before anything runs."""
    file = tmp_path / "suite.toml"
    file.write_text(suite_of(block("load", options={"imports": ["pandas; print"]})))
    with pytest.raises(Problem, match="imports"):
        suite.load(str(file), {})


# The numbers -----------------------------------------------------------------------------------------------------------

MS = 1_000_000


def in_a_chain(bodies_ms: Sequence[tuple[int, int]]) -> Run:
    """Return a run of the chain that imports, whose bodies began and ended at those times."""
    case = cases_of()["imports"]
    bodies = {
        node.id: [Attempt(start * MS, end * MS)] for node, (start, end) in zip(graph(case).nodes, bodies_ms, strict=True)
    }
    return Run(Timeline(submitted=0, attempts=bodies), case.work)


def test_an_import_is_told_of_the_first_task_and_of_each_later_one() -> None:
    """With what is between the tasks they make up the chain, whatever its length: nothing is counted twice."""
    run = in_a_chain([(0, 3000), (3100, 3110), (3310, 3330), (3730, 3740), (3750, 3790)])
    first, later, between = (number(name, run) or 0 for name in ("first_import_s", "later_import_s", "transition_mean_ms"))
    assert [first, later, between] == pytest.approx([3.0, 0.02, (100 + 200 + 400 + 10) / 4])
    assert first + 4 * later + 4 * between / 1000 == pytest.approx(number("first_to_last_s", run))


def busy(starts_ms: Mapping[str, Sequence[int]], task_ms: int = 100, **facts: float) -> Run:
    """Return runs at once of a chain, whose tasks began at those times and took as long."""
    case = cases_of()["at_once_3"]
    runs = {
        name: Timeline(
            submitted=0,
            attempts={
                node.id: [Attempt(start * MS, (start + task_ms) * MS)]
                for node, start in zip(graph(case).nodes, starts, strict=True)
            },
        )
        for name, starts in starts_ms.items()
    }
    together = Timeline(submitted=0, runs=runs)
    for run in runs.values():
        for node, attempts in run.attempts.items():
            together.attempts.setdefault(node, []).extend(attempts)
    return Run(together, case.work, facts=facts)


def number(metric: str, run: Run) -> float | None:
    """Return a metric of a run."""
    of = METRICS[metric].of
    assert of is not None
    return of(run)


def test_all_runs_share_the_time_of_the_engine() -> None:
    """Six tasks from 1.0 to 2.5 s are four a second, and each has a sixth of the CPU time."""
    run = busy({"1": [1000, 1200, 1400], "2": [1500, 2000, 2400]}, cpu_s=3.0)
    assert number("tasks_per_s", run) == pytest.approx(4.0)
    assert number("cpu_per_task_s", run) == pytest.approx(0.5)


def test_cpu_time_that_nobody_read_is_missing() -> None:
    """It is not zero."""
    assert number("cpu_per_task_s", busy({"1": [0, 200, 400]})) is None


def test_a_transition_is_between_two_tasks_of_one_run() -> None:
    """The slowest twentieth of twenty transitions is the last one, of whichever run."""
    quick = {str(run): [0, 110, 220] for run in range(9)}
    assert number("transition_p95_ms", busy({**quick, "9": [0, 140, 270]})) == pytest.approx(30)
    assert number("transition_p95_ms", busy({**quick, "9": [0, 110, 260]})) == pytest.approx(10)


def test_a_percentile_of_few_is_missing() -> None:
    """It would be the largest of them."""
    nine = busy({str(run): [0, 110, 220] for run in range(9)})
    assert number("transition_p95_ms", nine) is None and number("run_p90_s", nine) is None


def test_a_run_among_others_takes_from_its_own_submission_on() -> None:
    """What it waits before the first body counts, and nine of ten runs are within the number."""
    runs = {str(run): [100 * run, 100 * run + 110, 100 * run + 220] for run in range(10)}
    assert number("run_p90_s", busy(runs)) == pytest.approx(0.8 + 0.32)


def test_what_a_poll_may_delay_is_in_no_ratio() -> None:
    """An engine that looks between two submissions takes up the later runs a whole period later."""
    early = {str(run): [0, 110, 220] for run in range(10)}
    late = {name: [start + 5000 * (int(name) > 4) for start in starts] for name, starts in early.items()}
    moved = {name for name in LOAD.metrics(cases_of()["at_once_3"]) if number(name, busy(early)) != number(name, busy(late))}
    assert {"tasks_per_s", "bodies_at_once", "run_p90_s", "makespan_s"} <= moved
    assert not [name for name in moved if METRICS[name].is_divided]


def test_what_overlaps_with_a_task_is_what_the_next_one_does_not_wait_for() -> None:
    """A pause of 1 s is 0.7 s shorter after a task of 0.7 s; where the engine is slower after a task, it is below zero."""
    rows = derived(
        {
            ("sleeps_0ms", "transition_mean_ms"): 1000.0,
            ("sleeps_50ms", "transition_mean_ms"): 300.0,
            ("sleeps_drawn_1", "transition_mean_ms"): 1200.0,
        }
    )
    assert rows["sleeps_50ms", "overlap_ms"].point == pytest.approx(700)
    assert rows["sleeps_drawn_1", "overlap_ms"].point == pytest.approx(-200)
    assert rows["sleeps_drawn_2", "overlap_ms"].point is None
    assert ("sleeps_0ms", "overlap_ms") not in rows and ("imports", "overlap_ms") not in rows


def test_the_first_in_a_row_is_held_against_the_last_ones() -> None:
    """Of ten against the median of two, both of which are needed: those between may be the first of a worker, too."""
    options = {**OPTIONS, "places": 10}
    times = dict(enumerate((90.0, *[80.0] * 7, 20.0, 40.0), 1))
    places = {(f"place_{place}", "transition_ms"): ms for place, ms in times.items()}
    assert derived(places, options)["in_a_row", "first_over_later"].point == pytest.approx(3.0)
    del places["place_10", "transition_ms"]
    assert derived(places, options)["in_a_row", "first_over_later"].point is None


# An engine -------------------------------------------------------------------------------------------------------------


BURN = "import time\nwhile time.process_time() < 0.3: pass"
ADAPTER = (
    f"import subprocess, sys, time\nsubprocess.run([sys.executable, '-c', {BURN!r}])\nprint(flush=True)\ntime.sleep(60)"
)
KEEPER = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {ADAPTER!r}])"


def test_the_cpu_time_of_what_has_ended_counts() -> None:
    """A task may be a process that nobody finds any more when it is over."""
    with subprocess.Popen([sys.executable, "-c", KEEPER], stdout=subprocess.PIPE, start_new_session=True) as keeper:
        try:
            assert keeper.stdout and keeper.stdout.readline()

            class Kept:
                root = keeper.pid

            assert 0.25 < cpu_s(cast("Engine", Kept())) < 3  # the kernel counts in hundredths of a second
        finally:
            os.killpg(keeper.pid, signal.SIGKILL)


@pytest.fixture
def engine(fakes: Tool, tmp_path: Path) -> Iterator[Engine]:
    """An engine with a process for each run."""
    setup = next(each for each in setups_of(fakes) if each.deployment == "separate")
    (tmp_path / "home").mkdir()
    engine = Engine(fakes, setup, Place(tmp_path, 2, {}))
    engine.start()
    engine.deploy([EMPTY])
    yield engine
    engine.kill()


SLOW = """
import time
from contract.adapter import Adapter, Started, State
from contract.host import serve
class SlowToTake(Adapter):
    def start(self, setup): return Started({}, ())
    def deploy(self, workloads): pass
    def submit(self, workload, trial):
        time.sleep(0.5)
        return trial.run
    def state(self, run): return State.SUCCEEDED
    def stop(self): pass
serve({"any": SlowToTake})
"""
"""An engine that takes half a second to take a run."""


@pytest.fixture
def calls() -> Iterator[Channel]:
    """A pipe to an adapter of an engine that takes long to take a run; the engine is started, and knows a graph."""
    ours, theirs = socket.socketpair()
    with theirs:
        adapter = subprocess.Popen(
            [sys.executable, "-c", SLOW],
            env={**os.environ, "ORCHBENCH_PIPE": str(theirs.fileno())},
            pass_fds=(theirs.fileno(),),
        )
    calls = Channel(ours, lambda: "nothing")
    home = {"tier": "service", "deployment": "any", "profile": "stock", "width": 2, "home": "/nowhere"}
    calls.call("start", **home).result(30)
    calls.call("deploy", work=[EMPTY.to_json()]).result(30)
    yield calls
    calls.call("stop").result(30)
    calls.close()
    adapter.wait()


def test_a_run_among_others_is_asked_for_when_the_tool_has_taken_the_one_before(calls: Channel, tmp_path: Path) -> None:
    """Two requests at one moment would be two writers of a tool's SQLite, which refuses one of them."""
    started = time.monotonic()
    asked = [
        calls.call(
            "submit",
            run=f"trial/{run}",
            work=EMPTY.name,
            trial=Trial("trial", str(tmp_path), run).to_dict(),
            parameters={},
            meet={},
        )
        for run in "123"
    ]
    assert time.monotonic() - started < 0.5  # the harness does not wait between them
    assert [call.result(30)["id"] for call in asked] == ["1", "2", "3"]
    submitted = [read(tmp_path).runs[run].submitted or 0 for run in "123"]
    assert all(later - earlier >= 0.5e9 for earlier, later in pairwise(submitted))


def test_nobody_looks_for_the_end_of_a_run_among_others_before_it_is_asked_for(engine: Engine, tmp_path: Path) -> None:
    """Fifty looks at a time would be a load of ours."""
    trial = tmp_path / "trial"
    trial.mkdir()
    scene = Scene(engine, Case(EMPTY), Trial("trial", str(trial)), limit_s=30)
    one, other = scene.submit("1"), scene.submit("2", among_others=True)
    assert scene.end(one) == "succeeded"
    deadline = time.monotonic() + 30
    while not (other_run := read(trial, grows=True).runs["2"]).bodies or other_run.last_end <= other_run.last_start:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1)
    assert read(trial, grows=True).runs["2"].settled is None
    assert scene.end(other) == "succeeded"
    assert read(trial, grows=True).runs["2"].settled is not None


def _of_service() -> str:
    return suite_of(block("load", tier="service", reference_starts=1, options=OPTIONS))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of plain Python, with a process for each of its runs."""
    return finished_run(tmp_path_factory.mktemp("load"), _of_service())


def test_every_number_is_measured(run: Path) -> None:
    """In a real run each case yields all its numbers but percentiles of few, which say so, and what is derived is there."""
    rows = {(row.workload, row.metric): row for row in read_results(run).estimates}
    found = {key: row.median for key, row in rows.items()}
    wanted = {(name, metric) for name, case in cases_of().items() for metric in LOAD.metrics(case)}
    few = {(name, metric) for name, metric in wanted if metric in {"transition_p95_ms", "run_p90_s"}}
    assert all("fewer than" in str(rows[key].missing_because) for key in few)
    wanted |= {("sleeps_50ms", "overlap_ms")}
    assert {key for key in wanted if found.get(key) is None} == few
    assert found["in_a_row", "first_over_later"] is not None
    assert (found["at_once_3", "cpu_per_task_s"] or 0) > 0


def test_runs_at_once_are_apart_in_the_log(run: Path) -> None:
    """Each of the three has its own bodies, and the runs overlap."""
    (trial,) = run.glob("trials/*plain-at_once_3")
    runs = read(trial).runs
    assert {name: sorted(each.attempts) for name, each in runs.items()} == {
        name: ["n0", "n1", "n2"] for name in ("1", "2", "3")
    }
    assert max(each.submitted or 0 for each in runs.values()) < min(each.last_end for each in runs.values())


def test_runs_in_a_row_come_first_and_in_their_order(run: Path) -> None:
    """So that their place is the one in the engine start."""
    made = sorted(path.name for path in run.glob("trials/001.*"))
    assert [name.partition("plain-")[2] for name in made[:3]] == ["place_1", "place_2", "place_3"]
