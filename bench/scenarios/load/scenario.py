"""What does an orchestrator add once tasks take time, import their libraries, and come many at once?

A chain of empty tasks in an idle engine says what the engine adds between two tasks that do nothing. A pipeline may pay
more, or less. So the same chain runs with tasks that sleep and with tasks that import. A chain of empty tasks runs again and
again from the start of the engine on, and a small one many times at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from bench.base.stats.quantity import median_of
from bench.scenarios.kit.case import Case
from bench.scenarios.kit.common_metrics import Metric, usual
from bench.scenarios.kit.curve import Curve
from bench.scenarios.kit.derived import Derived, Medians
from bench.scenarios.kit.families import Family
from bench.scenarios.kit.formulas import concurrency
from bench.scenarios.kit.scenario import Scenario
from bench.scenarios.kit.table import Column
from bench.scenarios.load import numbers
from bench.scenarios.load.cases import DRAWN, EMPTY, IMPORTING, ROW, Options, cases, sleeps

LAST: Final = 5
"""The last fifth of the chains in a row is called later."""


METRICS: Final = (
    Metric(
        "transition_mean_ms",
        "ms",
        "from a parent's end to its child's start, in a chain (the run's mean, of which a total is made)",
        of=numbers.transition_mean_ms,
    ),
    Metric(
        "overlap_ms",
        "ms",
        "transition_mean_ms between empty tasks minus that between these: what the engine does while the task goes on",
        "higher",
        alone=True,
    ),
    # How long a library takes to import is its own matter, and how often it is paid the tool's: no ratio is the tools'.
    Metric("first_import_s", "s", "time of a run's first body that imports", of=numbers.first_import_s, alone=True),
    Metric("later_import_s", "s", "mean time of its later bodies, which do too", of=numbers.later_import_s, alone=True),
    Metric(
        "tasks_per_s",
        "tasks/s",
        "bodies over the time from the first one's start to the last one's end, of all runs together",
        "higher",
        of=numbers.tasks_per_s,
        waits=True,
    ),
    Metric(
        "bodies_at_once", "bodies", "most bodies at one moment, of all runs together", "higher", of=concurrency, waits=True
    ),
    Metric(
        "transition_p95_ms",
        "ms",
        "from a parent's end to its child's start: what a twentieth of the transitions of all runs exceed",
        of=numbers.transition_p95_ms,
        lack=f"there were fewer than {numbers.FEWEST_TRANSITIONS} transitions, so that it would be the largest",
    ),
    Metric(
        "run_p90_s",
        "s",
        "from the submission of a run to its last body's end: what a tenth of the runs exceed",
        of=numbers.run_p90_s,
        lack=f"there were fewer than {numbers.FEWEST_RUNS} runs, so that it would be the longest, which is makespan_s",
        waits=True,
    ),
    Metric(
        "taken_within_s",
        "s",
        "from the first submission until the tool has taken the last run",
        of=numbers.taken_within_s,
        lack="nobody looked when the tool had taken them",
        alone=True,
    ),
    Metric(
        "cpu_per_task_s",
        "s",
        "CPU time of all processes of the engine, from the submission until the last run is over, for each body",
        of=numbers.cpu_per_task_s,
        lack="the CPU time was not read",
        waits=True,
    ),
    Metric(
        "first_over_later", "x", "transition_ms of the first chain in a row over the median of the last ones", alone=True
    ),
)

AT_ONCE_METRICS: Final = (
    "makespan_s",
    "run_p90_s",
    "tasks_per_s",
    "bodies_at_once",
    "transition_p95_ms",
    "taken_within_s",
    "cpu_per_task_s",
)
"""All but two hold a wait: an engine that looks between two submissions takes the rest a whole period later."""


def metrics(case: Case) -> Sequence[str]:
    """Return the metrics of a run."""
    if "runs" in case.axes:
        return AT_ONCE_METRICS
    if "place" in case.axes:
        return usual(case)
    return (*usual(case), "transition_mean_ms", *(("first_import_s", "later_import_s") if case.name == IMPORTING else ()))


def derive(medians: Medians) -> Iterable[Derived]:
    """Return what overlaps with the tasks, and what the first chain pays."""
    if EMPTY in medians.workloads:
        empty_ms = medians.median(EMPTY, "transition_mean_ms")
        for name in medians.workloads:
            if name != EMPTY and medians.axes(name).keys() & {"task_s", "draw"}:
                yield Derived(name, "overlap_ms", empty_ms.minus(medians.median(name, "transition_mean_ms")))
    row = sorted((int(axes["place"]), name) for name in medians.workloads if "place" in (axes := medians.axes(name)))
    transitions = [medians.median(name, "transition_ms") for _, name in row]
    if len(transitions) > 1:
        later = transitions[-max(1, len(transitions) // LAST) :]
        yield Derived(ROW, "first_over_later", transitions[0].over(median_of(later)))


# What is shown ---------------------------------------------------------------------------------------------------------


COLUMNS: Final = (
    Column("per task, drawn", "transition_mean_ms", f"{DRAWN}_1"),
    Column("overlaps", "overlap_ms", f"{DRAWN}_1"),
    Column("per task, empty", "transition_mean_ms", EMPTY),
    Column("first import", "first_import_s", IMPORTING),
    Column("later import", "later_import_s", IMPORTING),
    Column("per run", "submit_to_first_s", EMPTY),
    Column("first over later", "first_over_later", ROW),
    Column("10 runs", "makespan_s", "at_once_10"),
    Column("9 of 10 runs", "run_p90_s", "at_once_10"),
    Column("tasks per second", "tasks_per_s", "at_once_10"),
    Column("95 % of transitions", "transition_p95_ms", "at_once_10"),
    Column("CPU per task", "cpu_per_task_s", "at_once_10"),
)

# What holds a wait is a draw where the engine polls, and on no curve.
CURVES: Final = (
    Curve(
        "idle between two tasks",
        "s that a task takes",
        Family("task_s", "sleeps"),
        metric="transition_mean_ms",
        log=False,
    ),
    Curve("idle between two tasks", "place in a row", Family("place", ROW), metric="transition_ms", log=False),
    Curve("95 % of transitions within", "runs at once", Family("runs", "at_once"), metric="transition_p95_ms"),
)

SCENARIO = Scenario(
    name="load",
    version=2,
    order=15,
    question="What does an orchestrator add once tasks take time, import libraries, and come many at once?",
    limits=(
        "Tasks that sleep leave the cores to the engine; tasks that compute compete with it.",
        "An import is measured with its files in the memory of the machine; the first one after a boot takes longer.",
        "Runs at once meet each tool's own limits of runs; two tasks at once are two of each run.",
        "Runs at once are asked for one right after another; a look of the engine may come between two of them.",
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
    timeline=(f"{DRAWN}_1", sleeps(1.5)),
)
