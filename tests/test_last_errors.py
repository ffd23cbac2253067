"""The last error of a run is its own, and not that of another run of the trial."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.derive.measured import measured
from bench.events.timeline import Timeline, read
from bench.plan.setup import Setup, setups_of
from bench.plan.tools import Tool
from bench.run.engine import Engine, Place
from bench.run.procedures import Scene, carry_out
from bench.scenarios import Case
from bench.scenarios.kit.procedures import SeveralAtOnce
from bench.store.records import RunOfTrial, TrialRecord
from contract.events import Trial
from contract.workload import Fault, Node, Workload

BOTH_FAIL = Workload("both_fail", (Node("a", fault=Fault(2)),))
"""The attempts of a trial are counted together, so that each of two runs fails in another one, unless both fail at once."""

FIRST_FAILS = Workload("first_fails", (Node("anError", fault=Fault(1)), Node("b", "sleep", ("anError",), {"seconds": 3600})))
"""What is printed counts where a line has an `Error` in it; the line of the planted one has the name of the node."""


@pytest.fixture
def engine(fakes: Tool, tmp_path: Path) -> Iterator[Engine]:
    """An engine with a process for each run, all of which print into one log."""
    setup = next(each for each in setups_of(fakes) if each.deployment == "separate")
    (tmp_path / "home").mkdir()
    engine = Engine(fakes, setup, Place(tmp_path, 2, {}))
    engine.start()
    engine.deploy([BOTH_FAIL, FIRST_FAILS])
    yield engine
    engine.kill()


def scene_of(engine: Engine, case: Case, folder: Path) -> Scene:
    """Return a trial that is to be made of the case."""
    folder.mkdir()
    return Scene(engine, case, Trial("trial", str(folder)), limit_s=30)


def test_each_of_several_runs_at_once_has_its_own(engine: Engine, tmp_path: Path) -> None:
    """Though both print into the same log at the same time."""
    scene = scene_of(engine, Case(BOTH_FAIL, procedure=SeveralAtOnce(2)), tmp_path / "trial")
    carry_out(scene)
    assert [run.state for run in scene.runs] == ["failed", "failed"]
    errors = {name: run.attempts["a"][-1].error for name, run in read(tmp_path / "trial").runs.items()}
    assert {run.name: run.last_error for run in scene.runs} == errors
    assert all(error.startswith("PlannedFault") for error in errors.values())


def test_a_run_does_not_inherit_the_error_of_the_run_before_it(engine: Engine, tmp_path: Path) -> None:
    """What stands in the log by then is no error of a run that was cancelled."""
    scene = scene_of(engine, Case(FIRST_FAILS), tmp_path / "trial")
    scene.see_through(scene.submit("1"), "1")
    second = scene.submit("2")
    scene.wait_until_begun("b")
    second.cancel()
    scene.see_through(second, "2")
    assert [(run.state, bool(run.last_error)) for run in scene.runs] == [("failed", True), ("cancelled", False)]


def test_a_trial_says_the_error_of_the_run_that_it_names() -> None:
    """Where it says that the tool calls a run cancelled, no error of a failed run follows."""
    case = Case(Workload("fine", (Node("a"),)), procedure=SeveralAtOnce(2))
    runs = [RunOfTrial("1", "x", "cancelled"), RunOfTrial("2", "y", "failed", last_error="ValueError: of the other run")]
    setup = Setup("one", "library", "stock", "threads", "one process")
    record = TrialRecord(
        id="1", scenario="overhead", workload="fine", setup=setup, start="1", round=1, repeat=1, end="over", runs=runs
    )

    def because(state: str) -> str:
        return str(measured(record, case, 2, lambda _: Timeline(state=state)).because)

    assert "ValueError" in because("failed")
    assert "ValueError" not in because("cancelled")
