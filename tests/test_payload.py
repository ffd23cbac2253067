"""What is said of the scenario payload: what a frame adds to a step, apart from what the step takes itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from answers import changed, estimate, facts
from small_runs import made_up_record, recorded

from bench.derive import results
from bench.derive.measured import measure
from bench.derive.reading import reading
from bench.events.timeline import Attempt, Timeline
from bench.plan.setup import Setup
from bench.report.matrix import Line, matrix
from bench.report.sections import sections
from bench.scenarios import SCENARIOS, Capacity
from bench.store.records import TrialRecord
from bench.store.rows import Estimate

SERVERS = Setup("dagster", "service", "stock", "multiprocess", "a process per task")

Waits = Mapping[int, Sequence[float]]
"""How long a frame of so many kB took from one step to the next, in each engine start."""


def measured(passed: Waits, way: str = "store") -> dict[tuple[str, str], Estimate]:
    """Return the rows of a tool whose frames took so long, by workload and metric."""
    its = SCENARIOS["payload"]
    options = its.parse({"sizes_kb": list(passed), "ways": [way], "watch": False})
    cases = {int(case.axes["kb"]): case for case in its.cases(options, Capacity(2, 2, 1000.0))}
    trials: list[TrialRecord] = []
    timelines: dict[str, Timeline] = {}
    for kb, waits in passed.items():
        for start, wait in enumerate(waits):
            case, name = cases[kb], f"{kb}-{start}"
            began = int(1e9 * (1 + wait))
            steps = {"make": [Attempt(0, int(1e9), token="a")], "take": [Attempt(began, began, token="a")]}
            timelines[name] = Timeline(0, began + 1, "succeeded", attempts=steps)
            trials.append(
                TrialRecord(
                    id=name, scenario="payload", workload=case.name, axes=dict(case.axes), setup=SERVERS,
                    start=str(start), round=1 + start, repeat=1, end="over",
                )
            )  # fmt: skip
    record = made_up_record(cases=recorded(*cases.values()), scenarios={"payload": its.version})
    rows = results.derive(measure(record, trials, [], lambda trial: timelines[trial])).results.estimates
    return {(row.workload, row.metric): row for row in rows}


def test_the_step_is_in_the_time_and_not_in_the_slope() -> None:
    """Two tools move a frame equally fast, and one of them takes two seconds for a step: a megabyte costs them the same."""
    fast, slow = (
        measured({kb: [step + 0.02 * kb / 1000] * 3 for kb in (1, 1000, 64_000)})
        for step in (0.01, 2.0)
    )  # fmt: skip
    assert slow["store_64000kb", "passing_s"].median == pytest.approx(2 + 64 * 0.02)
    for tool in (fast, slow):
        assert tool["store", "per_mb_ms"].median == pytest.approx(20, rel=0.01)
        assert reading(tool["store", "per_mb_ms"]).kind == "value"


@pytest.mark.parametrize(
    ("passed", "kind"),
    [
        ({1: [2.247], 1000: [2.156], 16_000: [2.440]}, "noise"),
        ({1: [0.006], 1000: [0.040], 16_000: [0.387]}, "value"),
        ({1: [2.25], 1000: [2.26], 16_000: [4.65]}, "value"),
        ({1: [2.2, 2.3, 2.25], 1000: [2.2, 2.2, 2.3], 16_000: [2.41, 2.48, 2.44]}, "value"),
        ({1: [2.0, 2.3, 2.6], 1000: [2.6, 2.2, 2.0], 16_000: [2.2, 2.5, 2.1]}, "noise"),
    ],
)
def test_what_a_frame_adds_is_told_where_it_is_plain_to_see(passed: Waits, kind: str) -> None:
    """Of one start beside the step itself; of three starts by the interval, be it ever so small beside the step."""
    assert reading(measured(passed)["store", "per_mb_ms"]).kind == kind


def test_a_small_frame_that_is_noise_bends_no_line() -> None:
    """A kilobyte and a megabyte that differ by chance say nothing of the slope; a frame that takes most of the time does."""
    assert "curved" not in measured({1: [2.25], 1000: [2.35], 16_000: [2.44]})["store", "per_mb_ms"].unstable
    assert "curved" in measured({1: [0.01], 1000: [0.30], 16_000: [0.44]})["store", "per_mb_ms"].unstable
    small_and_large = {1: [0.072], 100: [0.067], 1000: [0.076], 16_000: [0.179], 64_000: [0.266]}
    assert "curved" in measured(small_and_large)["store", "per_mb_ms"].unstable


# What leads ------------------------------------------------------------------------------------------------------------


def per_mb(tool: str, way: str, ms: float | None, deployment: str = "usual") -> Estimate:
    """Return what a megabyte takes on the servers of a tool."""
    row = {"scenario": "payload", "tier": "service", "metric": "per_mb_ms", "unit": "ms", "better": "lower"}
    return estimate(tool, ms, workload=way, deployment=deployment, default=deployment == "usual", **row)


def headline(rows: Sequence[Estimate]) -> Line:
    """Return the line of the matrix."""
    made = facts(estimates=rows)
    (line,) = matrix(made, sections(made))
    return line


@pytest.mark.parametrize(("ways", "lead"), [(("value", "store", "file"), "store"), (("value", "file"), "value")])
def test_what_a_megabyte_takes_leads(ways: Sequence[str], lead: str) -> None:
    """By the way that most tools have, where it was measured: the time of a frame has the step in it."""
    step = changed(per_mb("a", f"{lead}_32000kb", 2.4), metric="passing_s", unit="s")
    line = headline([step, *(per_mb("a", way, 1.0) for way in ways)])
    assert [cell.row.workload for cell in line.cells if cell.row] == [lead]


def test_a_way_that_nobody_has_does_not_lead() -> None:
    """A run of tools without a storage of their own is told by the way that they have."""
    line = headline([per_mb("a", "store", None), per_mb("a", "value", 3.0)])
    assert [cell.row.workload for cell in line.cells if cell.row] == ["value"]


def test_who_stores_by_reference_has_a_number_too() -> None:
    """Where the usual deployment has no storage of its own, the one with the storage stands for the tool."""
    without = changed(per_mb("a", "store", None), usual=False)
    stored = per_mb("a", "store", 5.0, deployment="objects")
    line = headline([without, stored, per_mb("b", "store", 7.0)])
    assert [cell.row.median for cell in line.cells if cell.row] == [5.0, 7.0]
