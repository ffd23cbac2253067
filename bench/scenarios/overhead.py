"""What does an orchestrator add to the work: per run, per task, between tasks, and at the end?

No-op graphs of several shapes and sizes give the cost of a run and of a task. A sweep of task durations with real CPU work
gives METG(50 %), the smallest task at which the orchestrator still spends half of the lanes' time on the user's work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec

from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import Case
from bench.scenarios.kit.common_metrics import COLD_RUN, Metric
from bench.scenarios.kit.curve import Curve, Level
from bench.scenarios.kit.families import MOST_PLACES, Line, Sweep
from bench.scenarios.kit.graphs import SHAPES, lanes, shaped
from bench.scenarios.kit.scenario import Scenario
from bench.scenarios.kit.table import Column, Which
from contract.workload import Workload

Few = msgspec.Meta(max_length=MOST_PLACES)
Shape = msgspec.Meta(pattern=f"^({'|'.join(SHAPES)})$")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a suite chooses."""

    sizes: dict[Annotated[str, Shape], Annotated[list[Annotated[int, msgspec.Meta(ge=1, le=1000)]], Few]]
    sweep_ms: Annotated[list[Annotated[float, msgspec.Meta(gt=0)]], Few] = []
    sweep_depth: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1


def cases(options: Options, capacity: Capacity) -> Sequence[Case]:
    """Return the no-op grid, then the sweep on as many chains as the engine has lanes."""
    grid = [
        Case(shaped(shape, size), {"shape": shape, "tasks": size})
        for shape, sizes in options.sizes.items()
        for size in sizes
    ]
    return [*grid, *(_sweep_point(options, capacity, work_ms / 1000) for work_ms in options.sweep_ms)]


def _sweep_point(options: Options, capacity: Capacity, work_s: float) -> Case:
    nodes = lanes(capacity.lanes, options.sweep_depth, "cpu", {"rounds": capacity.rounds(work_s)})
    name = f"lanes_{capacity.lanes}x{options.sweep_depth}_{round(work_s * 1e6)}us"
    return Case(Workload(name, nodes), {"lanes": capacity.lanes, "depth": options.sweep_depth, "work_s": work_s})


METRICS: Final = (
    Metric("per_task_ms", "ms", "slope of makespan over the number of tasks"),
    Metric("per_run_ms", "ms", "intercept of makespan over the number of tasks"),
    Metric("metg50_ms", "ms", "shortest task at which half of the lanes' time is the user's work"),
)

COLUMNS: Final = (
    Column("per task, chain", "per_task_ms", "chain"),
    Column("per task, wide", "per_task_ms", "fan_out"),
    Column("per run", "per_run_ms", "chain"),
    Column("to first body", "submit_to_first_s", "chain_1"),
    Column("transition", "transition_ms", Which.MOST),
    Column("finish lag", "finish_lag_s", "chain_1"),
    Column("cold run", COLD_RUN, "warm_up"),
    Column("METG(50 %)", "metg50_ms", Which.OWN),
)

LINE: Final = Line("tasks", "{shape}", slope="per_task_ms", intercept="per_run_ms")

SWEEP: Final = Sweep("work_s", "lanes_{lanes}x{depth}", half="metg50_ms")
"""Every setup has a graph of as many lanes as it can use; the label of the curve says how many."""

CURVES: Final = (
    Curve("makespan", "tasks", LINE, first=tuple(SHAPES)),
    Curve(
        "makespan in multiples of plain Python's",
        "ms of work in a task",
        SWEEP,
        chart="METG(50 %)",
        against_plain=True,
        times=1000,
        level=Level(2.0, "twice plain Python's, where half of the lanes' time is the user's work"),
    ),
)

SCENARIO = Scenario(
    name="overhead",
    version=1,
    order=10,
    question="What does an orchestrator add to the work: per run, per task, between tasks, and at the end?",
    limits=(
        "A no-op graph says nothing of caching, retries, recovery or the interface.",
        "All three tools run on SQLite and on one machine, as their quick starts have it; PostgreSQL may differ.",
        "What Prefect and Dagster take before the first body is mostly waiting for the next poll, which is a setting.",
    ),
    options=Options,
    cases=cases,
    line=LINE,
    sweep=SWEEP,
    measures_own_workloads=True,
    own_metrics=METRICS,
    columns=COLUMNS,
    curves=CURVES,
    timeline=("chain_10", "chain_8"),
)
