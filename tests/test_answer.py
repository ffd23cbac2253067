"""The first screen of a report claims what its data support, and nothing else."""

from __future__ import annotations

from answers import cards, estimate, ratio, said

from bench.report import answer


def test_nothing_is_said_of_what_was_not_measured() -> None:
    """A run of plain Python alone, or of nothing, has no answer."""
    for estimates in ([], [estimate("plain", 1.0)], [estimate("prefect", 1.0)]):
        for card in cards(estimates=estimates).values():
            assert (card.pick, list(card.because)) == (answer.NOT_MEASURED, [])


def test_the_readers_own_workload_comes_first() -> None:
    """Who measured a graph of their own reads of it first: as it runs on the tools' servers, in their default settings."""
    mine = {"workload": "mine", "metric": "first_to_last_s", "unit": "s"}
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
    for tier, sentence in zip(("service", "library"), card.because, strict=True):
        assert f"At the {tier} tier" in str(sentence) and "prefect/usual (one process) is the fastest" in str(sentence)
    assert "tuned" not in said(card) and "other" not in said(card)
    assert {str(row[0]) for row in card.rows} >= {"prefect/usual, tuned, library", "a/other, library"}


def test_one_tool_alone_is_compared_with_nothing() -> None:
    """Its numbers are in the table; a workload that nothing was measured of is said to be so."""
    mine = {"workload": "mine", "metric": "first_to_last_s", "unit": "s"}
    alone = cards(own="mine", estimates=[estimate("prefect", 5.0, **mine)])["Your workload mine"]
    assert (alone.pick, len(alone.rows)) == ("No two tools to compare", 1)
    assert cards(own="mine", estimates=[estimate("prefect", 5.0)])["Your workload mine"].pick == answer.NOT_MEASURED


def test_a_workload_of_ones_own_is_ranked_with_like() -> None:
    """A tool that keeps tasks apart is not called slower than one that does not; a tool without a rival is told of alone."""
    mine = {"workload": "mine", "metric": "first_to_last_s", "unit": "s"}
    rows = [estimate(tool, s, apart="tasks", **mine) for tool, s in (("airflow", 5.0), ("dagster", 50.0))]
    rows.append(estimate("prefect", 0.5, apart="runs", **mine))
    card = cards(own="mine", estimates=rows, ratios=[ratio(rows[1], rows[0], apart=True, low=9.0)])["Your workload mine"]
    assert "Airflow where each task" in card.pick and "Prefect alone where each run" in card.pick
    assert ["prefect" in str(each) for each in card.because] == [False, True]


def test_a_run_of_ones_own_workload_has_no_table_of_another() -> None:
    """Nothing stands below a card that says that nothing was measured."""
    mine = {"workload": "mine", "metric": "first_to_last_s", "unit": "s", "tier": "service"}
    rows = [estimate(tool, 5.0, **mine) for tool in ("prefect", "dagster")]
    card = cards(own="mine", estimates=rows)["Many short tasks"]
    assert (card.pick, card.below) == (answer.NOT_MEASURED, None)
    rows = [estimate(tool, 5.0, tier="service") for tool in ("prefect", "dagster")]
    assert cards(estimates=rows)["Many short tasks"].below
