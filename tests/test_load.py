"""The scenario `load`: what its numbers say of an engine whose tasks take time, import, or come many at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
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


def derived(medians: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], Quantity]:
    """Return what the scenario derives from those medians of its cases; what is not named is missing."""
    cases = cases_of()

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
    """Another seed draws other ones, and none is longer than the longest of the sleeping ones."""
    drawn = {seed: cases_of(draws=[seed])[f"sleeps_drawn_{seed}"] for seed in (1, 2)}
    durations = {seed: [node.params["seconds"] for node in graph(case).nodes] for seed, case in drawn.items()}
    assert graph(drawn[1]) == graph(cases_of()["sleeps_drawn_1"])
    assert durations[1] != durations[2]
    assert all(0 <= each <= 1.5 for of_seed in durations.values() for each in of_seed)


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


def test_what_overlaps_with_a_task_is_what_the_next_one_does_not_wait_for() -> None:
    """A pause of 1 s is 0.7 s shorter after a task of 0.7 s; where the engine is slower after a task, it is below zero."""
    rows = derived(
        {
            ("sleeps_0ms", "transition_ms"): 1000.0,
            ("sleeps_50ms", "transition_ms"): 300.0,
            ("sleeps_drawn_1", "transition_ms"): 1200.0,
        }
    )
    assert rows["sleeps_50ms", "overlap_ms"].point == pytest.approx(700)
    assert rows["sleeps_drawn_1", "overlap_ms"].point == pytest.approx(-200)
    assert rows["sleeps_drawn_2", "overlap_ms"].point is None
    assert ("sleeps_0ms", "overlap_ms") not in rows and ("imports", "overlap_ms") not in rows


def test_an_import_costs_what_the_chain_takes_longer() -> None:
    """Five tasks that take 10 s more pay 2 s each."""
    rows = derived({("sleeps_0ms", "first_to_last_s"): 4.0, ("imports", "first_to_last_s"): 14.0})
    assert rows["imports", "import_cost_s"].point == pytest.approx(2.0)


def test_the_first_in_a_row_is_held_against_the_last_ones() -> None:
    """Of eight against the median of two, both of which are needed: those between may be the first of a worker, too."""
    times = dict(enumerate((90.0, 80.0, 80.0, 80.0, 80.0, 80.0, 20.0, 40.0), 1))
    places = {(f"place_{place}", "transition_ms"): ms for place, ms in times.items()}
    assert derived(places)["in_a_row", "first_over_later"].point == pytest.approx(3.0)
    del places["place_8", "transition_ms"]
    assert derived(places)["in_a_row", "first_over_later"].point is None


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
    """In a real run each case yields all its numbers, and what is derived from several cases is there, too."""
    found = {(row.workload, row.metric): row.median for row in read_results(run).estimates}
    wanted = {(name, metric) for name, case in cases_of().items() for metric in LOAD.metrics(case)}
    wanted |= {("sleeps_50ms", "overlap_ms"), ("imports", "import_cost_s")}
    assert {key for key in wanted if found.get(key) is None} == set()
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
