"""Curves of a scenario: each point is a row of the results, over what was recorded of its workload."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from answers import changed, estimate, ratio, results
from drawings import places, texts
from small_runs import made_up_record, recorded

from bench.events.timeline import Timeline
from bench.plan.setup import Setup
from bench.report.charts import Curve, Scales
from bench.report.facts import Facts
from bench.report.scaling import scaling
from bench.scenarios import SCENARIOS, Capacity, Case
from bench.store.records import TrialRecord
from bench.store.rows import Estimate

Drawn = dict[str, dict[str, Any]]
"""What was asked to be drawn: by the title, its curves by their label, and the rest."""

TOOLS = ("airflow", "dagster", "plain", "prefect")


def cases_of(scenario: str, widths: Sequence[int] = (2,), lanes: int = 2, **options: Any) -> list[tuple[int, Case]]:
    """Return what a suite with those options would run, each with its width."""
    its = SCENARIOS[scenario]
    return [(width, case) for width in widths for case in its.cases(its.parse(options), Capacity(width, lanes, 1000.0))]


def facts_of(scenario: str, cases: Sequence[tuple[int, Case]], **tables: Sequence[Any]) -> Facts:
    """Return the facts of a run of those cases, the last of them first; the run's own width is 2."""
    trials = [
        TrialRecord(
            id=case.name, scenario=scenario, workload=case.name, axes=dict(case.axes),
            setup=Setup("plain", "library", "stock", "usual", "one process"), start="1", round=1,
            repeat=1, width=None if width == 2 else width, end="over",
        )
        for width, case in reversed(cases)
    ]  # fmt: skip
    run = made_up_record(cases=recorded(*(case for _, case in cases)))
    return Facts(run, results(**tables), [], [], trials, lambda _: Timeline())


def rows_of(scenario: str, metric: str, cases: Sequence[tuple[int, Case]], tools: Sequence[str] = TOOLS) -> list[Estimate]:
    """Return a row for each tool and case, no two with the same median."""
    return [
        estimate(tool, float(number), scenario=scenario, workload=case.name, metric=metric, unit="s")
        for number, (tool, (_, case)) in enumerate(itertools.product(tools, cases), 1)
    ]


def seen_in_plain(cases: Sequence[tuple[int, Case]]) -> list[Estimate]:
    """Return the rows of a machine that is twice as fast as it was taken for: each body takes half of what was planned."""
    common: dict[str, Any] = {"scenario": "overhead", "metric": "body_s", "unit": "s"}
    return [
        estimate("plain", float(case.axes["work_s"]) / 2, workload=case.name, **common)
        for _, case in cases
        if "work_s" in case.axes
    ]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """Return what is asked to be drawn from now on."""
    asked: Drawn = {}

    def curves(title: str, scales: Scales, curves: Sequence[Curve], note: str) -> str:
        asked[title] = {"scales": scales, "curves": {each.label: each for each in curves}, "note": note}
        return title

    monkeypatch.setattr("bench.report.scaling.curves", curves)
    return asked


def test_the_way_of_a_frame_is_drawn_over_its_size(drawn: Drawn) -> None:
    """A chart for each way, a curve for each tool, and every row is a point of one; a slope per MB is drawn over kB."""
    cases = cases_of("payload", sizes_kb=[1, 1000, 64_000])
    rows = rows_of("payload", "passing_s", [each for each in cases if not each[1].axes["watched"]])
    per_mb = estimate("airflow", 20.0, scenario="payload", workload="store", metric="per_mb_ms")
    scaling(facts_of("payload", cases, estimates=[*rows, per_mb]), "payload", "library")
    assert [title.partition(":")[0] for title in drawn] == ["value", "store", "file"]
    by_name = {(row.setup.orchestrator, row.workload): row for row in rows}
    for title, chart in drawn.items():
        way = title.partition(":")[0]
        assert list(chart["curves"]) == [f"{tool}/usual" for tool in TOOLS]
        for label, curve in chart["curves"].items():
            its = [by_name[label.partition("/")[0], f"{way}_{size}kb"] for size in (1, 1000, 64_000)]
            expected = [(size, row.median, row.low, row.high) for size, row in zip((1, 1000, 64_000), its, strict=True)]
            assert curve.points == expected
            is_airflow = label.startswith("airflow") and way == "store"
            assert (curve.line and curve.line[0]) == (pytest.approx(0.02 / 1000) if is_airflow else None)


def test_time_is_drawn_over_the_width(drawn: Drawn) -> None:
    """Also where the width is the run's own, which its records do not repeat."""
    cases = cases_of("parallelism", widths=[1, 2, 4], kinds=["fanned", "computing", "five_models"])
    rows = rows_of("parallelism", "first_to_last_s", cases, ["prefect"])
    scaling(facts_of("parallelism", cases, estimates=rows), "parallelism", "library")
    assert [title.partition(":")[0] for title in drawn] == ["fanned", "computing", "five_models"]
    medians = {row.workload: row.median for row in rows}
    for title, chart in drawn.items():
        kind = title.partition(":")[0]
        points = chart["curves"]["prefect/usual"].points
        assert [point[:2] for point in points] == [(width, medians[f"{kind}_w{width}"]) for width in (1, 2, 4)]


def test_one_point_is_no_curve(drawn: Drawn) -> None:
    """A tool with a single value is left out, and so is a chart that has no other; a missing value is no point."""
    cases = cases_of("parallelism", widths=[1, 2], kinds=["fanned", "computing"])
    common: dict[str, Any] = {"scenario": "parallelism", "metric": "first_to_last_s", "unit": "s"}
    rows = [
        estimate("airflow", 4.0, workload="fanned_w2", **common),
        estimate("dagster", 5.0, workload="fanned_w1", **common),
        estimate("dagster", None, workload="fanned_w2", **common),
        estimate("prefect", 3.0, workload="fanned_w1", **common),
        estimate("prefect", 2.0, workload="fanned_w2", **common),
        estimate("prefect", 1.0, workload="computing_w2", **common),
    ]
    scaling(facts_of("parallelism", cases, estimates=rows), "parallelism", "library")
    assert [list(chart["curves"]) for chart in drawn.values()] == [["prefect/usual"]]


def test_time_is_drawn_over_the_tasks_with_its_line(drawn: Drawn) -> None:
    """The line has the slope of the results, in milliseconds, and goes through the middle of the points."""
    cases = cases_of("overhead", sizes={"chain": [1, 10, 200], "fan_in": [50]})
    line = [
        estimate("airflow", 100.0, metric="per_task_ms"),
        estimate("prefect", None, metric="per_task_ms"),
    ]
    rows = rows_of("overhead", "first_to_last_s", cases, ["airflow", "prefect"])
    scaling(facts_of("overhead", cases, estimates=[*rows, *line]), "overhead", "library")
    (chart,) = drawn.values()
    assert [x for x, *_ in chart["curves"]["airflow/usual"].points] == [1, 10, 200]
    assert {label: curve.line for label, curve in chart["curves"].items()} == {
        "airflow/usual": (0.1, pytest.approx(0.9)),
        "prefect/usual": None,
    }


def test_metg_is_where_the_ratio_to_plain_is_two(drawn: Drawn) -> None:
    """Over what a task took in plain Python stand the ratios to its time: none to the best tool's, and none of its own."""
    cases = cases_of("overhead", sizes={}, sweep_ms=[2, 30], sweep_depth=5)
    rows = rows_of("overhead", "period_s", cases)
    bodies = seen_in_plain(cases)
    by_tool = {tool: [row for row in rows if row.setup.orchestrator == tool] for tool in TOOLS}
    ratios = [
        ratio(row, best, apart=True, low=0.1)
        for against in ("plain", "prefect")
        for tool in TOOLS
        for row, best in zip(by_tool[tool], by_tool[against], strict=True)
        if tool != against
    ]
    drawings = scaling(facts_of("overhead", cases, estimates=[*rows, *bodies], ratios=ratios), "overhead", "library")
    assert len(drawings) == 1
    ((title, chart),) = drawn.items()
    assert title.startswith("METG(50 %)") and chart["scales"].unit == "x" and chart["scales"].level.at == 2
    assert list(chart["curves"]) == [f"{tool}/usual, lanes_2x5" for tool in ("airflow", "dagster", "prefect")]
    for label, curve in chart["curves"].items():
        its = [row for row in ratios if row.setup.orchestrator == label.partition("/")[0] and row.against == "plain"]
        expected = [(ms, row.ratio, row.low, row.high) for ms, row in zip((1, 15), its, strict=True)]
        assert curve.points == expected


def test_flat_is_a_level_of_nesting(drawn: Drawn) -> None:
    """The chart of the nested pipelines has a place for zero."""
    cases = cases_of("composition")
    scaling(
        facts_of("composition", cases, estimates=rows_of("composition", "first_to_last_s", cases)), "composition", "library"
    )
    (chart,) = drawn.values()
    assert not chart["scales"].log_x
    assert [[x for x, *_ in curve.points] for curve in chart["curves"].values()] == [[0, 1, 2, 3]] * len(TOOLS)


@pytest.mark.parametrize(
    ("runs", "note"),
    [
        ((3, 5), "Bars: 95 % intervals"),
        ((2, 5), "Bars: 95 % intervals; without one: fewer than 3 engine starts"),
        ((1, 2), "No bars: fewer than 3 engine starts"),
        ((1, 1), "Each point is a single run"),
    ],
)
def test_a_chart_says_what_its_bars_are(drawn: Drawn, runs: tuple[int, int], note: str) -> None:
    """Two engine starts have no interval, and neither has a single run."""
    cases = cases_of("overhead", sizes={"chain": [1, 10]})
    rows = rows_of("overhead", "first_to_last_s", cases, ["prefect"])
    counted = [
        changed(row, n=n, starts=n, **({"low": None, "high": None} if n < 3 else {}))
        for row, n in zip(rows, runs, strict=True)
    ]
    scaling(facts_of("overhead", cases, estimates=counted), "overhead", "library")
    assert [chart["note"] for chart in drawn.values()] == [note]


def test_another_tier_and_another_scenario_have_no_curves() -> None:
    """What was measured at one tier is drawn there only, and a scenario with one size of everything has nothing to draw."""
    cases = cases_of("payload")
    facts = facts_of("payload", cases, estimates=rows_of("payload", "passing_s", cases))
    assert scaling(facts, "payload", "service") == scaling(facts, "retries", "library") == []


def test_each_curve_has_an_id_of_its_own_on_the_page() -> None:
    """The charts of a place have as many different keys as curves; a level is written below, and in the words."""
    cases = cases_of("overhead", sizes={"chain": [1, 10], "fan_out": [4, 8]}, sweep_ms=[2, 30])
    rows = [
        *rows_of("overhead", "first_to_last_s", [each for each in cases if "shape" in each[1].axes]),
        *rows_of("overhead", "period_s", [each for each in cases if "work_s" in each[1].axes]),
    ]
    plain = {row.workload: row for row in rows if row.setup.orchestrator == "plain"}
    ratios = [ratio(row, plain[row.workload], apart=True, low=0.1) for row in rows if row.setup.orchestrator != "plain"]
    facts = facts_of("overhead", cases, estimates=[*rows, *seen_in_plain(cases)], ratios=ratios)
    drawings = scaling(facts, "overhead", "library")
    keys = [key for drawing in drawings for key in places(drawing) if key.startswith("curve-")]
    assert len(keys) == len(set(keys)) == 2 * len(TOOLS) + len(TOOLS) - 1
    assert any("dotted: twice plain Python's" in text for text in texts(drawings[-1]))
    assert "Dotted, at 2.00 x" in drawings[-1].alt
