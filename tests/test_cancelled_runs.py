"""A case may expect that its run is cancelled in the middle: what real and faulty engines make of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from bench.events.timeline import read
from bench.events.verification import AS_ASKED, Expectation, verify
from bench.plan.setup import setups_of
from bench.plan.tools import Tool, discover
from bench.run.engine import Engine, Place
from bench.run.procedures import Scene, carry_out
from bench.run.trial import Outcome, problem
from bench.scenarios import Case
from bench.scenarios.kit.case import RecordedCase
from bench.scenarios.kit.procedures import CancelInTheMiddle
from contract.events import Trial
from contract.workload import Node, Workload

WIDTH = 2
IN_THE_MIDDLE = CancelInTheMiddle("busy")


def work_of(seconds: float) -> Workload:
    """Return a chain whose middle takes so long."""
    return Workload(
        "middle", (Node("first"), Node("busy", "sleep", ("first",), {"seconds": seconds}), Node("last", after=("busy",)))
    )


LONG, SHORT = work_of(3600), work_of(1)

Cancelled = Callable[[Case, str], tuple[Outcome, Mapping[str, str]]]
"""Makes the trial of a case in an engine of that name; returns the outcome, and what verification finds wrong."""


@pytest.fixture
def cancelled(fakes: Tool, tmp_path: Path) -> Cancelled:
    """Each engine is started for one trial, and nothing of it is left."""

    def cancelled(case: Case, name: str) -> tuple[Outcome, Mapping[str, str]]:
        tool = fakes if name in {each.name for each in fakes.deployments} else discover()["plain"]
        setup = next(each for each in setups_of(tool) if each.deployment == name)
        events = tmp_path / "trial"
        for folder in (events, tmp_path / "start" / "home"):
            folder.mkdir(parents=True)
        engine = Engine(tool, setup, Place(tmp_path / "start", WIDTH, {}))
        try:
            engine.start()
            engine.deploy([case.work])
            scene = Scene(engine, case, Trial("trial", str(events)), limit_s=30)
            carry_out(scene)
        finally:
            engine.kill()
        assert isinstance(case.work, Workload)
        wrong = verify(read(events), case.work, WIDTH, case.expectation, case.procedure.runs)
        return Outcome("over", None, scene.runs, scene.facts), wrong

    return cancelled


IS_CANCELLED = Expectation(is_cancelled=True)


@pytest.mark.parametrize("name", ["process", "separate"])
def test_a_run_that_is_cancelled_in_the_middle_is_right(name: str, cancelled: Cancelled) -> None:
    """On a server, where the case expects it: the body is cut off, and the one behind it never begins."""
    case = Case(LONG, procedure=IN_THE_MIDDLE, expectation=IS_CANCELLED)
    outcome, wrong = cancelled(case, name)
    assert (problem(case, outcome), wrong) == ("", {})


def test_a_run_that_is_cancelled_is_wrong_where_it_should_succeed(cancelled: Cancelled) -> None:
    """The same run, and a case that expects nothing of the kind."""
    case = Case(LONG, procedure=IN_THE_MIDDLE, expectation=AS_ASKED)
    outcome, wrong = cancelled(case, "process")
    assert "cancelled" in problem(case, outcome)
    assert wrong


def test_a_run_that_goes_on_to_its_end_is_wrong(cancelled: Cancelled) -> None:
    """A tool that takes no notice calls the run a success."""
    case = Case(SHORT, procedure=IN_THE_MIDDLE, expectation=IS_CANCELLED)
    outcome, wrong = cancelled(case, "ignores_a_cancel")
    assert "succeeded" in problem(case, outcome)
    assert wrong.keys() == {"settled_after_last_body"}


def test_a_run_that_is_cancelled_by_name_only_is_wrong(cancelled: Cancelled) -> None:
    """A tool that calls the run cancelled, and begins the next body a second later."""
    case = Case(SHORT, procedure=IN_THE_MIDDLE, expectation=IS_CANCELLED)
    outcome, wrong = cancelled(case, "cancels_by_name_only")
    assert problem(case, outcome) == ""
    assert wrong.keys() == {"settled_after_last_body"}


def test_what_is_expected_is_recorded() -> None:
    """With the case, so that the run is verified by it whatever the scenarios of another day expect."""
    case = Case(LONG, procedure=IN_THE_MIDDLE, expectation=IS_CANCELLED)
    assert case.recorded().at({}) == case
    assert RecordedCase(LONG.to_json(), IN_THE_MIDDLE) != case.recorded()
