"""The metrics: their names, units and directions in one place, and how a single run yields them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from bench.timeline import Timeline, busy_times
from contract.pipeline import STEPS, Pipeline
from contract.workload import Workload


@dataclass(frozen=True)
class Metric:
    """A number that is measured; for all of ours, lower is better."""

    name: str
    unit: str
    about: str
    better: str = "lower"
    crosscheck: bool = False
    """From the tool's own records: shown beside the metric of the same name, never instead of it."""


METRICS: Mapping[str, Metric] = {
    each.name: each
    for each in (
        Metric("makespan_s", "s", "from the submission to the last body's end"),
        Metric("submit_to_first_s", "s", "from the submission to the first body's start"),
        Metric("transition_ms", "ms", "from a parent's end to its child's start, in a chain (the run's median)"),
        Metric("finish_lag_s", "s", "from the last body's end to the tool calling the run over"),
        Metric(
            "cold_run_s",
            "s",
            "makespan of the first run of its kind after the engine's start: one no-op task, or a small training",
        ),
        Metric("per_task_ms", "ms", "slope of makespan over the number of tasks"),
        Metric("per_run_ms", "ms", "intercept of makespan over the number of tasks"),
        Metric("metg50_ms", "ms", "shortest task at which half of the lanes' time is the user's work"),
        Metric("between_steps_s", "s", "how much of the makespan no step ran"),
        *(
            Metric(f"{step}_s", "s", f"the step {step}: its body, the last time that it was tried")
            for step in {step: None for steps in STEPS.values() for step in steps}
        ),
        Metric("reported_submit_to_first_s", "s", "submit_to_first_s by the tool's own clock and records", crosscheck=True),
        Metric("reported_transition_ms", "ms", "transition_ms by the tool's own clock and records", crosscheck=True),
    )
}


def expected_of(work: Workload | Pipeline) -> tuple[str, ...]:
    """Return the metrics that a run of the work yields."""
    always = ("makespan_s", "submit_to_first_s", "finish_lag_s")
    if isinstance(work, Pipeline):
        # A refused run ends at its gate, and the tool's ways to find out that it failed are another question.
        return ("makespan_s",) if work.fails_at else (*always, "between_steps_s", *_steps(work))
    # In a chain only: elsewhere a child may wait for a free lane, which is not the orchestrator's doing.
    return (*always, "transition_ms") if _has_transitions(work) else always


def _steps(pipeline: Pipeline) -> list[str]:
    return [f"{step}_s" for step in pipeline.steps if step not in pipeline.may_skip]


def _has_transitions(work: Workload | Pipeline) -> bool:
    return isinstance(work, Workload) and work.is_chain and len(work.nodes) > 1


def measure(timeline: Timeline, work: Workload | Pipeline) -> dict[str, float]:
    """Return the metrics of one verified run."""
    if timeline.submitted is None or timeline.settled is None:
        raise ValueError("only a verified run can be measured")
    values = {
        "makespan_s": (timeline.last_end - timeline.submitted) / 1e9,
        "submit_to_first_s": (timeline.first_start - timeline.submitted) / 1e9,
        "finish_lag_s": (timeline.settled - timeline.last_end) / 1e9,
    }
    if isinstance(work, Pipeline):
        busy = sum(end - start for start, end in busy_times(timeline)) / 1e9
        values["between_steps_s"] = values["makespan_s"] - busy
        values |= {f"{step}_s": (timeline.end(step) - timeline.start(step)) / 1e9 for step in timeline.attempts}
        return {name: value for name, value in values.items() if name in expected_of(work)}
    if _has_transitions(work):
        gaps = [timeline.start(node.id) - timeline.end(node.after[0]) for node in work.nodes[1:]]
        values["transition_ms"] = median(gaps) / 1e6
    return values


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
