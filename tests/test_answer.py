"""The first screen of a report claims what its data support, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from small_runs import made_up_record

from bench.report import answer
from bench.report.answer import Card
from bench.report.facts import Facts
from bench.scenarios import SCENARIOS
from bench.timeline import Timeline

Row = dict[str, Any]


def estimate(tool: str, median: float | None, **more: Any) -> Row:
    """Return a row of results.json: what a task of a chain costs, unless something else is said."""
    low, high, lack = (None, None, "lost") if median is None else (median * 0.95, median * 1.05, None)
    row = {
        "scenario": "overhead", "workload": "chain", "orchestrator": tool, "tier": "library", "profile": "stock",
        "deployment": "usual", "isolation": "one process", "metric": "per_task_ms", "unit": "ms", "better": "lower", "n": 20,
        "starts": 4, "usual": True, "median": median, "low": low, "high": high, "unstable": [], "missing_because": lack,
    }  # fmt: skip
    return row | more


def ratio(row: Row, best: Row, apart: bool | None, low: float) -> Row:
    """Return the ratio of one to the best."""
    against = {"against": best["orchestrator"], "against_deployment": best["deployment"], "against_profile": best["profile"]}
    value = row["median"] / best["median"]
    return row | against | {"ratio": value, "low": low, "high": value * 1.1, "above_noise": apart}


def check(tool: str, name: str, verdict: str = "pass", means: str = "native") -> Row:
    """Return a verdict."""
    scenario, _, its = name.partition(".")
    return {
        "scenario": scenario, "orchestrator": tool, "tier": "library", "profile": "stock", "deployment": "usual",
        "isolation": "one process", "check": its, "verdict": verdict, "because": "seen", "means": means,
    }  # fmt: skip


SIZES = {"chain": (1, 10, 200), "fan_out": (4, 10, 200)}


def cards(own: str | None = None, **results: Sequence[Mapping[str, Any]]) -> dict[str, Card]:
    """Return the cards by what they are about."""
    trials: list[Any] = [
        SimpleNamespace(
            scenario="overhead", family=family, workload=f"{family}_{size}", size=size, work_s=None, warmup=False
        )
        for family, sizes in SIZES.items()
        for size in sizes
    ]
    run = made_up_record(suite={"name": "s", "about": "a"}, own_workload=own)
    empty: dict[str, Any] = {name: [] for name in ("estimates", "ratios", "controls", "checks", "engines", "code")}
    facts = Facts(run, empty | results, [], [], trials, lambda _: Timeline())
    return {card.need.partition(",")[0]: card for card in answer.cards(facts)}


def said(card: Card) -> str:
    """Return its sentences."""
    return " ".join(str(each) for each in (*card.because, *card.at_library_tier))


def test_what_is_apart_is_named_alone() -> None:
    """The lowest cost wins where every other ratio lies beyond the noise."""
    rows = [estimate("prefect", 5.0), estimate("dagster", 50.0), estimate("plain", 0.01)]
    card = cards(estimates=rows, ratios=[ratio(rows[1], rows[0], apart=True, low=9.0)])["Many short tasks"]
    assert card.pick == "Prefect, at the library tier"
    assert "prefect/usual (one process) adds the least to an empty task of a chain: 5.00 ms [4.75 .. 5.25 ms]" in said(card)
    assert "dagster/usual (one process) 50.0 ms, 10.0 times [9.00 .. 11.0] as much" in said(card)
    assert "plain" not in said(card)


def test_what_is_not_apart_is_named_together() -> None:
    """Nobody wins by noise."""
    rows = [estimate("prefect", 5.0), estimate("dagster", 5.1), estimate("airflow", 50.0)]
    ratios = [ratio(rows[1], rows[0], apart=False, low=0.9), ratio(rows[2], rows[0], apart=True, low=9.0)]
    card = cards(estimates=rows, ratios=ratios)["Many short tasks"]
    assert card.pick == "Prefect or Dagster (not told apart), at the library tier"
    assert "dagster/usual (one process) is not told apart from it" in said(card)
    alike = cards(estimates=rows[:2], ratios=ratios[:1])["Many short tasks"]
    assert alike.pick == "No tool alone (none is told apart), at the library tier"


@pytest.mark.parametrize(("low", "alone"), [(1.5, False), (2.5, True)])
def test_one_engine_start_needs_a_factor_of_two(low: float, alone: bool) -> None:
    """A start's own bias is not known, so that only what is beyond any such bias is called a difference."""
    rows = [estimate("prefect", 5.0, starts=1), estimate("dagster", 15.0, starts=1)]
    card = cards(estimates=rows, ratios=[ratio(rows[1], rows[0], apart=None, low=low)])["Many short tasks"]
    assert ("none is told apart" not in card.pick) == alone
    assert "(one engine start each)" in said(card)


def test_a_cost_below_zero_has_no_limit_to_tell() -> None:
    """Of a single run there is no interval, and one below zero limits nothing: the number is lost, and the page is not."""
    for row in (estimate("airflow", -3.0, n=1, low=None, high=None), estimate("airflow", -3.0, low=-4.0, high=-2.0)):
        told = said(cards(estimates=[row, estimate("dagster", 900.0)])["Many short tasks"])
        assert "airflow/usual (one process) adds the least to an empty task of a chain: " in told
        assert "at most" not in told


def test_single_engine_starts_are_named() -> None:
    """Where some have one only, it is said whose."""
    rows = [estimate("prefect", 5.0, starts=1), estimate("dagster", 50.0)]
    assert "(one engine start of prefect/usual)" in said(cards(estimates=rows)["Many short tasks"])


def test_what_is_lost_in_noise_still_leads() -> None:
    """A tool that is too cheap to be measured is not left out in favour of a dear one."""
    rows = [estimate("prefect", 0.5, low=-2.0, high=3.0), estimate("airflow", 900.0)]
    card = cards(estimates=rows)["Many short tasks"]
    assert card.pick == "Prefect, at the library tier"
    assert "lost in noise, at most 3.00 ms" in said(card)
    assert "times" not in said(card)


def test_each_tool_is_told_of_as_it_usually_is_deployed() -> None:
    """Its other deployments are in the table, and the faster of them decides nothing."""
    rows = [estimate("prefect", 5.5), estimate("prefect", 5.0, deployment="other", usual=False), estimate("dagster", 50.0)]
    card = cards(estimates=rows, ratios=[ratio(rows[2], rows[0], apart=True, low=9.0)])["Many short tasks"]
    assert card.pick == "Prefect, at the library tier"
    assert "prefect/usual (one process) adds the least to an empty task of a chain: 5.50 ms" in said(card)
    assert "prefect/other" not in said(card)
    assert [str(row[0]) for row in card.rows] == [
        "prefect/other, library",
        "prefect/usual, library",
        "dagster/usual, library",
    ]


def independent(size: int, *seconds: float) -> list[Row]:
    """Return how long three tools took from the start of the first of so many independent tasks to the end of the last."""
    wide = {"workload": f"fan_out_{size}", "metric": "first_to_last_s", "unit": "s"}
    return [estimate(tool, each, **wide) for tool, each in zip(("prefect", "dagster", "airflow"), seconds, strict=False)]


def test_of_independent_tasks_another_may_lead() -> None:
    """Who adds the least to an empty task of a chain is not always the first with independent ones: the pick says so."""
    rows = [estimate("prefect", 5.0), estimate("dagster", 50.0), estimate("airflow", 60.0)]
    rows += independent(10, 6.3, 5.7, 50.0)
    ratios = [ratio(row, rows[0], apart=True, low=9.0) for row in rows[1:3]]
    ratios += [ratio(rows[3], rows[4], apart=True, low=1.05), ratio(rows[5], rows[4], apart=True, low=8.0)]
    card = cards(estimates=rows, ratios=ratios)["Many short tasks"]
    assert card.pick == "Prefect, at the library tier; with 10 independent tasks, at the library tier: Dagster"
    told = "takes the shortest for 10 independent empty tasks, from the first's start to the last's end"
    assert f"dagster/usual {told}: 5.70 s" in said(card)
    ratios[2] |= {"above_noise": False}
    close = cards(estimates=rows, ratios=ratios)["Many short tasks"]
    assert close.pick.endswith("; with 10 independent tasks, at the library tier: Dagster or Prefect (not told apart)")


def test_the_same_leaders_are_not_named_twice() -> None:
    """Whichever of those that are not told apart comes first; the numbers are told all the same."""
    rows = [estimate("prefect", 5.0), estimate("dagster", 5.1), estimate("airflow", 60.0), *independent(10, 6.3, 6.2, 50.0)]
    ratios = [ratio(rows[1], rows[0], apart=False, low=0.9), ratio(rows[2], rows[0], apart=True, low=9.0)]
    ratios += [ratio(rows[3], rows[4], apart=False, low=0.9), ratio(rows[5], rows[4], apart=True, low=8.0)]
    card = cards(estimates=rows, ratios=ratios)["Many short tasks"]
    assert card.pick == "Prefect or Dagster (not told apart), at the library tier"
    assert "dagster/usual takes the shortest for 10 independent empty tasks" in said(card)


def test_the_most_independent_tasks_are_told_of_that_several_were_given() -> None:
    """A size that one tool alone was given compares with nothing."""
    rows = [estimate("prefect", 5.0), estimate("dagster", 50.0), *independent(4, 1.0, 2.0), *independent(10, 3.0, 4.0)]
    rows += [*independent(200, 9.0), *independent(10, 0.1)]
    rows[-1] |= {"deployment": "other", "usual": False}
    told = said(cards(estimates=rows)["Many short tasks"])
    shortest = "prefect/usual takes the shortest for 10 independent empty tasks, from the first's start to the last's end"
    assert f"{shortest}: 3.00 s" in told
    assert "independent" not in said(cards(estimates=rows[:2])["Many short tasks"])


def test_tuned_settings_are_told_beside_the_default() -> None:
    """What the vendors offer for latency is told in the same place, with the wait that it is about."""
    tuned = {"profile": "tuned", "tier": "service", "n": 2}
    rows = [estimate("prefect", 4.3, **tuned), estimate("airflow", 301.0, **tuned), estimate("plain", 0.1, **tuned)]
    card = at_service("prefect", "airflow", beside=rows, ranges=[wait("airflow", 0.4, 1.0, profile="tuned")])
    lead = "a task of a chain adds, and the wait before the first is: airflow/usual"
    assert f"{lead} 301 ms [286 .. 316 ms, n=2] + (400 .." in said(card)
    assert "1,000 ms, n=6); prefect/usual 4.30 ms [4.08 .. 4.51 ms, n=2] + -." in said(card)
    assert "plain" not in said(card)
    assert "tuned" not in said(at_service("prefect", "airflow"))
    rows[0] |= {"usual": False}
    assert "prefect/usual 4.30" not in said(at_service("prefect", "airflow", beside=rows))


def test_tuned_settings_alone_are_told_as_such() -> None:
    """A run of nothing else has no pick, and numbers all the same."""
    rows = [estimate(tool, ms, profile="tuned") for tool, ms in (("prefect", 4.3), ("airflow", 301.0))]
    card = cards(estimates=rows)["Many short tasks"]
    assert card.pick == "Not measured in stock settings"
    assert "airflow/usual 301 ms" in said(card)


def test_a_cost_that_grows_with_the_chain_is_no_constant() -> None:
    """Where a task of a long chain takes longer than one of a short, the slope goes by our sizes, and that is said."""
    step = {"metric": "transition_ms"}
    rows = [estimate("prefect", 5.0), estimate("airflow", 108.0, unstable=["curved"])]
    rows += [estimate("airflow", ms, workload=f"chain_{size}", **step) for size, ms in ((10, 62.5), (200, 130.0))]
    ratios = [ratio(rows[1], rows[0], apart=True, low=19.0)]
    bent = (
        "A task takes longer in a longer chain: from one to the next airflow/usual takes 62.5 ms in chain_10 and 130 ms in"
    )
    assert f"{bent} chain_200." in said(cards(estimates=rows, ratios=ratios)["Many short tasks"])
    for place, change in ((3, {"low": 60.0}), (3, {"n": 2}), (2, {"n": 2}), (1, {"unstable": ["spread"]})):
        doubtful = [row | change if number == place else row for number, row in enumerate(rows)]
        assert "longer" not in said(cards(estimates=doubtful, ratios=ratios)["Many short tasks"])


def test_the_service_tier_comes_first() -> None:
    """What the tools' own servers do is what users live with; a call from a script is told beside it."""
    rows = [estimate(tool, ms, tier=tier) for tier in ("library", "service") for tool, ms in (("a", 5.0), ("b", 50.0))]
    ratios = [ratio(rows[1], rows[0], apart=True, low=9.0), ratio(rows[3], rows[2], apart=True, low=9.0)]
    card = cards(estimates=rows, ratios=ratios)["Many short tasks"]
    assert card.pick == "A, at both tiers"
    assert ["service" in str(each) for each in card.because] == [True]
    assert ["library" in str(each) for each in card.at_library_tier] == [True]
    ratios[1] |= {"above_noise": False}
    apart = cards(estimates=rows, ratios=ratios)["Many short tasks"]
    assert apart.pick == "No tool alone (none is told apart), at the service tier; a, at the library tier"


def wait(tool: str, low: float, high: float, **more: Any) -> Row:
    """Return between which values the waits of a tool's runs lay, at the service tier, by an engine that polls."""
    row = estimate(tool, (low + high) / 2, tier="service", metric="submit_to_first_s", unit="s", n=6)
    return row | {"low": low, "high": high, "polls": True, "workloads": 3} | more


def lag(tool: str, seconds: float, **more: Any) -> Row:
    """Return how long a tool's runs took to be called over, at the service tier."""
    return wait(tool, seconds, seconds, **{"metric": "finish_lag_s"} | more)


def at_service(*tools: str, beside: Sequence[Row] = (), ranges: Sequence[Row] = ()) -> Card:
    """Return the card of results in which the first tool adds the least to an empty task of a chain, at the service tier."""
    rows = [estimate(tool, 5.0 * 100**place, tier="service") for place, tool in enumerate(tools)]
    ratios = [ratio(row, rows[0], apart=True, low=50.0) for row in rows[1:]]
    return cards(estimates=[*rows, *beside], ratios=ratios, ranges=ranges)["Many short tasks"]


def test_waits_for_a_poll_are_a_range_and_no_order() -> None:
    """Where engines poll, all waits of the scenario stand there, by name: medians of two of them are draws of chance."""
    chance = [
        estimate(tool, 1.0, tier="service", metric="submit_to_first_s", unit="s", workload="chain_1", n=2) for tool in "ba"
    ]
    card = at_service(
        "b", "a", beside=chance, ranges=[wait("b", 3.44, 11.5), wait("a", 4.0, 9.0), lag("a", 1.5), lag("b", 0.1)]
    )
    assert "at the service tier the wait before the first task (with that for a poll) + from the last" in said(card)
    assert "a/usual (4.00 .. 9.00 s, n=6) + 1.50 s; b/usual (3.44 .. 11.5 s, n=6) + 100 ms." in said(card)
    assert [str(row[3]) for row in card.rows] == ["3.44 .. 11.5 s, n=6", "4.00 .. 9.00 s, n=6"]
    assert str(card.rows[1][4]) == "1.50 s [1.50 .. 1.50 s, n=6]"


def test_ends_that_change_nothing_are_not_told() -> None:
    """Who adds the least to a task, and waits and lags the shortest by the worst of its runs, is the first either way."""
    ends = [wait("prefect", 1.0, 2.0), wait("airflow", 2.1, 4.0), lag("prefect", 0.1), lag("airflow", 0.1)]
    assert "few" not in said(at_service("prefect", "airflow", ranges=ends))
    assert "few" in said(at_service("prefect", "airflow", ranges=[*ends[:2], lag("prefect", 0.3), lag("airflow", 0.1)]))
    assert "few" not in said(at_service("prefect", "airflow", ranges=ends[:2]))


def test_where_nobody_leads_the_ends_are_told() -> None:
    """There they decide."""
    rows = [estimate("prefect", 5.0, tier="service"), estimate("airflow", 5.1, tier="service")]
    ends = [wait("prefect", 1.0, 2.0), wait("airflow", 2.1, 4.0), lag("prefect", 0.1), lag("airflow", 0.1)]
    apart = [ratio(rows[1], rows[0], apart=told_apart, low=0.9) for told_apart in (False, True)]
    assert "few" in said(cards(estimates=rows, ratios=apart[:1], ranges=ends)["Many short tasks"])
    assert "few" not in said(cards(estimates=rows, ratios=apart[1:], ranges=ends)["Many short tasks"])


def test_the_worst_of_all_runs_decides_whether_the_ends_are_told() -> None:
    """Also where the wait that is told is that of a run of one task, which is shorter than that of a long one."""
    one = {"metric": "submit_to_first_s", "workload": "chain_1", "unit": "s"}
    rows = [
        estimate("prefect", 5.0),
        estimate("airflow", 900.0),
        estimate("prefect", 0.1, **one),
        estimate("airflow", 0.3, **one),
    ]
    ratios = [ratio(rows[1], rows[0], apart=True, low=150.0)]
    for longest, worst_lag, told in ((9.0, 0.02, True), (0.15, 0.02, False), (0.15, 0.5, True)):
        lags = [lag(tool, 0.02, tier="library") | {"high": worst_lag} for tool in ("prefect", "airflow")]
        waits = [
            wait("prefect", 0.1, longest, tier="library", polls=False),
            wait("airflow", 0.2, 0.3, tier="library", polls=False),
        ]
        card = cards(estimates=rows, ratios=ratios, ranges=[*waits, *lags])["Many short tasks"]
        assert ("few" in said(card)) == told


def test_without_a_poll_the_wait_is_that_of_one_task() -> None:
    """Then it is no matter of chance, and grows with the graph; the lag does not, and a long one of the cheapest is told."""
    one = {"metric": "submit_to_first_s", "workload": "chain_1", "unit": "s"}
    rows = [
        estimate("prefect", 5.0),
        estimate("airflow", 900.0),
        estimate("prefect", 0.1, **one),
        estimate("airflow", 0.1, **one),
    ]
    ranges = [wait(tool, 0.1, 9.0, tier="library", polls=False) for tool in ("prefect", "airflow")]
    ranges += [lag("prefect", 1.0, tier="library"), lag("airflow", 0.02, tier="library")]
    card = cards(estimates=rows, ratios=[ratio(rows[1], rows[0], apart=True, low=150.0)], ranges=ranges)["Many short tasks"]
    assert (
        "at the library tier the wait before the first task + from the last until the run is done: airflow/usual 100"
        in said(card)
    )
    assert "[95.0 .. 105 ms] + 20.0 ms; prefect/usual 100 ms [95.0 .. 105 ms] + 1.00 s." in said(card)


def test_a_training_is_not_over_with_its_last_step() -> None:
    """How long the tool takes to call it over is told beside the makespan, which ends with the last step."""
    train = {"scenario": "churn", "workload": "train", "unit": "s", "n": 1, "low": None, "high": None}
    numbers = {"first_to_last_s": 22.0, "between_steps_s": 11.0, "submit_to_first_s": 2.0, "finish_lag_s": 1.5}
    rows = [estimate("airflow", value, metric=metric, **train) for metric, value in numbers.items()]
    checks = [check("airflow", ASKED[0]), check("prefect", ASKED[0])]
    card = cards(estimates=[*rows, estimate("prefect", 1.0)], checks=checks)["A nightly training job"]
    lead = "A training at the library tier (one run each), from its first step to its last: "
    assert f"{lead}airflow/usual 22.0 s, of which 11.0 s without a step." in said(card)
    lead = "Its wait before the first step + from the last until the run is done: "
    assert f"{lead}airflow/usual 2.00 s + 1.50 s." in said(card)
    assert "draw" not in said(card)
    polled = wait("airflow", 1.0, 9.0, scenario="churn", tier="library")
    card = cards(estimates=[*rows, estimate("prefect", 1.0)], checks=checks, ranges=[polled])["A nightly training job"]
    assert "The wait is a draw, by the next poll." in said(card)
    card = cards(estimates=[*rows, estimate("prefect", 1.0)], checks=checks, ranges=[polled | {"polls": False}])[
        "A nightly training job"
    ]
    assert "draw" not in said(card)
    both = [row | {"tier": tier} for tier in ("library", "service") for row in rows]
    card = cards(estimates=[*both, estimate("prefect", 1.0)], checks=checks)["A nightly training job"]
    assert [str(each)[:30] for each in card.because].count("A training at the service tier") == 1
    assert ["at the library tier" in str(each) for each in card.at_library_tier] == [True, False]
    assert not any("at the library tier" in str(each) for each in card.because)


def test_few_runs_are_called_a_range() -> None:
    """Two runs have no 95 % interval that is worth the name."""
    rows = [estimate("prefect", 5.0, n=2), estimate("dagster", 50.0)]
    card = cards(estimates=rows, ratios=[ratio(rows[1], rows[0], apart=True, low=9.0)])["Many short tasks"]
    assert "5.00 ms [4.75 .. 5.25 ms, n=2]" in said(card)


ASKED = [check for needs in answer.TOPICS.values() for check in needs.values()]
CACHING = [*answer.TOPICS["caching"].values()]


def nightly(*checks: Row) -> Card:
    """Return the card on a nightly job."""
    rows = [estimate(tool, 1.0) for tool in dict.fromkeys(each["orchestrator"] for each in checks)]
    return cards(estimates=rows, checks=checks)["A nightly training job"]


def all_met(tool: str, but: Mapping[str, Row] | None = None) -> list[Row]:
    """Return the verdicts on a tool that meets all needs, with some of them replaced."""
    return [(but or {}).get(name, check(tool, name)) for name in ASKED]


def test_topics_are_counted_by_what_the_tool_does_itself() -> None:
    """What is written by hand, declared by the author, unsupported or failed is not met by the tool alone, and is shown."""
    checks = [check("prefect", name) for name in ASKED[:4]] + [check("airflow", ASKED[0])]
    checks += [check("airflow", ASKED[1], means="by_hand"), check("airflow", ASKED[2], means="declared")]
    checks += [check("airflow", ASKED[3], "fail")]
    card = nightly(*checks)
    assert card.pick == "Prefect, by what was measured"
    assert "The tools are not alike in retries and going on after a failure. All needs are met" in said(card)
    assert "written by hand or declared, in so many of 2 topics: Prefect 2, Airflow 0." in said(card)
    assert "Retries, of 3 needs alone: Prefect 3, Airflow 1 (1 by hand, 1 if declared)." in said(card)
    assert [str(row[1]) for row in card.rows] == ["yes", "by hand", "if declared", "no"]
    assert str(card.rows[0][0]) == "retries: a failed task is tried again as often as asked"
    assert "was not measured: scheduling" in said(card)


def test_one_feature_does_not_decide() -> None:
    """A topic of nine needs weighs no more than one of a single need, and is named where the tools differ in it."""
    without = {name: check("airflow", name, means="by_hand") for name in CACHING}
    card = nightly(*all_met("prefect"), *all_met("dagster"), *all_met("airflow", without))
    assert card.pick == "Dagster or Prefect for caching; otherwise alike in features"
    assert "in so many of 6 topics: Dagster 6, Prefect 6, Airflow 5." in said(card)
    assert (
        "alike in retries, going on after a failure, parallelism, parameters and composition, but not in caching."
        in said(card)
    )
    equal = nightly(*all_met("prefect"), *all_met("airflow"))
    assert equal.pick == "No difference in features"
    assert "not in" not in said(equal)
    assert "Caching" not in said(equal)


def test_it_is_said_whose_cache_it_is() -> None:
    """A cache of the tool's own, one that goes by what the author declares and one by hand are three things."""
    declared = {name: check("dagster", name, means="declared") for name in CACHING[2:4]}
    declared[CACHING[1]] = check("dagster", CACHING[1], "unsupported")
    by_hand = {name: check("airflow", name, means="by_hand") for name in CACHING}
    card = nightly(*all_met("prefect"), *all_met("dagster", declared), *all_met("airflow", by_hand))
    assert card.pick == "Prefect for caching; otherwise alike in features"
    assert "Prefect's own meets 9; Dagster's goes by what the author declares, and meets 6 alone, 2 if declared;" in said(
        card
    )
    assert "Airflow has none, and one was written by hand." in said(card)


def test_as_many_needs_are_not_the_same_needs() -> None:
    """Tools that meet one need each, but different ones, are not alike; and by hand is not by declaration."""
    checks = [check("prefect", ASKED[0]), check("prefect", ASKED[1], "fail")]
    checks += [check("airflow", ASKED[0], "fail"), check("airflow", ASKED[1])]
    assert "The tools are not alike in retries." in said(nightly(*checks))
    means = [check("prefect", ASKED[0], means="by_hand"), check("airflow", ASKED[0], means="declared")]
    assert "The tools are not alike in retries." in said(nightly(*means))


def test_without_the_scenario_nothing_is_said_of_whose_cache_it_is() -> None:
    """One need of another scenario does not tell."""
    checks = [check("prefect", CACHING[1]), check("airflow", CACHING[1], means="by_hand")]
    assert "Caching, of 1 need alone: Prefect 1, Airflow 0 (1 by hand)." in said(nightly(*checks))


def test_without_a_cache_nothing_is_stale_and_that_is_no_merit() -> None:
    """Who computes everything again computes again what has changed."""
    none = {CACHING[0]: check("airflow", CACHING[0], "unsupported")}
    card = nightly(*all_met("prefect"), *all_met("airflow", none))
    assert card.pick == "Prefect for caching; otherwise alike in features"
    assert "Airflow has none." in said(card)
    assert [str(row[1]) for row in card.rows[-9:]] == ["unsupported", *["no cache"] * 8]


def test_topics_that_differ_for_everybody_make_no_winner() -> None:
    """Where each has a topic of its own, none is picked."""
    lacks = [check("prefect", ASKED[3], "fail"), check("airflow", ASKED[0], "fail")]
    card = nightly(check("prefect", ASKED[0]), check("airflow", ASKED[3]), *lacks)
    assert card.pick == "No tool in all topics"


def test_what_one_tool_was_not_asked_counts_for_nobody() -> None:
    """A check that did not run is neither met nor missed."""
    checks = [check("prefect", ASKED[0]), check("airflow", ASKED[0]), check("airflow", ASKED[1])]
    card = nightly(*checks)
    assert card.pick == "No difference in features"
    assert [str(cell) for row in card.rows for cell in row[1:]] == ["yes", "yes"]


def test_one_deployment_that_can_is_enough() -> None:
    """Users take the deployment that does what they need."""
    checks = [check("airflow", ASKED[0], "unsupported"), check("airflow", ASKED[0]) | {"deployment": "other"}]
    checks += [check("prefect", ASKED[0], "fail")]
    card = nightly(*checks)
    assert [[str(cell) for cell in row[1:]] for row in card.rows] == [["yes", "no"]]


def test_each_need_is_a_check_that_there_is() -> None:
    """A renamed check does not fall out of the answer unseen."""
    known = {f"{name}.{each}" for name, scenario in SCENARIOS.items() for each in scenario.checks}
    assert set(ASKED) <= known
    assert {f"caching.{each}" for each in SCENARIOS["caching"].checks} <= set(CACHING)


def engine(tool: str, names: Sequence[str], by_choice: Sequence[str] = ()) -> Row:
    """Return what has to be kept running, and which of it a user can do without."""
    return {
        "orchestrator": tool, "tier": "service", "profile": "stock", "deployment": "usual", "isolation": "", "default": True,
        "starts": 1, "ready_s": 1.0, "services": len(names), "names": list(names), "processes": 5,
        "by_choice": list(by_choice), "needed": len(names) - len(by_choice),
        "idle_pss_mb": 500.0 if names else None, "ports": 1,
    }  # fmt: skip


def test_code_and_services_are_picked_apart() -> None:
    """The shortest code and the fewest services may be two tools; within a tenth two counts of lines are equal."""
    code = [{"orchestrator": tool, "scenario": "pipeline", "lines": n} for tool, n in (("a", 100), ("b", 105), ("c", 300))]
    engines = [engine("a", ["server", "worker", "x"]), engine("c", ["server"]), engine("plain", [])]
    rows = [estimate(tool, 1.0) for tool in ("a", "b", "c", "plain")]
    card = cards(estimates=rows, code=code, engines=engines)["The least code"]
    assert card.pick == "a or b for code; c for services"
    assert "c 1 (server); a 3 (server, worker, x)" in said(card)
    assert [str(cell) for cell in card.rows[-1]] == ["plain Python", "-", "0", "-"]


def test_a_service_of_our_choice_decides_nothing() -> None:
    """What the adapter starts though a user can do without it is named, and not counted."""
    engines = [engine("a", ["code-server", "daemon", "web"], ["code-server"]), engine("b", ["server", "worker"])]
    card = cards(estimates=[estimate("a", 1.0), estimate("b", 1.0)], engines=engines)["The least code"]
    assert card.pick == "a or b for services"
    assert "a 2 (daemon, web), and code-server by our choice; b 2 (server, worker)." in said(card)
    assert [str(row[2]) for row in card.rows] == ["2, and code-server by our choice", "2"]
    engines[0] |= {"by_choice": [], "needed": 3}
    alone = cards(estimates=[estimate("a", 1.0), estimate("b", 1.0)], engines=engines)["The least code"]
    assert alone.pick == "b for services"
    assert "choice" not in said(alone)


def test_the_style_that_was_counted_is_named() -> None:
    """Where a tool has two ways to write the pipelines, it is told which was counted, and how long the other is."""
    code = [{"orchestrator": tool, "scenario": "pipeline", "lines": n} for tool, n in (("a", 100), ("b", 200))]
    code[1] |= {"style": "classic"}
    rows = [estimate("a", 1.0), estimate("b", 1.0)]
    assert "a 100 lines; b 200 lines (classic)." in said(cards(estimates=rows, code=code)["The least code"])
    code[1] |= {"other_style": "a modern training", "other_lines": 150}
    card = cards(estimates=rows, code=code)["The least code"]
    assert "a 100 lines; b 200 lines (classic; 150 with a modern training)." in said(card)
    assert str(card.rows[1][1]) == "200 lines (classic; 150 with a modern training)"


def test_what_the_lines_leave_out_is_named() -> None:
    """A tool with one way to write them may have a remark as well."""
    code = [{"orchestrator": tool, "scenario": "pipeline", "lines": n} for tool, n in (("a", 100), ("b", 200))]
    code[0] |= {"style": "keeps nothing"}
    rows = [estimate("a", 1.0), estimate("b", 1.0)]
    assert "a 100 lines (keeps nothing); b 200 lines." in said(cards(estimates=rows, code=code)["The least code"])


def test_one_tool_may_have_the_least_of_both() -> None:
    """Then it is named once."""
    code = [{"orchestrator": tool, "scenario": "pipeline", "lines": n} for tool, n in (("a", 100), ("b", 200))]
    engines = [engine("a", ["server"]), engine("b", ["server", "worker"])]
    card = cards(estimates=[estimate("a", 1.0), estimate("b", 1.0)], code=code, engines=engines)["The least code"]
    assert card.pick == "a, for both"


def test_nothing_is_said_of_what_was_not_measured() -> None:
    """A run of plain Python alone, or of nothing, has no answer."""
    for estimates in ([], [estimate("plain", 1.0)], [estimate("prefect", 1.0)]):
        for card in cards(estimates=estimates).values():
            assert (card.pick, list(card.because)) == (answer.NOT_MEASURED, [])


def test_the_readers_own_workload_comes_first() -> None:
    """Who measured a graph of their own reads of it first: as it runs on the tools' servers, in their default settings."""
    mine = {"workload": "mine", "metric": "makespan_s", "unit": "s"}
    rows = [
        estimate(tool, s, tier=tier, **mine)
        for tier in ("library", "service")
        for tool, s in (("prefect", 5.0), ("a", 50.0))
    ]
    rows += [estimate("prefect", 4.0, profile="tuned", **mine), estimate("a", 3.0, deployment="other", usual=False, **mine)]
    ratios = [ratio(rows[1], rows[0], apart=True, low=9.0), ratio(rows[3], rows[2], apart=True, low=9.0)]
    found = cards(own="mine", estimates=rows, ratios=ratios)
    assert next(iter(found)) == "Your workload mine"
    card = found["Your workload mine"]
    assert card.pick == "Prefect, at the service tier; Prefect, at the library tier"
    assert [str(each)[:58] for each in card.because] == [
        f"At the {tier} tier prefect/usual takes the shortest: 5.00" for tier in ("service", "library")
    ]
    assert "tuned" not in said(card) and "other" not in said(card)
    assert {str(row[0]) for row in card.rows} >= {"prefect/usual, tuned, library", "a/other, library"}


def test_one_tool_alone_is_compared_with_nothing() -> None:
    """Its numbers are in the table; a workload that nothing was measured of is said to be so."""
    mine = {"workload": "mine", "metric": "makespan_s", "unit": "s"}
    alone = cards(own="mine", estimates=[estimate("prefect", 5.0, **mine)])["Your workload mine"]
    assert (alone.pick, len(alone.rows)) == ("No two tools to compare", 1)
    assert cards(own="mine", estimates=[estimate("prefect", 5.0)])["Your workload mine"].pick == answer.NOT_MEASURED
