"""Claims: each is settled by the rows of a run, and another row makes another verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import pytest
from ledgers import CACHE, FAST, GATE, IN_TURN, NO_CACHE, SMALL, with_checks, with_estimates

from bench.claims.settle import Settled
from bench.store.rows import Check, Results

pytestmark = pytest.mark.xdist_group("claims")  # the golden run is derived once


def test_it_is_said_which_deployments_differ(settled: Callable[..., Settled]) -> None:
    """Each stands with what it says."""
    its = settled(IN_TURN)
    said = {answer.setup.name: answer.holds for answer in its.answers}
    assert its.verdict == "depends on the deployment" and not its.surprises
    assert said == {
        "prefect/calls": True,
        "prefect/flow_call": False,
        "prefect/process_pool": False,
        "prefect/serve, tuned": False,
    }
    assert [name for name in said if name not in its.because] == []


PLACES = [
    {"orchestrator": tool, "tier": tier, "deployment": f"{tool} {tier}"}
    for tool in ("prefect", "dagster")
    for tier in ("library", "service")
]

PROFILES = [{"orchestrator": tool, "profile": profile} for tool in ("prefect", "dagster") for profile in ("stock", "tuned")]


@pytest.mark.parametrize(
    ("places", "failing", "verdict"),
    [
        (PLACES, {"orchestrator": "prefect"}, "depends on the tool"),
        (PLACES, {"tier": "service"}, "depends on whether it runs from a script or on its servers"),
        (PLACES, {"deployment": "dagster service"}, "depends on the deployment"),
        ([{"profile": "stock"}, {"profile": "tuned"}], {"profile": "tuned"}, "depends on the settings"),
        ([{"database": "sqlite"}, {"database": "postgres"}], {"database": "postgres"}, "depends on the database"),
        ([PLACES[0], PLACES[2], PLACES[2] | {"profile": "tuned"}], {"profile": "tuned"}, "depends on the settings"),
        (PROFILES, {"orchestrator": "dagster", "profile": "tuned"}, "depends on the setup"),
        (PLACES, {"orchestrator": "nobody"}, "does not hold"),
        (PLACES, {}, "holds"),
    ],
)
def test_a_verdict_says_what_differs(
    places: Sequence[Mapping[str, str]],
    failing: Mapping[str, str],
    verdict: str,
    results: Results,
    settled: Callable[..., Settled],
) -> None:
    """It is the coarsest part of a setup that tells all that say yes from all that say no."""
    row = next(row for row in results.checks if row.check == "unchanged_is_not_computed_again")
    setups = [msgspec.structs.replace(row.setup, **place) for place in places]

    def checked(place: Mapping[str, str], number: int) -> Check:
        fails = failing.items() <= place.items()
        return msgspec.structs.replace(
            row, setup=setups[number], verdict="unsupported" if fails else "pass", means="native", because="made up"
        )

    made_up = msgspec.structs.replace(results, checks=[checked(place, number) for number, place in enumerate(places)])
    assert settled(NO_CACHE, made_up).verdict == verdict


def test_setups_of_two_tiers_are_told_apart(results: Results, settled: Callable[..., Settled]) -> None:
    """Two deployments may have the same name, and neither hides the evidence of the other."""
    rows = [row for row in results.checks if row.check == "unchanged_is_not_computed_again"]
    row = next(row for row in rows if row.setup.orchestrator == "dagster")
    same = [
        msgspec.structs.replace(row, setup=msgspec.structs.replace(row.setup, deployment="same", tier=tier))
        for tier in ("library", "service")
    ]
    its = settled(CACHE, msgspec.structs.replace(results, checks=same))
    assert [row.setup.full_name for row in same if row.setup.full_name not in its.because] == []


def test_a_check_that_flips_flips_the_verdict(results: Results, settled: Callable[..., Settled]) -> None:
    """In one setup it makes the verdict depend on what differs, in all of them it turns it round."""

    def failing(*deployments: str) -> Settled:
        def change(row: Check) -> Mapping[str, Any]:
            is_it = row.check == "unchanged_is_not_computed_again" and row.setup.deployment in deployments
            return {"verdict": "fail", "because": "made to fail"} if is_it else {}

        return settled(CACHE, with_checks(results, change))

    assert failing().verdict == "holds" and not failing().surprises
    assert failing("multiprocess").verdict not in {"holds", "does not hold", "not measured"}
    assert [each.setup.deployment for each in failing("multiprocess").surprises] == ["multiprocess"]
    both = failing("multiprocess", "in_process")
    assert both.verdict == "does not hold" and "made to fail" in both.because


def test_by_what_means_a_check_passed_counts(results: Results, settled: Callable[..., Settled]) -> None:
    """A cache that the tool has is another answer than one that is written by hand."""
    assert settled(NO_CACHE).verdict == "depends on the tool"
    assert settled(NO_CACHE, with_checks(results, lambda _: {"means": "native"})).verdict == "does not hold"


SURE = {"n": 5, "starts": 5}


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        (SURE | {"median": 2.0, "low": 1.0, "high": 3.0}, "holds"),
        (SURE | {"median": 58.0, "low": 57.0, "high": 59.0}, "holds"),
        (SURE | {"median": 70.0, "low": 61.0, "high": 80.0}, "does not hold"),
        (SURE | {"median": 59.0, "low": 50.0, "high": 80.0}, "not measured"),
        # A single run, and few of them, tell only what is far from the limit; so do many in one engine start.
        ({"n": 1, "starts": 1, "median": 29.0, "low": None, "high": None}, "holds"),
        ({"n": 1, "starts": 1, "median": 58.0, "low": None, "high": None}, "not measured"),
        ({"n": 1, "starts": 1, "median": 62.0, "low": None, "high": None}, "not measured"),
        ({"n": 1, "starts": 1, "median": 121.0, "low": None, "high": None}, "does not hold"),
        ({"n": 4, "starts": 4, "median": 58.0, "low": 57.0, "high": 59.0}, "holds"),
        ({"n": 20, "starts": 2, "median": 58.0, "low": None, "high": None}, "not measured"),
        ({"n": 20, "starts": 2, "median": 28.0, "low": None, "high": None}, "holds"),
        # Without an engine start, nothing has run: it was looked at.
        ({"n": 1, "starts": 0, "median": 59.0, "low": None, "high": None}, "holds"),
        # A count has no noise of a clock.
        ({"n": 1, "starts": 1, "unit": "runs", "median": 61.0, "low": None, "high": None}, "does not hold"),
        ({"n": 0, "starts": 0, "median": None, "low": None, "high": None, "missing_because": "lost"}, "not measured"),
    ],
)
def test_a_number_settles_with_all_of_its_uncertainty(
    numbers: Mapping[str, Any], verdict: str, results: Results, settled: Callable[..., Settled]
) -> None:
    """One that is missing, or that may lie on either side of the limit, settles nothing."""
    changed = with_estimates(results, lambda row: numbers if row.workload == "chain_10" else {})
    assert settled(FAST, changed).verdict == verdict


@pytest.mark.parametrize(
    ("median", "verdict"), [(9.0, "holds"), (-9.0, "holds"), (-15.0, "not measured"), (-41.0, "does not hold")]
)
def test_a_single_run_may_be_below_zero(
    median: float, verdict: str, results: Results, settled: Callable[..., Settled]
) -> None:
    """Far from the limit is far from it on either side of zero."""
    one = {"n": 1, "starts": 1, "median": median, "low": None, "high": None}
    changed = with_estimates(results, lambda row: one if row.workload == "chain_10" else {})
    assert settled(FAST.replace("at_most = 60", "at_least = -20, at_most = 20"), changed).verdict == verdict


def test_the_evidence_says_of_how_many_runs_it_is(results: Results, settled: Callable[..., Settled]) -> None:
    """A single run is shown as one, and so is a single engine start."""

    def because(**numbers: Any) -> str:
        return settled(FAST, with_estimates(results, lambda row: numbers if row.workload == "chain_10" else {})).because

    assert "n=1" in because(n=1, starts=1, median=2.0, low=None, high=None)
    assert "1.50 .. 2.50" in because(n=3, starts=3, median=2.0, low=1.5, high=2.5)
    many = {"n": 9, "median": 2.0, "low": None, "high": None}
    assert because(starts=1, **many) != because(starts=2, **many)


def test_what_was_not_tried_settles_nothing(results: Results, settled: Callable[..., Settled]) -> None:
    """That no larger frame arrived is a limit of the tool only where a larger one was sent."""
    changed = with_estimates(results, lambda row: {"median": 0.001} if row.metric == "largest_ok_mb" else {})
    assert settled(SMALL.replace("value_1000kb", "value_100kb"), changed).verdict == "holds"
    assert settled(SMALL, changed).verdict == "not measured"


def test_a_failure_for_want_of_sound_runs_is_no_evidence(results: Results, settled: Callable[..., Settled]) -> None:
    """In the golden run, features came from the cache of another scenario: no gate is to blame for that."""
    said = {(answer.setup.orchestrator, answer.holds) for answer in settled(GATE).answers}
    assert said == {("airflow", None), ("prefect", None), ("dagster", True)}
    sound = with_checks(results, lambda row: {"verdict": "pass"} if row.check == "every_body_ran_once" else {})
    assert settled(GATE, sound).verdict == "depends on the tool"
