"""The numbers of one verified run: every function computes one from the events, or None where there is none."""

# ruff: noqa: D103 - metrics.py says what each function computes
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.events.timeline import Timeline, busy_times, max_concurrency
from contract.pipeline import Pipeline
from contract.workload import Workload


@dataclass(frozen=True)
class Run:
    """A verified run: what the bodies logged, what was asked for, and what the run left behind."""

    timeline: Timeline
    work: Workload | Pipeline
    width: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    is_first: bool = True
    """Whether its engine start had made no run before but warm-ups."""

    @property
    def submitted(self) -> int:
        """When the run was submitted."""
        if self.timeline.submitted is None:
            raise ValueError("only a verified run can be measured")
        return self.timeline.submitted

    @property
    def settled(self) -> int:
        """When the tool called the run over."""
        if self.timeline.settled is None:
            raise ValueError("only a verified run can be measured")
        return self.timeline.settled


def makespan_s(run: Run) -> float:
    return (run.timeline.last_end - run.submitted) / 1e9


def submit_to_first_s(run: Run) -> float:
    return (run.timeline.first_start - run.submitted) / 1e9


def first_to_last_s(run: Run) -> float:
    return (run.timeline.last_end - run.timeline.first_start) / 1e9


def finish_lag_s(run: Run) -> float:
    return (run.settled - run.timeline.last_end) / 1e9


def attempts(run: Run) -> float:
    return len(run.timeline.bodies)


def concurrency(run: Run) -> float:
    return max_concurrency(run.timeline)


def transition_ms(run: Run) -> float | None:
    if not isinstance(run.work, Workload):
        return None
    timeline = run.timeline
    return median([timeline.start(node.id) - timeline.end(node.after[0]) for node in run.work.nodes[1:]]) / 1e6


def between_steps_s(run: Run) -> float:
    return first_to_last_s(run) - sum(end - start for start, end in busy_times(run.timeline)) / 1e9


def bodies_s(run: Run) -> float:
    return sum((body.ended or body.started) - body.started for body in run.timeline.bodies) / 1e9


def stored_bytes(run: Run) -> float | None:
    if "kept_bytes" in run.facts:
        return float(run.facts["kept_bytes"])
    disk = [sample.disk for sample in run.timeline.samples]
    return float(max(disk) - disk[0]) if disk else None
