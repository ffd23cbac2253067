"""What is said of how a run goes."""

from __future__ import annotations

import random

import pytest

from bench.cli.progress import Estimator
from bench.plan import plan, suite, tools


@pytest.fixture(scope="module")
def smoke() -> plan.Plan:
    """The plan of the smoke suite."""
    known = tools.discover()
    return plan.make(suite.load("smoke", known), list(known.values()), seed=1, cpu_rounds_per_s=1e6)


def test_the_time_left_is_guessed_before_anything_is_known(smoke: plan.Plan) -> None:
    """The smoke suite takes some eight minutes; the guess is of that order."""
    assert 8 * 60 / 3 < Estimator(smoke, set()).left_s() < 8 * 60 * 3


def test_the_guess_learns_from_each_run(smoke: plan.Plan) -> None:
    """On a machine where every run takes 7 s, what is left is 7 s for each of them, and nothing in the end."""
    estimator = Estimator(smoke, set())
    trials = random.Random(1).sample([trial.id for trial in smoke.trials], len(smoke.trials))
    for done, trial in enumerate(trials, 1):
        estimator.ended(trial, 7.0)
        if done > 0.9 * len(trials):
            assert estimator.left_s() == pytest.approx(7 * (len(trials) - done), rel=0.2, abs=8)
    assert estimator.left_s() == 0


def test_what_is_done_is_not_left(smoke: plan.Plan) -> None:
    """A run that goes on counts the runs that it still has to make."""
    half = {trial.id for trial in smoke.trials[::2]}
    assert Estimator(smoke, half).left_s() < 0.7 * Estimator(smoke, set()).left_s()
