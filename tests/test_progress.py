"""What is said of how a run goes: the time left, by the forecast and by the runs so far."""

from __future__ import annotations

import random

import pytest

from bench.cli.progress import Estimator
from bench.plan import planning, suite, tools
from bench.plan.plan import Plan
from bench.run import forecast
from bench.run.forecast import Forecast


@pytest.fixture(scope="module")
def quick() -> Plan:
    """The plan of the quick suite."""
    known = tools.discover()
    return planning.make(planning.Choice(suite.load("quick", known), list(known.values()), seed=1), cpu_rounds_per_s=1e6)


@pytest.fixture(scope="module")
def ahead(quick: Plan) -> Forecast:
    """The forecast of that, by the sample."""
    return forecast.of(quick, 1e6, forecast.recorded())


def test_the_forecast_is_the_first_guess(ahead: Forecast) -> None:
    """Before a run has ended, nothing else is known."""
    assert Estimator(ahead).left_s() == pytest.approx(ahead.seconds)


def test_without_a_recorded_run_the_first_run_is_the_first_guess(quick: Plan) -> None:
    """Before that, nothing is said; then all other runs take as long."""
    uninformed = forecast.of(quick, 1e6, [])
    estimator = Estimator(uninformed)
    assert estimator.left_s() is None
    estimator.ended(quick.trials[0].id, 7.0)
    assert estimator.left_s()


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_a_machine_of_another_pace_is_recognised(factor: float, ahead: Forecast) -> None:
    """Where every run takes half or three times its forecast, so will the rest."""
    estimator = Estimator(ahead)
    expected = {trial: seconds for each in ahead.starts for trial, seconds in each.trials.items()}
    order = random.Random(1).sample(sorted(expected), len(expected))
    for place, trial in enumerate(order, 1):
        estimator.ended(trial, factor * expected[trial])
        left = sum(expected[each] for each in order[place:])
        assert estimator.left_s() == pytest.approx(factor * left)


def test_a_slow_tool_says_nothing_of_another(ahead: Forecast) -> None:
    """Once both were seen, each has a pace of its own."""
    estimator = Estimator(ahead)
    expected = {
        trial: (each.start.setup.is_plain, seconds) for each in ahead.starts for trial, seconds in each.trials.items()
    }
    seen = random.Random(1).sample(sorted(expected), len(expected) // 2)
    for trial in seen:
        is_plain, seconds = expected.pop(trial)
        estimator.ended(trial, seconds * (1 if is_plain else 3))
    left = sum(seconds * (1 if is_plain else 3) for is_plain, seconds in expected.values())
    assert estimator.left_s() == pytest.approx(left)


def test_what_is_done_is_not_left(quick: Plan, ahead: Forecast) -> None:
    """A run that goes on counts the runs that it still has to make, and the engine starts for them."""
    first, *others = quick.starts
    some = {first.trials[0].id}
    rest = forecast.of(quick, 1e6, forecast.recorded(), some)
    assert rest.runs == ahead.runs - 1
    assert len(rest.starts) == len(quick.starts), "the engine has to start for the others"
    without = forecast.of(quick, 1e6, forecast.recorded(), {trial.id for trial in first.trials})
    assert [each.start for each in without.starts] == others
    assert without.seconds == pytest.approx(ahead.seconds - ahead.starts[0].seconds)
