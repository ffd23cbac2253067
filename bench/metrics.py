"""The metrics: their names, units and directions in one place, and how a single run yields them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from bench.timeline import Timeline
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
        Metric("cold_run_s", "s", "makespan of the first run after the engine's start, one no-op task"),
        Metric("per_task_ms", "ms", "slope of makespan over the number of tasks"),
        Metric("per_run_ms", "ms", "intercept of makespan over the number of tasks"),
        Metric("metg50_ms", "ms", "shortest task at which half of the lanes' time is the user's work"),
        Metric("reported_submit_to_first_s", "s", "submit_to_first_s by the tool's own clock and records", crosscheck=True),
        Metric("reported_transition_ms", "ms", "transition_ms by the tool's own clock and records", crosscheck=True),
    )
}


def expected_of(workload: Workload) -> tuple[str, ...]:
    """Return the metrics that a run of the workload yields."""
    always = ("makespan_s", "submit_to_first_s", "finish_lag_s")
    # In a chain only: elsewhere a child may wait for a free lane, which is not the orchestrator's doing.
    return (*always, "transition_ms") if _has_transitions(workload) else always


def _has_transitions(workload: Workload) -> bool:
    return workload.is_chain and len(workload.nodes) > 1


def measure(timeline: Timeline, workload: Workload) -> dict[str, float]:
    """Return the metrics of one verified run."""
    if timeline.submitted is None or timeline.settled is None:
        raise ValueError("only a verified run can be measured")
    values = {
        "makespan_s": (timeline.last_end - timeline.submitted) / 1e9,
        "submit_to_first_s": (timeline.first_start - timeline.submitted) / 1e9,
        "finish_lag_s": (timeline.settled - timeline.last_end) / 1e9,
    }
    if _has_transitions(workload):
        gaps = [timeline.start(node.id) - timeline.end(node.after[0]) for node in workload.nodes[1:]]
        values["transition_ms"] = median(gaps) / 1e6
    return values


def measure_reported(
    submitted: float | None, tasks: Mapping[str, tuple[float, float]], workload: Workload
) -> dict[str, float]:
    """Return the cross-checks that the tool's own records allow."""
    values: dict[str, float] = {}
    if submitted is not None and tasks:
        values["reported_submit_to_first_s"] = min(start for start, _ in tasks.values()) - submitted
    if _has_transitions(workload) and len(tasks) == len(workload.nodes):
        gaps = [tasks[node.id][0] - tasks[node.after[0]][1] for node in workload.nodes[1:]]
        values["reported_transition_ms"] = median(gaps) * 1000
    return values
