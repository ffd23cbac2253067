"""A nightly training job: which needs a tool meets alone, and how long a training takes."""

from __future__ import annotations

from collections.abc import Mapping

from answers import cards, changed, check, estimate, said, says, wait

from bench.report import answer
from bench.report.answer import Card
from bench.scenarios import SCENARIOS
from bench.store.rows import Check

ASKED = [check for needs in answer.TOPICS.values() for check in needs.values()]


CACHING = [*answer.TOPICS["caching"].values()]

RETRIES = [*answer.TOPICS["retries"].values()]

GOING_ON = next(iter(answer.TOPICS["going on after a failure"].values()))


def nightly(*checks: Check) -> Card:
    """Return the card on a nightly job."""
    rows = [estimate(tool, 1.0) for tool in dict.fromkeys(each.setup.orchestrator for each in checks)]
    return cards(estimates=rows, checks=checks)["A nightly training job"]


def all_met(tool: str, but: Mapping[str, Check] | None = None) -> list[Check]:
    """Return the verdicts on a tool that meets all needs, with some of them replaced."""
    return [(but or {}).get(name, check(tool, name)) for name in ASKED]


def test_a_training_is_not_over_with_its_last_step() -> None:
    """How long the tool takes to call it over is told beside the makespan, which ends with the last step."""
    train = {"scenario": "churn", "workload": "train", "unit": "s", "n": 1, "low": None, "high": None}
    numbers = {"first_to_last_s": 22.0, "between_steps_s": 11.0, "submit_to_first_s": 2.0, "finish_lag_s": 1.5}
    rows = [estimate("airflow", value, metric=metric, **train) for metric, value in numbers.items()]
    checks = [check("airflow", ASKED[0]), check("prefect", ASKED[0])]
    card = cards(estimates=[*rows, estimate("prefect", 1.0)], checks=checks)["A nightly training job"]
    assert says(card, "library", "one run", "airflow/usual", "22.0 s", "11.0 s")
    assert says(card, "airflow/usual", "2.00 s", "1.50 s")
    assert "chance" not in said(card)
    polled = wait("airflow", 1.0, 9.0, scenario="churn", tier="library")
    card = cards(estimates=[*rows, estimate("prefect", 1.0)], checks=checks, ranges=[polled])["A nightly training job"]
    assert says(card, "chance")
    card = cards(estimates=[*rows, estimate("prefect", 1.0)], checks=checks, ranges=[changed(polled, polls=False)])[
        "A nightly training job"
    ]
    assert "chance" not in said(card)
    both = [changed(row, tier=tier) for tier in ("library", "service") for row in rows]
    card = cards(estimates=[*both, estimate("prefect", 1.0)], checks=checks)["A nightly training job"]
    assert any("service" in str(each) for each in card.because)
    assert ["at the library tier" in str(each) for each in card.at_library_tier] == [True, False]
    assert not any("at the library tier" in str(each) for each in card.because)


def test_without_a_need_there_is_no_pick_but_the_times() -> None:
    """A run may have trainings and none of the scenarios that the needs are taken from."""
    times = {"scenario": "churn", "workload": "train", "metric": "first_to_last_s", "unit": "s"}
    card = cards(estimates=[estimate(tool, 5.0, **times) for tool in ("airflow", "prefect")])["A nightly training job"]
    assert not {"Airflow", "Prefect"} & set(card.pick.split())
    assert says(card, "airflow/usual", "5.00 s [4.75 .. 5.25 s]", "prefect/usual")
    assert cards(estimates=[estimate("airflow", 5.0, **times)])["A nightly training job"].pick == answer.NOT_MEASURED


def test_a_need_that_failed_somewhere_is_not_met() -> None:
    """A user may choose the deployment that has a feature, but not the run in which it works."""
    asked = [check("prefect", name) for name in RETRIES]
    by_verdict = {}
    for verdict in ("unsupported", "fail"):
        other = changed(check("airflow", RETRIES[0], verdict), tier="service")
        card = nightly(*asked, *(check("airflow", name) for name in RETRIES), other)
        by_verdict[verdict] = card.pick
    assert by_verdict == {"unsupported": "No difference in features", "fail": "Prefect, by what was measured"}


def test_topics_are_counted_by_what_the_tool_does_itself() -> None:
    """What is written by hand, declared by the author, unsupported or failed is not met by the tool alone, and is shown."""
    checks = [check("prefect", name) for name in [*RETRIES, GOING_ON]] + [check("airflow", RETRIES[0])]
    checks += [check("airflow", RETRIES[1], means="by_hand"), check("airflow", RETRIES[2], means="declared")]
    checks += [check("airflow", RETRIES[3], means="opt_in"), check("airflow", GOING_ON, "fail")]
    card = nightly(*checks)
    assert card.pick == "Prefect, by what was measured"
    assert says(card, "not alike", "retries", "going on after a failure", "2", "Prefect 2", "Airflow 0")
    assert says(card, "Retries", "4", "Prefect 4", "Airflow 2", "1 by hand", "1 if declared")
    assert [str(row[1]) for row in card.rows] == ["yes", "by hand", "if declared", "opt-in", "no"]
    assert str(card.rows[0][0]).startswith("retries")
    assert says(card, "not measured", "scheduling")


def test_one_feature_does_not_decide() -> None:
    """A topic of ten needs weighs no more than one of a single need, and is named where the tools differ in it."""
    without = {name: check("airflow", name, means="by_hand") for name in CACHING}
    card = nightly(*all_met("prefect"), *all_met("dagster"), *all_met("airflow", without))
    assert card.pick == "Dagster or Prefect for caching; otherwise alike in features"
    assert says(card, "6", "Dagster 6", "Prefect 6", "Airflow 5")
    assert says(card, "alike", "retries", "going on after a failure", "parallelism", "composition", "not", "caching")
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
    assert says(card, "Prefect", "own", "10", "Dagster", "7", "2 more", "declares", "Airflow", "none", "by hand")


def test_what_a_documented_argument_asks_for_is_the_tools_own() -> None:
    """A tool that is asked by an argument meets the need as one does that need not be asked, and the table says so."""
    asked = {name: check("prefect", name, means="opt_in") for name in ASKED}
    card = nightly(*all_met("airflow"), *all_met("prefect", asked))
    assert card.pick == "No difference in features"
    assert {(str(row[1]), str(row[2])) for row in card.rows} == {("yes", "opt-in")}


def test_what_does_not_arise_counts_for_nobody() -> None:
    """A need that cannot be put to a tool makes it neither better nor worse, and is in no denominator of the tool's."""
    left_out = {name: check("dagster", name, "not_applicable") for name in CACHING[-2:]}
    card = nightly(*all_met("prefect"), *all_met("dagster", left_out))
    assert card.pick == "No difference in features"
    assert [str(row[1]) for row in card.rows[-2:]] == ["not applicable"] * 2
    lacks = {CACHING[2]: check("dagster", CACHING[2], "fail")}
    card = nightly(*all_met("prefect"), *all_met("dagster", left_out | lacks))
    assert card.pick == "Prefect for caching; otherwise alike in features"
    assert says(card, "10", "Prefect", "10", "Dagster", "7 of 8")
    # Eight of eight are more than nine of ten.
    card = nightly(*all_met("prefect", {CACHING[2]: check("prefect", CACHING[2], "fail")}), *all_met("dagster", left_out))
    assert card.pick == "Dagster for caching; otherwise alike in features"


def test_as_many_needs_are_not_the_same_needs() -> None:
    """Tools that meet one need each, but different ones, are not alike; and by hand is not by declaration."""
    checks = [check("prefect", ASKED[0]), check("prefect", ASKED[1], "fail")]
    checks += [check("airflow", ASKED[0], "fail"), check("airflow", ASKED[1])]
    assert says(nightly(*checks), "not alike", "retries")
    means = [check("prefect", ASKED[0], means="by_hand"), check("airflow", ASKED[0], means="declared")]
    assert says(nightly(*means), "not alike", "retries")


def test_without_the_scenario_nothing_is_said_of_whose_cache_it_is() -> None:
    """One need of another scenario does not tell."""
    checks = [check("prefect", CACHING[1]), check("airflow", CACHING[1], means="by_hand")]
    assert says(nightly(*checks), "Caching", "1", "Prefect 1", "Airflow 0", "1 by hand")


def test_without_a_cache_nothing_is_stale_and_that_is_no_merit() -> None:
    """Who computes everything again computes again what has changed."""
    none = {CACHING[0]: check("airflow", CACHING[0], "unsupported")}
    card = nightly(*all_met("prefect"), *all_met("airflow", none))
    assert card.pick == "Prefect for caching; otherwise alike in features"
    assert says(card, "Airflow", "none")
    assert [str(row[1]) for row in card.rows[-10:]] == ["unsupported", *["no cache"] * 9]


def test_topics_that_differ_for_everybody_make_no_winner() -> None:
    """Where each has a topic of its own, none is picked."""
    lacks = [check("prefect", GOING_ON, "fail"), check("airflow", RETRIES[0], "fail")]
    card = nightly(check("prefect", RETRIES[0]), check("airflow", GOING_ON), *lacks)
    assert card.pick == "No tool in all topics"


def test_what_one_tool_was_not_asked_counts_for_nobody() -> None:
    """A check that did not run is neither met nor missed."""
    checks = [check("prefect", ASKED[0]), check("airflow", ASKED[0]), check("airflow", ASKED[1])]
    card = nightly(*checks)
    assert card.pick == "No difference in features"
    assert [str(cell) for row in card.rows for cell in row[1:]] == ["yes", "yes"]


def test_one_deployment_that_can_is_enough() -> None:
    """Users take the deployment that does what they need."""
    checks = [check("airflow", ASKED[0], "unsupported"), changed(check("airflow", ASKED[0]), deployment="other")]
    checks += [check("prefect", ASKED[0], "fail")]
    card = nightly(*checks)
    assert [[str(cell) for cell in row[1:]] for row in card.rows] == [["yes", "no"]]


def test_each_need_is_a_check_that_there_is() -> None:
    """A renamed check does not fall out of the answer unseen."""
    known = {f"{name}.{each}" for name, scenario in SCENARIOS.items() for each in scenario.checks}
    assert set(ASKED) <= known
    assert {f"caching.{each}" for each in SCENARIOS["caching"].checks} <= set(CACHING)
