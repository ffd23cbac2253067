"""Does what a tool calls parallel run at the same time, and what is it worth?

Tasks that sleep, tasks that compute, and five models that compute for different times run at every width, in every way that
a tool has to run tasks side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final

import msgspec

from bench.base.stats.quantity import Quantity, missing
from bench.events.timeline import max_concurrency, most_at_once
from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import OWN_WIDTH, WIDTH, Case
from bench.scenarios.kit.check import Check, Seen, Verdict, lost
from bench.scenarios.kit.common_metrics import Metric
from bench.scenarios.kit.curve import Curve
from bench.scenarios.kit.derived import Derived, Medians
from bench.scenarios.kit.families import Family
from bench.scenarios.kit.formulas import Run
from bench.scenarios.kit.scenario import Scenario
from bench.scenarios.kit.table import Column
from contract.workload import Node, Workload

SLEEPING, FANNED, COMPUTING, MODELS = KINDS = ("sleeping", "fanned", "computing", "five_models")
"""Tasks that sleep, without a task before them and behind one; tasks that compute, and models, both behind one."""

MANY: Final = "many"
"""Tasks that sleep behind one, more than most tools run at once, where each tool has its own width."""

FIRST: Final = "first"
"""An empty task before the others. What a task starts with, a process say, so lies between the first body and the last for
each of the others, at any width; without it as many as there are lanes would start before the first body.

How many run at once is seen without it: a pool whose first process is up runs short tasks there, while the others start.
"""

LONG: Final = 4
"""How many times as long the tasks sleep that are to run at once: a process more may take a second to start."""

SHARES: Final = (2.0, 1.5, 1.0, 0.5, 0.25)
"""How long each of the five models takes, in multiples of a task."""


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a suite chooses."""

    tasks: Annotated[int, msgspec.Meta(ge=2, le=100)] = 4
    task_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 0.5
    many: Annotated[int, msgspec.Meta(ge=2, le=100)] = 32
    kinds: list[str] = msgspec.field(default_factory=lambda: list(KINDS))

    def __post_init__(self) -> None:
        if unknown := set(self.kinds) - set(KINDS):
            raise ValueError(f"there is no kind {min(unknown)!r}; there are {', '.join(KINDS)}")


def name_of(kind: str, width: int) -> str:
    """Name a workload by kind and width."""
    return f"{kind}_w{width}"


def behind_one(op: str, params: Mapping[str, float], tasks: int) -> tuple[Node, ...]:
    """Return so many tasks that are alike and depend on nothing but the first one."""
    return (Node(FIRST), *(Node(f"n{i}", op, (FIRST,), dict(params)) for i in range(tasks)))


def cases(options: Options, capacity: Capacity) -> Sequence[Case]:
    """Return tasks of each kind that may run at once; for engines with a width of their own, many of one."""
    sleep = {"seconds": options.task_s}
    if capacity.own:
        many = Workload(MANY, behind_one("sleep", sleep, options.many))
        return [Case(many, {"kind": MANY, "tasks": options.many, OWN_WIDTH: True})]
    graphs = {
        SLEEPING: tuple(Node(f"n{i}", "sleep", (), {"seconds": LONG * options.task_s}) for i in range(options.tasks)),
        FANNED: behind_one("sleep", sleep, options.tasks),
        COMPUTING: behind_one("cpu", {"rounds": capacity.rounds(options.task_s)}, options.tasks),
        MODELS: (
            Node(FIRST),
            *(Node(f"m{i}", "cpu", (FIRST,), {"rounds": capacity.rounds(options.task_s * s)}) for i, s in enumerate(SHARES)),
            Node("best", after=tuple(f"m{i}" for i in range(len(SHARES)))),
        ),
    }
    return [
        Case(Workload(name_of(kind, capacity.width), graphs[kind]), {"kind": kind, "width": capacity.width})
        for kind in options.kinds
    ]


# The numbers -----------------------------------------------------------------------------------------------------------


def processes(run: Run) -> float:
    """Return in how many processes the bodies ran."""
    return len({body.pid for body in run.timeline.bodies})


METRICS: Final = (
    Metric(
        "efficiency",
        "share",
        "the work, as plain Python does it on one lane, over the lanes' time from the first body to the last",
        "higher",
    ),
    Metric("processes", "processes", "different processes that bodies ran in", of=processes),
    Metric("speedup", "x", "first_to_last_s at width 1 over the same at this width", "higher"),
)


def metrics(case: Case) -> Sequence[str]:
    """Return the metrics of a run; of tasks without one before them, no time that begins with the first body."""
    if case.axes["kind"] == SLEEPING:
        return ("makespan_s", "max_concurrency")
    return ("makespan_s", "first_to_last_s", "bodies_s", "max_concurrency", "processes")


def derive(medians: Medians) -> Iterable[Derived]:
    """Return the speed-up of each width over width 1, and what share of the lanes' time was work."""
    for name in medians.workloads:
        axes = medians.axes(name)
        if WIDTH not in axes or axes["kind"] == SLEEPING:
            continue
        kind, width, alone = str(axes["kind"]), int(axes["width"]), name_of(str(axes["kind"]), 1)
        spent = medians.median(name, "first_to_last_s")
        # A share of the lanes' time means nothing where some lanes have nothing to do.
        if kind != MODELS:
            yield Derived(name, "efficiency", _work(medians, kind, width).over(spent.times(width)))
        if width == 1:
            continue
        if alone in medians.workloads:
            speedup = medians.median(alone, "first_to_last_s").over(spent)
        else:
            speedup = missing("it was not run at width 1: it has one lane at any width, or no other was planned")
        yield Derived(name, "speedup", speedup)


def _work(medians: Medians, kind: str, width: int) -> Quantity:
    """Return the time that the bodies take in plain Python where no two of them share a core.

    Bodies that share a core take longer, and would count the wait for the core as work. Sleep shares nothing.
    """
    plain = medians.plain
    names = [name_of(kind, 1), *([name_of(kind, width)] if kind == FANNED else [])]
    for name in names:
        if plain and name in plain.workloads:
            return plain.median(name, "bodies_s")
    return missing("plain Python did not run it at width 1, so nobody knows how much work it is")


# The checks ------------------------------------------------------------------------------------------------------------


def tasks_overlap(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict | None:
    """Where the width allows several tasks at once, as many run at the same time, and no more."""
    wide = [run for run in runs if run.width > 1 and run.axes["kind"] == SLEEPING]
    if not wide:
        return None
    if problem := lost(wide):
        return problem
    for run in wide:
        most, asked = max_concurrency(run.timeline), min(run.width, len(run.attempts))
        if most != asked:
            return Verdict(False, f"{run.trial}: {most} at once, where {asked} were asked for")
    seen = ", ".join(
        f"{max_concurrency(run.timeline)} at width {run.width}" for run in {run.width: run for run in wide}.values()
    )
    return Verdict(True, f"{len(wide)} runs, such as {wide[0].trial}: {seen} at once")


EDGE: Final = 0.2
"""How far the record of a task may be off at either end, as a share of its time: tools record when they noticed."""


def own_records_overlap_too(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict | None:
    """By the tool's own records, as many sleeping tasks ran at one moment as were seen."""
    recorded = [run for run in runs if run.axes["kind"] == SLEEPING and run.tasks and not run.problem]
    for run in recorded:
        spans = [(start + EDGE * (end - start), end - EDGE * (end - start)) for start, end in run.tasks.values()]
        by_records, seen = most_at_once(spans), max_concurrency(run.timeline)
        if by_records != seen:
            return Verdict(False, f"{run.trial}: it says that {by_records} ran at once, and {seen} did")
    return Verdict(True, f"{len(recorded)} runs, such as {recorded[0].trial}") if recorded else None


CHECKS: Final[Mapping[str, Check]] = {
    "tasks_overlap": Check((), tasks_overlap),
    "own_records_overlap_too": Check((), own_records_overlap_too),
}

COLUMNS: Final = (
    Column("at once", "max_concurrency", name_of(SLEEPING, 2)),
    Column("efficiency", "efficiency", name_of(FANNED, 2)),
    Column("speed-up", "speedup", name_of(FANNED, 2)),
    Column("speed-up", "speedup", name_of(COMPUTING, 2)),
    Column("speed-up", "speedup", name_of(MODELS, 2)),
    Column("processes", "processes", name_of(COMPUTING, 2)),
    Column("at once, if nobody says", "max_concurrency", MANY),
    Column("many tasks, if nobody says", "first_to_last_s", MANY),
)

SCENARIO = Scenario(
    name="parallelism",
    version=3,
    order=40,
    question="Does what a tool calls parallel run at the same time, and what is it worth?",
    limits=(
        "Two cores cannot make CPU-bound work more than twice as fast. More cores and other machines are not measured.",
        "The CPU work releases the GIL: pure Python would not run in parallel on threads in any of them.",
        "A speed-up near 2 of a tool that starts a process for each task hides that both makespans are long.",
    ),
    options=Options,
    cases=cases,
    metrics=metrics,
    own_metrics=METRICS,
    columns=COLUMNS,
    # No curve of the speed-up, which has no row at width 1, and hides how long the work takes.
    curves=(Curve("from the first task to the last", "width (tasks at once)", Family("width", "{kind}"), first=KINDS),),
    derive=derive,
    checks=CHECKS,
    asks_own_width=True,
)
