"""What does an orchestrator add once tasks take time, import their libraries, and come many at once?

A chain of empty tasks in an idle engine says what the engine adds between two tasks that do nothing. A pipeline may pay
more, or less. So the same chain runs with tasks that sleep and with tasks that import. A small one runs again and again
from the start of the engine on, and many times at once.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from math import ceil
from typing import Annotated, Final

import msgspec

from bench.base.stats.quantity import median_of
from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import Case
from bench.scenarios.kit.common_metrics import Metric, usual
from bench.scenarios.kit.curve import Curve
from bench.scenarios.kit.derived import Derived, Medians
from bench.scenarios.kit.families import MOST_PLACES, Family
from bench.scenarios.kit.formulas import Run, bodies_s, first_to_last_s
from bench.scenarios.kit.procedures import SeveralAtOnce
from bench.scenarios.kit.scenario import Scenario
from bench.scenarios.kit.table import Column
from contract.workload import MODULE, Node, Workload

TASKS: Final = 5
"""How long the chains are whose tasks sleep or import."""

SMALL: Final = 3
"""How long the chains are that run many times."""

SHORT_S: Final = 0.1
"""How long the tasks sleep of runs that are asked for at once."""

LONGEST_S: Final = 1.5
"""The longest task that is drawn."""

EMPTY: Final = "sleeps_0ms"
"""The chain that all others are compared with."""

LAST: Final = 4
"""The last quarter of the chains in a row is called later: Airflow has 32 workers, each of which has a first task."""

DRAWN: Final = "sleeps_drawn"

DRAWS: Final = 8
"""How long a chain of drawn durations is."""

IMPORTING: Final = "imports"

ROW: Final = "in_a_row"

Few = msgspec.Meta(max_length=MOST_PLACES)
Module = msgspec.Meta(pattern=f"^{MODULE.pattern}$")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a suite chooses."""

    durations_s: Annotated[list[Annotated[float, msgspec.Meta(gt=0, le=60)]], Few] = msgspec.field(
        default_factory=lambda: [0.3, 0.7, 1.5]
    )
    """How long the tasks sleep, beside those that do not."""
    draws: Annotated[list[Annotated[int, msgspec.Meta(ge=1)]], Few] = msgspec.field(default_factory=lambda: [1])
    """A chain of tasks of drawn durations for each of these seeds."""
    imports: Annotated[list[Annotated[str, Module]], Few] = msgspec.field(
        default_factory=lambda: ["pandas", "sklearn.ensemble", "mlflow"]
    )
    """What a data scientist's task imports."""
    runs: Annotated[list[Annotated[int, msgspec.Meta(ge=1, le=1000)]], Few] = msgspec.field(default_factory=lambda: [1, 10])
    """How many runs are asked for at once; none, where the caller and not the tool runs them side by side."""
    places: Annotated[int, msgspec.Meta(ge=0, le=MOST_PLACES)] = 14
    """How often the small chain runs in a row: from the start of the engine on, if the block joins no other."""


# What runs -------------------------------------------------------------------------------------------------------------


def cases(options: Options, capacity: Capacity) -> Sequence[Case]:
    """Return the runs in a row first, because they begin with the engine; the many at once come last."""
    sleeping = (0.0, *options.durations_s)
    empty, short = _chain([0.0] * SMALL), _chain([SHORT_S] * SMALL)
    return [
        *(Case(Workload(f"place_{place}", empty), {"place": place}) for place in range(1, options.places + 1)),
        *(Case(Workload(_sleeps(task_s), _chain([task_s] * TASKS)), {"task_s": task_s}) for task_s in sleeping),
        *(Case(Workload(f"{DRAWN}_{seed}", _chain(_drawn(seed))), {"draw": seed}) for seed in options.draws),
        *([Case(Workload(IMPORTING, _chain([0.0] * TASKS, tuple(options.imports))))] if options.imports else []),
        *(Case(Workload(f"at_once_{runs}", short), {"runs": runs}, SeveralAtOnce(runs)) for runs in options.runs),
    ]


def _chain(durations_s: Sequence[float], imports: tuple[str, ...] = ()) -> tuple[Node, ...]:
    return tuple(
        Node(f"n{i}", "sleep", (f"n{i - 1}",) if i else (), {"seconds": seconds}, imports=imports)
        for i, seconds in enumerate(durations_s)
    )


def _sleeps(seconds: float) -> str:
    return f"sleeps_{round(seconds * 1000)}ms"


def _drawn(seed: int) -> list[float]:
    """Return durations that are the same for all tools, in every round and on every machine.

    They lie evenly between none and the longest: a few free draws may all meet a tool's tick in one phase.
    """
    draw = random.Random(seed)  # noqa: S311 - reproducible tasks, not a secret
    durations = [round((part + draw.random()) / DRAWS * LONGEST_S, 3) for part in range(DRAWS)]
    draw.shuffle(durations)
    return durations


# The numbers -----------------------------------------------------------------------------------------------------------


def import_s(run: Run) -> float:
    """Return how long the bodies took on average; where tasks share a process, most of them find all imported."""
    return bodies_s(run) / len(run.timeline.bodies)


def tasks_per_s(run: Run) -> float:
    """Return how many bodies ran in a second, of all runs together."""
    return len(run.timeline.bodies) / first_to_last_s(run)


def transition_p95_ms(run: Run) -> float | None:
    """Return how long the slowest twentieth of all transitions took at least, whichever run each is of."""
    if not isinstance(run.work, Workload):
        return None
    children = run.work.nodes[1:]
    waits = sorted(
        one.start(node.id) - one.end(node.after[0])
        for one in run.timeline.runs.values() or [run.timeline]
        for node in children
    )
    return waits[ceil(0.95 * len(waits)) - 1] / 1e6


def cpu_per_task_s(run: Run) -> float | None:
    """Return the CPU time of all processes of the engine, from the first submission to the last end, by bodies."""
    cpu_s = run.facts.get("cpu_s")
    return None if cpu_s is None else cpu_s / len(run.timeline.bodies)


METRICS: Final = (
    Metric(
        "overlap_ms",
        "ms",
        "transition_ms between empty tasks minus transition_ms between these: what the engine does while the task goes on",
        "higher",
        alone=True,
    ),
    Metric("import_s", "s", "mean time of a body that imports", of=import_s),
    Metric("import_cost_s", "s", "for each task, first_to_last_s beyond that of the chain without imports", costs=True),
    Metric(
        "tasks_per_s",
        "tasks/s",
        "bodies over the time from the first one's start to the last one's end, of all runs together",
        "higher",
        of=tasks_per_s,
    ),
    Metric("transition_p95_ms", "ms", "transition_ms that a twentieth of all transitions exceed", of=transition_p95_ms),
    Metric(
        "cpu_per_task_s",
        "s",
        "CPU time of all processes of the engine, from the submission until the last run is over, for each body",
        of=cpu_per_task_s,
        lack="the CPU time was not read",
        waits=True,
    ),
    Metric(
        "first_over_later", "x", "transition_ms of the first chain in a row over the median of the last ones", alone=True
    ),
)


def metrics(case: Case) -> Sequence[str]:
    """Return the metrics of a run."""
    if "runs" in case.axes:
        return ("makespan_s", "first_to_last_s", "max_concurrency", "tasks_per_s", "transition_p95_ms", "cpu_per_task_s")
    return (*usual(case), "import_s") if case.name == IMPORTING else usual(case)


def derive(medians: Medians) -> Iterable[Derived]:
    """Return what overlaps with the tasks, what an import costs, and what the first chain pays."""
    if EMPTY in medians.workloads:
        yield from _beyond_empty(medians)
    row = sorted((int(axes["place"]), name) for name in medians.workloads if "place" in (axes := medians.axes(name)))
    transitions = [medians.median(name, "transition_ms") for _, name in row]
    if len(transitions) > 1:
        later = transitions[-max(1, len(transitions) // LAST) :]
        yield Derived(ROW, "first_over_later", transitions[0].over(median_of(later)))


def _beyond_empty(medians: Medians) -> Iterable[Derived]:
    empty_ms, empty_s = medians.median(EMPTY, "transition_ms"), medians.median(EMPTY, "first_to_last_s")
    for name in medians.workloads:
        if name == IMPORTING:
            cost_s = medians.median(name, "first_to_last_s").minus(empty_s)
            yield Derived(name, "import_cost_s", cost_s.times(1 / TASKS))
        elif name != EMPTY and medians.axes(name).keys() & {"task_s", "draw"}:
            yield Derived(name, "overlap_ms", empty_ms.minus(medians.median(name, "transition_ms")))


# What is shown ---------------------------------------------------------------------------------------------------------


COLUMNS: Final = (
    Column("per task, drawn", "transition_ms", f"{DRAWN}_1"),
    Column("overlaps", "overlap_ms", f"{DRAWN}_1"),
    Column("per task, empty", "transition_ms", EMPTY),
    Column("per import", "import_cost_s", IMPORTING),
    Column("per run", "submit_to_first_s", EMPTY),
    Column("first over later", "first_over_later", ROW),
    Column("10 runs", "makespan_s", "at_once_10"),
    Column("tasks per second", "tasks_per_s", "at_once_10"),
    Column("95 % of transitions", "transition_p95_ms", "at_once_10"),
    Column("CPU per task", "cpu_per_task_s", "at_once_10"),
)

AT_ONCE: Final = Family("runs", "at_once")

CURVES: Final = (
    Curve("idle between two tasks", "s that a task takes", Family("task_s", "sleeps"), metric="transition_ms", log=False),
    Curve("idle between two tasks", "place in a row", Family("place", ROW), metric="transition_ms", log=False),
    Curve("tasks per second", "runs at once", AT_ONCE, metric="tasks_per_s"),
    Curve("95 % of transitions within", "runs at once", AT_ONCE, metric="transition_p95_ms"),
    Curve("CPU time per task", "runs at once", AT_ONCE, metric="cpu_per_task_s"),
)

SCENARIO = Scenario(
    name="load",
    version=1,
    order=15,
    question="What does an orchestrator add once tasks take time, import libraries, and come many at once?",
    limits=(
        "Tasks that sleep leave the cores to the engine; tasks that compute compete with it.",
        "An import is measured with its files in the memory of the machine; the first one after a boot takes longer.",
        "Runs at once meet each tool's own limits of runs; two tasks at once are two of each run.",
        "Each of Airflow's 32 workers has a first task; with few places in a row, the later chains meet fresh workers too.",
        "CPU time holds what the services need meanwhile, also while runs wait for a poll.",
    ),
    options=Options,
    cases=cases,
    metrics=metrics,
    own_metrics=METRICS,
    derive=derive,
    in_order=True,
    columns=COLUMNS,
    curves=CURVES,
    timeline=(f"{DRAWN}_1", _sleeps(LONGEST_S)),
)
