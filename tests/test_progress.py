"""What is said of how a run goes."""

from __future__ import annotations

import random

import pytest

from bench.cli.progress import Estimator, Left
from bench.plan import planning, suite, tools
from bench.plan.plan import Plan


@pytest.fixture(scope="module")
def smoke() -> Plan:
    """The plan of the smoke suite."""
    known = tools.discover()
    return planning.make(planning.Choice(suite.load("smoke", known), list(known.values()), seed=1), cpu_rounds_per_s=1e6)


def test_nothing_is_guessed_before_a_run_has_ended(smoke: Plan) -> None:
    """Every run is of a kind that is not known yet."""
    left = Estimator(smoke, set()).left()
    assert (left.seconds, left.unseen) == (0, len(_all(smoke)))


def test_what_is_not_known_is_told_from_what_is(smoke: Plan) -> None:
    """After one run of plain Python from a script, its runs there are estimated, and those of the tools are not."""
    estimator = Estimator(smoke, set())
    of_plain = [
        trial.id
        for start in smoke.starts
        if (start.setup.orchestrator, start.setup.tier) == ("plain", "library")
        for trial in start.trials
    ]
    estimator.ended(of_plain[0], 7.0)
    left = estimator.left()
    assert left.seconds == 7 * (len(of_plain) - 1)
    assert left.unseen == len(_all(smoke)) - len(of_plain)


def test_the_guess_learns_from_each_run(smoke: Plan) -> None:
    """On a machine where every run takes 7 s, what is left is 7 s for each of them, and nothing in the end."""
    estimator = Estimator(smoke, set())
    trials = random.Random(1).sample(_all(smoke), len(smoke.trials))
    for done, trial in enumerate(trials, 1):
        estimator.ended(trial, 7.0)
        left = estimator.left()
        assert left.seconds == pytest.approx(7 * (len(trials) - done - left.unseen))
    assert estimator.left() == Left(0)


def test_what_is_done_is_not_left(smoke: Plan) -> None:
    """A run that goes on counts the runs that it still has to make."""
    half = set(_all(smoke)[::2])
    assert Estimator(smoke, half).left().unseen == len(_all(smoke)) - len(half)


def _all(planned: Plan) -> list[str]:
    return [trial.id for trial in planned.trials]
