"""The ends of a run: when the first screen tells of them, and how."""

from __future__ import annotations

from answers import at_service, cards, changed, estimate, lag, ratio, said, says, wait

from bench.store.rows import Estimate


def test_the_lag_is_that_of_a_run_of_one_task() -> None:
    """It grows with the graph, and a reader meets the same number in the bill of a run."""
    of_one = estimate("a", 0.05, tier="service", metric="finish_lag_s", unit="s", workload="chain_1", low=0.04, high=0.06)
    ends = [wait("a", 3.0, 9.0), wait("b", 3.0, 9.0), lag("a", 0.5), lag("b", 0.7)]
    assert says(at_service("b", "a", beside=[of_one], ranges=ends), "a/usual", "50.0 ms", "b/usual", "700 ms")


def test_waits_for_a_poll_are_a_range_and_no_order() -> None:
    """Where engines poll, all waits of the scenario stand there, by name: medians of two of them are draws of chance."""
    chance = [
        estimate(tool, 1.0, tier="service", metric="submit_to_first_s", unit="s", workload="chain_1", n=2) for tool in "ba"
    ]
    card = at_service(
        "b", "a", beside=chance, ranges=[wait("b", 3.44, 11.5), wait("a", 4.0, 9.0), lag("a", 1.5), lag("b", 0.1)]
    )
    assert says(card, "a/usual", "4.00 .. 9.00 s, n=6", "1.50 s", "b/usual", "3.44 .. 11.5 s, n=6", "100 ms")
    assert [str(row[3]) for row in card.rows] == ["3.44 .. 11.5 s, n=6", "4.00 .. 9.00 s, n=6"]
    assert str(card.rows[1][4]) == "1.50 s"


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


def with_waits_of_one_task(prefect: float, airflow: float) -> list[Estimate]:
    """Return what a task of a chain costs, and how long a run of one task waited before it."""
    one = {"metric": "submit_to_first_s", "workload": "chain_1", "unit": "s"}
    costs = [estimate("prefect", 5.0), estimate("airflow", 900.0)]
    return [*costs, estimate("prefect", prefect, **one), estimate("airflow", airflow, **one)]


def test_the_worst_of_all_runs_decides_whether_the_ends_are_told() -> None:
    """Also where the wait that is told is that of a run of one task, which is shorter than that of a long one."""
    rows = with_waits_of_one_task(prefect=0.1, airflow=0.3)
    ratios = [ratio(rows[1], rows[0], apart=True, low=150.0)]
    for longest, worst_lag, told in ((9.0, 0.02, True), (0.15, 0.02, False), (0.15, 0.5, True)):
        lags = [changed(lag(tool, 0.02, tier="library"), high=worst_lag) for tool in ("prefect", "airflow")]
        waits = [
            wait("prefect", 0.1, longest, tier="library", polls=False),
            wait("airflow", 0.2, 0.3, tier="library", polls=False),
        ]
        card = cards(estimates=rows, ratios=ratios, ranges=[*waits, *lags])["Many short tasks"]
        assert ("few" in said(card)) == told


def test_without_a_poll_the_wait_is_that_of_one_task() -> None:
    """Then it is no matter of chance, and grows with the graph; the lag does not, and a long one of the cheapest is told."""
    rows = with_waits_of_one_task(prefect=0.1, airflow=0.1)
    ranges = [wait(tool, 0.1, 9.0, tier="library", polls=False) for tool in ("prefect", "airflow")]
    ranges += [lag("prefect", 1.0, tier="library"), lag("airflow", 0.02, tier="library")]
    card = cards(estimates=rows, ratios=[ratio(rows[1], rows[0], apart=True, low=150.0)], ranges=ranges)["Many short tasks"]
    one = "100 ms [95.0 .. 105 ms]"
    assert says(card, "library", "airflow/usual", one, "20.0 ms", "prefect/usual", one, "1.00 s")
