"""What does it cost to make one pipeline of others, and does a failure inside reach the outside?

The same six tasks, flat and nested up to three levels deep; a nested pipeline that fails; and two pipelines that begin with
the same preparation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import msgspec

from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import Case
from bench.scenarios.kit.check import Check, Seen, Verdict, lost, of
from bench.scenarios.kit.common_metrics import Metric
from bench.scenarios.kit.curve import Curve
from bench.scenarios.kit.families import Family
from bench.scenarios.kit.formulas import Run
from bench.scenarios.kit.scenario import Scenario
from bench.scenarios.kit.table import Column
from contract.workload import Fault, Node, Workload

TASKS: Final = 6

FAILS: Final = "nested_failure"
SHARED: Final = "nested_shared"


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a suite chooses."""

    depths: list[Annotated[int, msgspec.Meta(ge=0, le=8)]] = msgspec.field(default_factory=lambda: [0, 1, 2, 3])


def cases(options: Options, capacity: Capacity) -> Sequence[Case]:
    """Return the chain at each depth of nesting, then the two other graphs."""
    failing = (
        Node("before"),
        Node("inside", after=("before",), group="outer"),
        Node("fails", after=("inside",), group="outer.inner", fault=Fault(1000)),
        Node("below", after=("fails",), group="outer"),
        Node("after", after=("below",)),
    )
    shared = (
        Node("load", group="preparation"),
        Node("clean", after=("load",), group="preparation"),
        Node("train", after=("clean",), group="training"),
        Node("evaluate", after=("train",), group="training"),
        Node("score", after=("clean",), group="scoring"),
        Node("save", after=("score",), group="scoring"),
    )
    return [
        *(Case(Workload(f"nested_{depth}", _nested(depth)), {"depth": depth}) for depth in options.depths),
        Case(Workload(FAILS, failing)),
        Case(Workload(SHARED, shared)),
    ]


def _nested(depth: int) -> tuple[Node, ...]:
    """Return a chain whose first and last tasks are outside, and all others as deep inside as asked for.

    The last task is outside because leaving a nested pipeline costs time too, for which the next task waits.
    """
    group = ".".join(f"level{i + 1}" for i in range(depth))
    return tuple(
        Node(f"n{i}", after=(f"n{i - 1}",) if i else (), group=group if 0 < i < TASKS - 1 else "") for i in range(TASKS)
    )


# The numbers -----------------------------------------------------------------------------------------------------------


def entering_s(run: Run) -> float:
    """Return how long the first task inside waited for the one outside that is before it."""
    return (run.timeline.start("n1") - run.timeline.end("n0")) / 1e9


def leaving_s(run: Run) -> float:
    """Return how long the last task outside waited for the one inside that is before it."""
    return (run.timeline.start(f"n{TASKS - 1}") - run.timeline.end(f"n{TASKS - 2}")) / 1e9


# Divided by nothing: in plain Python the way in is a function call, and nobody cares how many of these a subflow takes.
METRICS: Final = (
    Metric(
        "entering_s",
        "s",
        "from the last task before the nested pipelines to the first inside; flat, from one task to the next",
        of=entering_s,
        alone=True,
    ),
    Metric(
        "leaving_s",
        "s",
        "from the last task inside the nested pipelines to the first after them; flat, from one task to the next",
        of=leaving_s,
        alone=True,
    ),
)


def metrics(case: Case) -> Sequence[str]:
    """Return the metrics of a run; how long a failed run takes to end is another question."""
    if case.name == FAILS:
        return ()
    ways = ("entering_s", "leaving_s") if "depth" in case.axes else ()
    return ("makespan_s", "submit_to_first_s", "first_to_last_s", "finish_lag_s", *ways)


# The checks ------------------------------------------------------------------------------------------------------------


def failure_reaches_the_parent(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """When a task of a nested pipeline fails, nothing that waits for it runs, inside or outside, and the run is failed."""
    failing = of(FAILS, runs)
    for run in failing:
        if ran := {"below", "after"} & run.attempts.keys():
            return Verdict(False, f"{run.trial}: {min(ran)} ran, although what it waits for had failed")
        if run.timeline.state == "succeeded":
            return Verdict(False, f"{run.trial}: the tool calls the run succeeded")
    return lost(failing) or Verdict(True, f"{len(failing)} runs, such as {failing[0].trial}")


def shared_part_runs_once(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """A preparation that two nested pipelines wait for runs once."""
    shared = of(SHARED, runs)
    for run in shared:
        for node in ("load", "clean"):
            if run.attempts.get(node, 0) > 1:
                return Verdict(False, f"{run.trial}: {node} ran {run.attempts[node]} times")
    return lost(shared) or Verdict(True, f"{len(shared)} runs, such as {shared[0].trial}")


CHECKS: Final[Mapping[str, Check]] = {
    "failure_reaches_the_parent": Check((FAILS,), failure_reaches_the_parent),
    "shared_part_runs_once": Check((SHARED,), shared_part_runs_once),
}

COLUMNS: Final = (
    Column("3 levels", "first_to_last_s", "nested_3"),
    Column("flat", "first_to_last_s", "nested_0"),
    Column("into 1 level", "entering_s", "nested_1"),
    Column("into 3", "entering_s", "nested_3"),
    Column("out of 1 level", "leaving_s", "nested_1"),
    Column("out of 3", "leaving_s", "nested_3"),
    Column("finish lag", "finish_lag_s", "nested_3"),
    Column("shared", "first_to_last_s", SHARED),
)

SCENARIO = Scenario(
    name="composition",
    version=4,
    order=70,
    question="What does it cost to make one pipeline of others, and does a failure inside reach the outside?",
    limits=(
        "The mechanisms are not equal: a task group is a drawing around tasks, a subflow is a run that has a state too.",
        "The way in and out holds what a flat step takes too: compare it with the chain that is flat.",
        "A pipeline that triggers another one as a separate run is not measured.",
    ),
    options=Options,
    cases=cases,
    metrics=metrics,
    own_metrics=METRICS,
    columns=COLUMNS,
    # Level 0 has no place on a logarithmic axis.
    curves=(Curve("from the first task to the last", "levels of nesting", Family("depth", "nested"), log=False),),
    checks=CHECKS,
)
