"""The scenario `parallelism`: what its numbers say of a tool whose tasks take a while to begin."""

from __future__ import annotations

import heapq
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.base.stats.quantity import Quantity, exact
from bench.scenarios import SCENARIOS, Capacity, Case
from bench.scenarios.kit.case import Axes
from bench.scenarios.kit.derived import Medians
from contract.workload import Workload

PARALLELISM = SCENARIOS["parallelism"]
WIDTHS = (1, 2, 4)
CASES: dict[str, Case] = {
    case.name: case
    for width in WIDTHS
    for case in PARALLELISM.cases(PARALLELISM.parse({"kinds": ["fanned"]}), Capacity(width, width, 1000.0))
}


def first_to_last_s(case: Case, launch_s: float) -> float:
    """Return the time from the first body to the last where each task takes a lane for so long before its body starts."""
    nodes = cast("Workload", case.work).nodes
    free = [0.0] * int(case.axes["width"])
    ended: dict[str, float] = {}
    began: list[float] = []
    for node in nodes:
        ready = max((ended[parent] for parent in node.after), default=0.0)
        begins = max(heapq.heappop(free), ready) + launch_s
        ended[node.id] = begins + node.params.get("seconds", 0.0)
        began.append(begins)
        heapq.heappush(free, ended[node.id])
    return max(ended.values()) - min(began)


def seen(launch_s: float) -> Medians:
    """Return the medians of a tool that takes so long to begin a task; plain Python beside it takes none."""

    class Seen:
        workloads = tuple(CASES)

        @property
        def plain(self) -> Medians:
            return seen(0.0)

        def axes(self, workload: str) -> Axes:
            return CASES[workload].axes

        def median(self, workload: str, metric: str) -> Quantity:
            case = CASES[workload]
            slept = sum(node.params.get("seconds", 0.0) for node in cast("Workload", case.work).nodes)
            values = {"first_to_last_s": first_to_last_s(case, launch_s), "bodies_s": slept}
            return exact(values[metric], 3, 3)

    return cast("Medians", Seen())


def derived(launch_s: float) -> dict[tuple[str, str], float]:
    """Return what the scenario derives of such a tool, by workload and metric."""
    assert PARALLELISM.derive
    rows = PARALLELISM.derive(seen(launch_s))
    return {(row.workload, row.metric): row.quantity.point for row in rows if row.quantity.point is not None}


@given(launch_s=st.floats(0, 100))
def test_no_tool_is_faster_than_its_lanes(launch_s: float) -> None:
    """However long a task takes to begin: what is paid for each task on one lane is paid for each on several."""
    found = derived(launch_s)
    for width in WIDTHS[1:]:
        assert 1 <= found[f"fanned_w{width}", "speedup"] <= width * (1 + 1e-9)
        assert found[f"fanned_w{width}", "efficiency"] <= found["fanned_w1", "efficiency"] * (1 + 1e-9)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_tool_that_begins_at_once_wastes_nothing(width: int) -> None:
    """Each lane works all the time."""
    assert derived(0.0)[f"fanned_w{width}", "efficiency"] == pytest.approx(1)
