"""The metrics: their names, units and directions in one place, and which of them a run yields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from bench.scenarios.kit import formulas
from bench.scenarios.kit.formulas import Run
from contract.pipeline import STEPS, Pipeline
from contract.workload import Workload


@dataclass(frozen=True)
class Metric:
    """A number that is measured."""

    name: str
    unit: str
    about: str
    better: str = "lower"
    crosscheck: bool = False
    """From the tool's own records: shown beside the metric of the same name, never instead of it."""
    of: Callable[[Run], float | None] | None = None
    """How a single run yields it; those that do not have it are made of several runs."""
    lack: str = "no run yielded it"
    """What it means that no run has it, though all went well."""


COUNTS: Final = frozenset({"runs", "bodies", "processes"})
"""The units of what is counted: no clock makes noise in it."""

DELAYS = 4
"""How many waits of one node are kept apart."""

METRICS: Mapping[str, Metric] = {
    each.name: each
    for each in (
        Metric("makespan_s", "s", "from the submission to the last body's end", of=formulas.makespan_s),
        Metric("submit_to_first_s", "s", "from the submission to the first body's start", of=formulas.submit_to_first_s),
        Metric(
            "first_to_last_s",
            "s",
            "from the first body's start to the last body's end: the makespan without the wait before it",
            of=formulas.first_to_last_s,
        ),
        Metric(
            "transition_ms",
            "ms",
            "from a parent's end to its child's start, in a chain (the run's median)",
            of=formulas.transition_ms,
        ),
        Metric("finish_lag_s", "s", "from the last body's end to the tool calling the run over", of=formulas.finish_lag_s),
        Metric(
            "ready_s",
            "s",
            "from the submission to the result having been used, or to the tool saying that there was nothing to do",
            of=formulas.ready_s,
        ),
        Metric(
            "cold_run_s",
            "s",
            "makespan of the first run of its kind after the engine's start: one no-op task, or a small training",
        ),
        Metric("per_task_ms", "ms", "slope of makespan over the number of tasks"),
        Metric("per_run_ms", "ms", "intercept of makespan over the number of tasks"),
        Metric("metg50_ms", "ms", "shortest task at which half of the lanes' time is the user's work"),
        Metric(
            "between_steps_s",
            "s",
            "from the first step's start to the last step's end: how much of that time no step ran",
            of=formulas.between_steps_s,
        ),
        *(
            Metric(f"{step}_s", "s", f"the step {step}: its body, the last time that it was tried", of=formulas.step_s(step))
            for step in {**STEPS["train"], **STEPS["infer"]}
        ),
        # Retries
        Metric("attempts", "runs", "how often a body ran, all nodes together", of=formulas.attempts),
        Metric(
            "delay_error_ms",
            "ms",
            "wait before a retry, minus the wait that was asked for (the run's median)",
            of=formulas.delay_error_ms,
        ),
        *(Metric(f"delay_{i + 1}_s", "s", f"wait before retry {i + 1}", of=formulas.delay_s(i)) for i in range(DELAYS)),
        Metric(
            "recovery_s",
            "s",
            "from the first failure to the start of the try that succeeded (the slowest node)",
            of=formulas.recovery_s,
        ),
        # Kept results
        Metric("bodies_run", "runs", "how often the body ran whose result is kept", of=formulas.bodies_run),
        Metric(
            "hit_cost_ms",
            "ms",
            "what it takes to have a kept result",
            of=formulas.hit_cost_ms,
            lack="the body ran: no kept result was taken",
        ),
        Metric("warm_speedup", "x", "time of the first run over that of one that finds the result", "higher"),
        Metric("stored_bytes", "B", "what is on disk because of it", of=formulas.stored_bytes),
        # Tasks beside each other
        Metric(
            "efficiency",
            "share",
            "the bodies' time over the lanes' time, from the submission to the last body's end",
            "higher",
            of=formulas.efficiency,
        ),
        Metric("max_concurrency", "bodies", "most bodies at one moment", "higher", of=formulas.concurrency),
        Metric("processes", "processes", "different processes that bodies ran in", of=formulas.processes),
        Metric("speedup", "x", "makespan at width 1 over makespan at this width", "higher"),
        Metric("bodies_s", "s", "time of all bodies together", of=formulas.bodies_s),
        # Frames between tasks
        Metric(
            "mb_per_s",
            "MB/s",
            "size of a frame over the time from having it in one step to having it in the next",
            "higher",
            of=formulas.mb_per_s,
        ),
        Metric(
            "peak_pss_mb",
            "MB",
            "most memory that the engine's processes took (proportional set size)",
            of=formulas.peak_pss_mb,
        ),
        Metric("largest_ok_mb", "MB", "largest of the frames that arrived as they were", "higher"),
        # Parameters, nesting
        Metric(
            "rejection_s",
            "s",
            "from the submission to the tool having refused it, or called the run failed",
            of=formulas.rejection_s,
            lack="it was not refused: the run succeeded",
        ),
        Metric("retry_cost_s", "s", "first_to_last_s with one failure minus the same without"),
        Metric("per_level_ms", "ms", "slope of makespan over the depth of nesting"),
        Metric("reported_submit_to_first_s", "s", "submit_to_first_s by the tool's own clock and records", crosscheck=True),
        Metric("reported_transition_ms", "ms", "transition_ms by the tool's own clock and records", crosscheck=True),
    )
}


# Which of them a run yields --------------------------------------------------------------------------------------------


def usual(work: Workload | Pipeline) -> Sequence[str]:
    """Return the metrics of a run where the question is what the tool adds to the work."""
    # Of a single task, from the first to the last is the time of its body, which is the same for every tool.
    several = ("first_to_last_s",) if isinstance(work, Pipeline) or len(work.nodes) > 1 else ()
    always = ("makespan_s", "submit_to_first_s", *several, "finish_lag_s")
    if isinstance(work, Pipeline):
        # A refused run ends at its gate, and the tool's ways to find out that it failed are another question.
        return ("makespan_s",) if work.fails_at else (*always, "between_steps_s", *_steps(work))
    # In a chain only: elsewhere a child may wait for a free lane, which is not the orchestrator's doing.
    return (*always, "transition_ms") if _has_transitions(work) else always


def _steps(pipeline: Pipeline) -> list[str]:
    return [f"{step}_s" for step in pipeline.steps if step not in pipeline.may_skip]


def _has_transitions(work: Workload | Pipeline) -> bool:
    return isinstance(work, Workload) and work.is_chain and len(work.nodes) > 1


def measure(names: Sequence[str], run: Run) -> dict[str, float]:
    """Return those of the metrics that a run has."""
    found = {name: of(run) for name in names if (of := METRICS[name].of)}
    return {name: float(value) for name, value in found.items() if value is not None}


def measure_reported(
    submitted: float | None, tasks: Mapping[str, tuple[float, float]], work: Workload | Pipeline
) -> dict[str, float]:
    """Return the cross-checks that the tool's own records allow."""
    values: dict[str, float] = {}
    if submitted is not None and tasks:
        values["reported_submit_to_first_s"] = min(start for start, _ in tasks.values()) - submitted
    if isinstance(work, Workload) and _has_transitions(work) and len(tasks) == len(work.nodes):
        gaps = [tasks[node.id][0] - tasks[node.after[0]][1] for node in work.nodes[1:]]
        values["reported_transition_ms"] = median(gaps) * 1000
    return values
