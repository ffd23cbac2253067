"""Many short tasks: who is picked, and what is told of chains, independent tasks, tuned settings and single starts."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from answers import at_service, cards, changed, estimate, facts, ratio, said, says, wait

from bench.plan.about import About
from bench.report.answer.short_tasks import short_tasks
from bench.store.rows import Estimate


def test_what_is_apart_is_named_alone() -> None:
    """The lowest cost wins where every other ratio lies beyond the noise."""
    rows = [estimate("prefect", 5.0), estimate("dagster", 50.0), estimate("plain", 0.01)]
    card = cards(estimates=rows, ratios=[ratio(rows[1], rows[0], apart=True, low=9.0)])["Many short tasks"]
    assert card.pick == "Prefect, at the library tier"
    assert says(card, "prefect/usual", "one process", "5.00 ms [4.75 .. 5.25 ms]")
    assert says(card, "dagster/usual", "one process", "50.0 ms", "10.0 times [9.00 .. 11.0]")
    assert "plain" not in said(card)


def test_what_is_not_apart_is_named_together() -> None:
    """Nobody wins by noise."""
    rows = [estimate("prefect", 5.0), estimate("dagster", 5.1), estimate("airflow", 50.0)]
    ratios = [ratio(rows[1], rows[0], apart=False, low=0.9), ratio(rows[2], rows[0], apart=True, low=9.0)]
    card = cards(estimates=rows, ratios=ratios)["Many short tasks"]
    assert card.pick == "Prefect or Dagster (not told apart), at the library tier"
    assert says(card, "dagster/usual", "not told apart")
    alike = cards(estimates=rows[:2], ratios=ratios[:1])["Many short tasks"]
    assert alike.pick == "No tool alone (none is told apart), at the library tier"


@pytest.mark.parametrize(("low", "alone"), [(1.5, False), (2.5, True)])
def test_one_engine_start_needs_a_factor_of_two(low: float, alone: bool) -> None:
    """A start's own bias is not known, so that only what is beyond any such bias is called a difference."""
    rows = [estimate("prefect", 5.0, starts=1), estimate("dagster", 15.0, starts=1)]
    card = cards(estimates=rows, ratios=[ratio(rows[1], rows[0], apart=None, low=low)])["Many short tasks"]
    assert ("none is told apart" not in card.pick) == alone
    assert says(card, "one engine start each")


def test_a_cost_below_zero_has_no_limit_to_tell() -> None:
    """Of a single run there is no interval, and one below zero limits nothing: the number is lost, and the page is not."""
    for row in (estimate("airflow", -3.0, n=1, low=None, high=None), estimate("airflow", -3.0, low=-4.0, high=-2.0)):
        card = cards(estimates=[row, estimate("dagster", 900.0)])["Many short tasks"]
        assert says(card, "airflow/usual", "dagster/usual")
        assert "at most" not in said(card)


def test_single_engine_starts_are_named() -> None:
    """Where some have one only, it is said whose."""
    rows = [estimate("prefect", 5.0, starts=1), estimate("dagster", 50.0)]
    assert says(cards(estimates=rows)["Many short tasks"], "one engine start of prefect/usual")


def test_what_is_lost_in_noise_still_leads() -> None:
    """A tool that is too cheap to be measured is not left out in favour of a dear one."""
    rows = [estimate("prefect", 0.5, low=-2.0, high=3.0), estimate("airflow", 900.0)]
    card = cards(estimates=rows)["Many short tasks"]
    assert card.pick == "Prefect, at the library tier"
    assert says(card, "lost in noise", "3.00 ms")
    assert "times" not in said(card)


def test_each_tool_is_told_of_as_it_usually_is_deployed() -> None:
    """Its other deployments are in the table, and the faster of them decides nothing."""
    rows = [estimate("prefect", 5.5), estimate("prefect", 5.0, deployment="other", usual=False), estimate("dagster", 50.0)]
    card = cards(estimates=rows, ratios=[ratio(rows[2], rows[0], apart=True, low=9.0)])["Many short tasks"]
    assert card.pick == "Prefect, at the library tier"
    assert says(card, "prefect/usual", "5.50 ms", "dagster/usual")
    assert "prefect/other" not in said(card)
    assert [str(row[0]) for row in card.rows] == [
        "prefect/other, library",
        "prefect/usual, library",
        "dagster/usual, library",
    ]


def independent(size: int, *seconds: float) -> list[Estimate]:
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
    assert says(card, "dagster/usual", "10 independent", "5.70 s")
    ratios[2] = changed(ratios[2], above_noise=False)
    close = cards(estimates=rows, ratios=ratios)["Many short tasks"]
    assert close.pick.endswith("; with 10 independent tasks, at the library tier: Dagster or Prefect (not told apart)")


def test_what_keeps_two_tools_together_is_told() -> None:
    """An interval without 1 that reaches into the noise of re-runs is shown with that noise."""
    rows = [estimate("prefect", 5.0), estimate("dagster", 7.0)]
    near = changed(ratio(rows[1], rows[0], apart=False, low=1.2), floor=0.204)
    assert says(cards(estimates=rows, ratios=[near])["Many short tasks"], "[1.20 ..", "20.4 %")
    assert not says(cards(estimates=rows, ratios=[changed(near, low=0.9)])["Many short tasks"], "20.4 %")


def test_the_same_leaders_are_not_named_twice() -> None:
    """Whichever of those that are not told apart comes first; the numbers are told all the same."""
    rows = [estimate("prefect", 5.0), estimate("dagster", 5.1), estimate("airflow", 60.0), *independent(10, 6.3, 6.2, 50.0)]
    ratios = [ratio(rows[1], rows[0], apart=False, low=0.9), ratio(rows[2], rows[0], apart=True, low=9.0)]
    ratios += [ratio(rows[3], rows[4], apart=False, low=0.9), ratio(rows[5], rows[4], apart=True, low=8.0)]
    card = cards(estimates=rows, ratios=ratios)["Many short tasks"]
    assert card.pick == "Prefect or Dagster (not told apart), at the library tier"
    assert says(card, "dagster/usual", "10 independent")


def test_the_most_independent_tasks_are_told_of_that_several_were_given() -> None:
    """A size that one tool alone was given compares with nothing."""
    rows = [estimate("prefect", 5.0), estimate("dagster", 50.0), *independent(4, 1.0, 2.0), *independent(10, 3.0, 4.0)]
    rows += [*independent(200, 9.0), *independent(10, 0.1)]
    rows[-1] = changed(rows[-1], deployment="other", usual=False)
    told = said(cards(estimates=rows)["Many short tasks"])
    span = "from the start of the first to the end of the last"
    assert f"prefect/usual (one process) is the fastest with 10 independent empty tasks, {span}: 3.00 s" in told
    assert "independent" not in said(cards(estimates=rows[:2])["Many short tasks"])


def test_tuned_settings_are_told_beside_the_default() -> None:
    """What the vendors offer for latency is told in the same place, with the wait that it is about."""
    tuned = {"profile": "tuned", "tier": "service", "n": 2, "starts": 2, "low": None, "high": None}
    rows = [estimate("prefect", 4.3, **tuned), estimate("airflow", 301.0, **tuned), estimate("plain", 0.1, **tuned)]
    card = at_service("prefect", "airflow", beside=rows, ranges=[wait("airflow", 0.4, 1.0, profile="tuned")])
    numbers = ("airflow/usual", "301 ms (n=2)", "400 ..", "1,000 ms, n=6")
    assert says(card, *numbers, "prefect/usual", "4.30 ms (n=2)", "-")
    assert "plain" not in said(card)
    assert "tuned" not in said(at_service("prefect", "airflow"))
    rows[0] = changed(rows[0], usual=False)
    assert "prefect/usual 4.30" not in said(at_service("prefect", "airflow", beside=rows))


def test_tuned_settings_alone_are_told_as_such() -> None:
    """A run of nothing else ranks the tools in these settings, and the pick says so; one tool alone has none beside it."""
    rows = [estimate(tool, ms, profile="tuned") for tool, ms in (("prefect", 4.3), ("airflow", 301.0))]
    card = cards(estimates=rows, ratios=[ratio(rows[1], rows[0], apart=True, low=9.0)])["Many short tasks"]
    assert card.pick == "Prefect, in low-latency settings, at the library tier"
    assert said(card).count("301 ms") == 1
    alone = cards(estimates=rows[1:])["Many short tasks"]
    assert "Airflow" not in alone.pick and says(alone, "airflow/usual", "301 ms")


def test_a_number_has_the_remark_of_its_tool() -> None:
    """It stands behind the ranking that has the number, for the deployment that it is about and no other."""
    rows = [estimate("prefect", 5.0), estimate("airflow", 900.0)]
    made = facts(estimates=rows)
    for remarks, is_told in (
        ({"usual.per_task_ms": "it sleeps"}, True),
        ({"per_task_ms": "it sleeps"}, True),
        ({"other.per_task_ms": "it sleeps"}, False),
        ({"usual.stock.per_task_ms": "it sleeps", "usual.per_task_ms": "it wakes"}, True),
        ({"usual.tuned.per_task_ms": "it sleeps"}, False),
        ({"makespan_s": "it sleeps"}, False),
    ):
        run = msgspec.structs.replace(made.run, tools={"airflow": About(remarks=remarks)})
        assert says(short_tasks(replace(made, run=run)), "airflow/usual", "it sleeps") == is_told


def test_a_cost_that_grows_with_the_chain_is_no_constant() -> None:
    """Where a task of a long chain takes longer than one of a short, the slope goes by our sizes, and that is said."""
    step = {"metric": "transition_ms"}
    rows = [estimate("prefect", 5.0), estimate("airflow", 108.0, unstable=["curved"])]
    rows += [estimate("airflow", ms, workload=f"chain_{size}", **step) for size, ms in ((10, 62.5), (200, 130.0))]
    ratios = [ratio(rows[1], rows[0], apart=True, low=19.0)]
    bent = cards(estimates=rows, ratios=ratios)["Many short tasks"]
    assert says(bent, "longer", "airflow/usual", "62.5 ms", "chain_10", "130 ms", "chain_200")
    for place, change in ((3, {"low": 60.0}), (3, {"low": None}), (2, {"high": None}), (1, {"unstable": ["spread"]})):
        doubtful = [changed(row, **change) if number == place else row for number, row in enumerate(rows)]
        assert "longer" not in said(cards(estimates=doubtful, ratios=ratios)["Many short tasks"])


def test_the_service_tier_comes_first() -> None:
    """What the tools' own servers do is what users live with; a call from a script is told beside it."""
    rows = [estimate(tool, ms, tier=tier) for tier in ("library", "service") for tool, ms in (("a", 5.0), ("b", 50.0))]
    ratios = [ratio(rows[1], rows[0], apart=True, low=9.0), ratio(rows[3], rows[2], apart=True, low=9.0)]
    card = cards(estimates=rows, ratios=ratios)["Many short tasks"]
    assert card.pick == "A, at both tiers"
    assert ["service" in str(each) for each in card.because] == [True]
    assert ["library" in str(each) for each in card.at_library_tier] == [True]
    ratios[1] = changed(ratios[1], above_noise=False)
    apart = cards(estimates=rows, ratios=ratios)["Many short tasks"]
    assert apart.pick == "No tool alone (none is told apart), at the service tier; a, at the library tier"


def test_few_starts_have_no_interval() -> None:
    """How many runs there were is said in its place."""
    rows = [estimate("prefect", 5.0, n=2, starts=2, low=None, high=None), estimate("dagster", 50.0)]
    card = cards(estimates=rows, ratios=[ratio(rows[1], rows[0], apart=True, low=9.0)])["Many short tasks"]
    assert says(card, "5.00 ms (n=2)")


def test_like_is_ranked_with_like() -> None:
    """Where several tools have a class of isolation, each class has a pick; a tool may stand in several."""
    common = {"tier": "service"}
    task = {**common, "apart": "tasks", "isolation": "a process per task"}
    run = {**common, "apart": "runs", "isolation": "a process per run"}
    rows = [
        estimate("airflow", 1000.0, **task),
        estimate("dagster", 1800.0, **task),
        estimate("prefect", 20.0, deployment="pool", usual=False, default=False, **task),
        estimate("prefect", 5.0, **run),
        estimate("dagster", 60.0, deployment="inside", usual=False, default=False, **run),
    ]
    ratios = [
        ratio(rows[0], rows[2], apart=True, low=45.0),
        ratio(rows[1], rows[2], apart=True, low=80.0),
        ratio(rows[4], rows[3], apart=True, low=11.0),
    ]
    card = cards(estimates=rows, ratios=ratios)["Many short tasks"]
    ways = [f"Prefect where each {what} has a process of its own" for what in ("task", "run")]
    assert card.pick == f"{', '.join(ways)}, at the service tier"
    first, second = (str(each) for each in list(card.because)[:2])
    assert "prefect/pool" in first and "airflow/usual" in first and "inside" not in first
    assert "prefect/usual" in second and "dagster/inside" in second and "airflow" not in second


def test_a_deployment_is_ranked_once_in_a_class() -> None:
    """The usual one stands for the tool where it belongs to the class."""
    task = {"tier": "service", "apart": "tasks"}
    rows = [
        estimate("airflow", 1000.0, **task),
        estimate("airflow", 900.0, deployment="other", usual=False, default=False, **task),
        estimate("dagster", 1800.0, **task),
    ]
    ratios = [ratio(rows[2], rows[0], apart=True, low=1.6)]
    card = cards(estimates=rows, ratios=ratios)["Many short tasks"]
    assert "airflow/other" not in str(next(iter(card.because)))


def test_which_of_two_other_deployments_is_faster_decides_nothing() -> None:
    """Neither is the usual one: the first by name stands for the tool, as in the ratios."""
    more = {"usual": False, "default": False, "apart": "runs"}
    rows = [
        estimate("airflow", 1000.0, apart="tasks"),
        estimate("prefect", 5.0, apart="runs"),
        estimate("airflow", 80.0, deployment="first", **more),
        estimate("airflow", 60.0, deployment="second", **more),
    ]
    card = cards(estimates=rows, ratios=[ratio(rows[2], rows[1], apart=True, low=11.0)])["Many short tasks"]
    assert says(card, "prefect/usual", "airflow/first") and "second" not in said(card)


def test_a_tool_that_is_alone_in_its_class_is_told_of() -> None:
    """It has nothing to be ranked with, and is not left out for that."""
    task = {"tier": "service", "apart": "tasks"}
    rows = [
        estimate("airflow", 1000.0, **task),
        estimate("dagster", 1800.0, **task),
        estimate("prefect", 5.0, tier="service", apart="runs"),
    ]
    ratios = [ratio(rows[1], rows[0], apart=True, low=1.6)]
    card = cards(estimates=rows, ratios=ratios)["Many short tasks"]
    assert card.pick.startswith("Airflow where each task") and "Prefect alone where each run" in card.pick
    assert says(card, "prefect/usual", "5.00 ms")


def test_what_is_for_debugging_is_in_no_class() -> None:
    """It is in the table, with a mark, and in no ranking, however fast it is."""
    here = {"apart": "nothing"}
    rows = [
        estimate("prefect", 5.0, **here),
        estimate("dagster", 50.0, **here),
        estimate("airflow", 1.0, deployment="dag_test", usual=False, **here),
    ]
    card = cards(estimates=rows, ratios=[ratio(rows[1], rows[0], apart=True, low=9.0)])["Many short tasks"]
    assert card.pick.startswith("Prefect where all is in one process")
    assert not says(card, "airflow/dag_test")
    (marked,) = [row for row in card.rows if "dag_test" in str(row[0])]
    assert "not ranked" in str(marked[1])


def wide(tool: str, seconds: float, **more: object) -> Estimate:
    """Return how long ten independent tasks took."""
    return estimate(tool, seconds, workload="fan_out_10", metric="first_to_last_s", unit="s", **more)


def test_independent_tasks_are_ranked_with_like_too() -> None:
    """Each class has a sentence; a class in which another tool leads than in chains is named by the pick, and no other."""
    task, run = {"apart": "tasks"}, {"apart": "runs"}
    inside = {"deployment": "inside", "usual": False, "default": False, **run}
    chains = [
        estimate("airflow", 1000.0, **task),
        estimate("dagster", 1800.0, **task),
        estimate("prefect", 5.0, **run),
        estimate("dagster", 60.0, **inside),
    ]
    spans = [
        wide("airflow", 9.0, **task),
        wide("dagster", 6.0, **task),
        wide("prefect", 0.04, **run),
        wide("dagster", 0.6, **inside),
    ]
    ratios = [
        ratio(chains[1], chains[0], apart=True, low=1.6),
        ratio(chains[3], chains[2], apart=True, low=11.0),
        ratio(spans[0], spans[1], apart=True, low=1.3),
        ratio(spans[3], spans[2], apart=True, low=14.0),
    ]
    card = cards(estimates=[*chains, *spans], ratios=ratios)["Many short tasks"]
    told = [str(each) for each in card.because if "independent" in str(each)]
    assert ["airflow" in each for each in told] == [True, False]
    assert ["prefect" in each for each in told] == [False, True]
    _, _, otherwise = card.pick.partition("; with 10 independent tasks")
    assert "Dagster where each task" in otherwise and "each run" not in otherwise


def test_a_pool_is_no_process_for_each_task() -> None:
    """Tasks that share processes pay for less, so they are ranked with none that do not."""
    rows = [
        estimate("airflow", 1000.0, apart="tasks"),
        estimate("dagster", 1800.0, apart="tasks"),
        estimate("prefect", 20.0, apart="pool"),
        wide("airflow", 9.0, apart="tasks"),
        wide("dagster", 6.0, apart="tasks"),
        wide("prefect", 0.2, apart="pool"),
    ]
    card = cards(estimates=rows, ratios=[ratio(rows[1], rows[0], apart=True, low=1.6)])["Many short tasks"]
    assert not [each for each in map(str, card.because) if "prefect" in each and "airflow" in each]
    assert "Prefect alone where" in card.pick and says(card, "20.0 ms") and says(card, "200 ms")
