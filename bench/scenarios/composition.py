"""What does it cost to make one pipeline of others, and does a failure inside reach the outside?

The same six tasks, flat and nested up to three levels deep; a nested pipeline that fails; and two pipelines that begin with
the same preparation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final

import msgspec

from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import Case
from bench.scenarios.kit.check import Check, Seen, Verdict, lost, of
from bench.scenarios.kit.common_metrics import Metric
from bench.scenarios.kit.curve import Curve
from bench.scenarios.kit.derived import Derived, Medians
from bench.scenarios.kit.families import Family, Line
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


def metrics(case: Case) -> Sequence[str]:
    """Return the metrics of a run; how long a failed run takes to end is another question."""
    return () if case.name == FAILS else ("makespan_s", "submit_to_first_s", "first_to_last_s", "finish_lag_s")


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

METRICS: Final = (
    Metric("per_level_ms", "ms", "slope of first_to_last_s over the levels of nesting, from the first on"),
    Metric("first_level_ms", "ms", "first_to_last_s with one level minus that without any", costs=True),
)


def derive(medians: Medians) -> Iterable[Derived]:
    """Return what the first level costs: a tool may pay for the first pipeline in a pipeline what no further one costs."""
    if {"nested_0", "nested_1"} <= {*medians.workloads}:
        flat, one = (medians.median(f"nested_{depth}", "first_to_last_s") for depth in (0, 1))
        yield Derived("nested", "first_level_ms", one.minus(flat).times(1000))


COLUMNS: Final = (
    Column("first level", "first_level_ms", "nested"),
    Column("each further level", "per_level_ms", "nested"),
    Column("flat", "first_to_last_s", "nested_0"),
    Column("3 levels", "first_to_last_s", "nested_3"),
    Column("finish lag", "finish_lag_s", "nested_3"),
    Column("shared", "first_to_last_s", SHARED),
)

LINE: Final = Line("depth", "nested", slope="per_level_ms", least=1)

SCENARIO = Scenario(
    name="composition",
    version=3,
    order=70,
    question="What does it cost to make one pipeline of others, and does a failure inside reach the outside?",
    limits=(
        "The mechanisms are not equal: a task group is a drawing around tasks, a subflow is a run that has a state too.",
        "Of one engine start or two, a level has a number only if the deepest chain takes twice as long as one level does.",
        "A pipeline that triggers another one as a separate run is not measured.",
    ),
    options=Options,
    cases=cases,
    metrics=metrics,
    own_metrics=METRICS,
    derive=derive,
    columns=COLUMNS,
    # With the flat pipeline, which is no part of the line. Level 0 has no place on a logarithmic axis.
    curves=(Curve("from the first task to the last", "levels of nesting", Family("depth", "nested"), log=False),),
    line=LINE,
    checks=CHECKS,
)
