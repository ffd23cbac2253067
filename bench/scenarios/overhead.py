"""What does an orchestrator add to the work: per run, per task, between tasks, and at the end?

No-op graphs of several shapes and sizes give the cost of a run and of a task. A sweep of task durations with real CPU work
gives METG(50 %), the smallest task at which the orchestrator still spends half of the lanes' time on the user's work.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import Annotated, Final

import msgspec

from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import Case
from bench.scenarios.kit.common_metrics import COLD_RUN, Metric, usual
from bench.scenarios.kit.curve import Curve, Level
from bench.scenarios.kit.families import MOST_PLACES, Line, Sweep
from bench.scenarios.kit.formulas import Run
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


def body_s(run: Run) -> float:
    """Return how long a body took."""
    return mean((body.ended or body.started) - body.started for body in run.timeline.bodies) / 1e9


def period_s(run: Run) -> float | None:
    """Return how long it takes from one task of a lane to the next; what a run begins and ends with is left out."""
    timeline = run.timeline
    if not isinstance(run.work, Workload):
        return None
    steps = [timeline.start(node.id) - timeline.start(above) for node in run.work.nodes for above in node.after]
    return mean(steps) / 1e9 if steps else None


METRICS: Final = (
    Metric("per_task_ms", "ms", "slope of first_to_last_s over the number of tasks"),
    Metric("per_run_ms", "ms", "what a run of one task takes: the line at one, plus submit_to_first_s", waits=True),
    Metric(
        "ahead_per_task_ms", "ms", "slope of submit_to_first_s over the number of tasks, where no poll draws it", waits=True
    ),
    Metric("body_s", "s", "how long a body took (the run's mean)", of=body_s),
    Metric("period_s", "s", "from the start of a task to the start of the next on its lane (the run's mean)", of=period_s),
    Metric("metg50_ms", "ms", "shortest task at which half of the lanes' time is the user's work, once the run goes on"),
    Metric("metg50_run_ms", "ms", "the same for the whole run, from the submission on", waits=True),
)


def metrics(case: Case) -> Sequence[str]:
    """Return the metrics of a run; how long a task took is asked where tasks have work in them."""
    return (*usual(case), "body_s", "period_s") if SWEEP.of(case.axes) else usual(case)


COLUMNS: Final = (
    Column("per task, chain", "per_task_ms", "chain"),
    Column("per task, wide", "per_task_ms", "fan_out"),
    Column("per run", "per_run_ms", "chain"),
    Column("to first body", "submit_to_first_s", "chain_1"),
    Column("transition", "transition_ms", Which.MOST),
    Column("finish lag", "finish_lag_s", "chain_1"),
    Column("cold run", COLD_RUN, "warm_up"),
    Column("METG(50 %)", "metg50_ms", Which.EACH),
)

LINE: Final = Line("tasks", "{shape}", slope="per_task_ms", intercept="per_run_ms", least=1, ahead="ahead_per_task_ms")

SWEEP: Final = Sweep(
    "work_s", "lanes_{lanes}x{depth}", body="body_s", halves=(("metg50_ms", "period_s"), ("metg50_run_ms", "makespan_s"))
)
"""Every setup has a graph of as many lanes as it can use; the label of the curve says how many."""

CURVES: Final = (
    Curve("from the first task to the last", "tasks", LINE, first=tuple(SHAPES)),
    Curve(
        "time per task in multiples of plain Python's",
        "ms that a task takes in plain Python",
        SWEEP,
        seen="body_s",
        metric="period_s",
        chart="METG(50 %)",
        against_plain=True,
        times=1000,
        level=Level(2.0, "twice plain Python's, where half of the lanes' time is the user's work"),
    ),
)

SCENARIO = Scenario(
    name="overhead",
    version=2,
    order=10,
    question="What does an orchestrator add to the work: per run, per task, between tasks, and at the end?",
    limits=(
        "A no-op graph says nothing of caching, retries, recovery or the interface.",
        "All three tools run on SQLite and on one machine, as their quick starts have it; PostgreSQL may differ.",
        "What Prefect and Dagster take before the first body holds a wait for the next poll, which is a setting.",
    ),
    options=Options,
    cases=cases,
    metrics=metrics,
    line=LINE,
    sweep=SWEEP,
    measures_own_workloads=True,
    own_metrics=METRICS,
    columns=COLUMNS,
    curves=CURVES,
    timeline=("chain_10",),
)
