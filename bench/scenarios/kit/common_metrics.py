"""Metrics: the name, the unit and the direction of a number, and the metrics that several scenarios have.

A metric that only one scenario has is declared in the file of that scenario.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal

from bench.scenarios.kit import formulas
from bench.scenarios.kit.case import Case, Work
from bench.scenarios.kit.formulas import Run
from contract.pipeline import Pipeline
from contract.workload import Workload


@dataclass(frozen=True)
class Metric:
    """A number that is measured."""

    name: str
    unit: str
    about: str
    better: Literal["lower", "higher"] = "lower"
    crosscheck: bool = False
    """Whether it comes from the tool's own records, to be shown beside the metric of the same name, never instead of it."""
    of: Callable[[Run], float | None] | None = None
    """Computes the metric of a single run; None for a metric of several runs."""
    lack: str = "no run yielded it"
    """Why no run has a value, although all went well."""
    costs: bool = False
    """Whether it is a cost that is the difference of two times: chance may put it below zero, where no cost is.

    The slope and the intercept of a line are such costs too, and need no mark."""
    waits: bool = False
    """Whether it begins with the submission, and so holds the wait for the engine: such a number is in no ratio.

    Where an engine polls, the wait is a draw, and to divide by a draw is to rank by chance."""
    perhaps_at_once: bool = False
    """Whether it may be over before any run begins, because the tool decides at once: then the wait is not in it."""
    alone: bool = False
    """Whether it is in no ratio for a reason of its own: more of it is neither better nor worse, or much of it is not the
    tool's."""

    @property
    def is_divided(self) -> bool:
        """Whether there are ratios of it."""
        return not (self.crosscheck or self.waits or self.alone)


COUNTS: Final = frozenset({"runs", "bodies", "processes", "lines"})
"""The units of counts, in which no clock makes noise."""

COLD_RUN: Final = "cold_run_s"
"""The metric of the first run of a kind in an engine: of a warm-up of the harness, or of the scenario."""

RECORDED_LAG: Final = "recorded_lag_s"
"""The metric of how long the end of a task is no part of the tool's records."""

COMMON: Final = (
    Metric("makespan_s", "s", "from the submission to the last body's end", of=formulas.makespan_s, waits=True),
    Metric(
        "submit_to_first_s",
        "s",
        "from the submission to the first body's start: the wait before it",
        of=formulas.submit_to_first_s,
        waits=True,
    ),
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
    # How often the harness looks adds up to 70 ms, which is all that a fast tool is seen to take: no ratio is the tools'.
    Metric(
        "finish_lag_s",
        "s",
        "from the last body's end to the tool calling the run over",
        of=formulas.finish_lag_s,
        alone=True,
    ),
    Metric(
        COLD_RUN,
        "s",
        "makespan of the first run of its kind after the engine's start: one no-op task, or a small training",
        waits=True,
    ),
    Metric(
        "between_steps_s",
        "s",
        "from the first step's start to the last step's end: how much of that time no step ran",
        of=formulas.between_steps_s,
    ),
    Metric("bodies_s", "s", "time of all bodies together", of=formulas.bodies_s),
    Metric("attempts", "runs", "how often a body ran, all nodes together", of=formulas.attempts),
    Metric("max_concurrency", "bodies", "most bodies at one moment", "higher", of=formulas.concurrency),
    Metric("stored_bytes", "B", "what is on disk because of it", of=formulas.stored_bytes),
    Metric("reported_submit_to_first_s", "s", "submit_to_first_s by the tool's own clock and records", crosscheck=True),
    Metric("reported_transition_ms", "ms", "transition_ms by the tool's own clock and records", crosscheck=True),
    Metric(
        RECORDED_LAG,
        "s",
        "from the last body's end until the tool's records had each task's end; to read them is a part of it",
        crosscheck=True,
    ),
)
"""The metrics that several scenarios have."""


# Which of them a run yields --------------------------------------------------------------------------------------------


def usual(case: Case) -> Sequence[str]:
    """Return the metrics of a run where the question is what the tool adds to the work."""
    work = case.work
    # For a single task, this is the time of the body, which is the same for every tool.
    several = ("first_to_last_s",) if isinstance(work, Pipeline) or len(work.nodes) > 1 else ()
    # Only in a chain: elsewhere a child may wait for a free lane, for which the orchestrator is not to blame.
    transition = ("transition_ms",) if _has_transitions(work) else ()
    return ("makespan_s", "submit_to_first_s", *several, "finish_lag_s", *transition)


def _has_transitions(work: Work) -> bool:
    return isinstance(work, Workload) and work.is_chain and len(work.nodes) > 1


def measure_reported(submitted: float | None, tasks: Mapping[str, tuple[float, float]], work: Work) -> dict[str, float]:
    """Return the cross-checks that the tool's own records allow."""
    values: dict[str, float] = {}
    if submitted is not None and tasks:
        values["reported_submit_to_first_s"] = min(start for start, _ in tasks.values()) - submitted
    if isinstance(work, Workload) and _has_transitions(work) and len(tasks) == len(work.nodes):
        gaps = [tasks[node.id][0] - tasks[node.after[0]][1] for node in work.nodes[1:]]
        values["reported_transition_ms"] = median(gaps) * 1000
    return values
