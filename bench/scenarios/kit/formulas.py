"""What one verified run says: each function makes one number of its events, or None where it has none."""

# ruff: noqa: D103 - metrics.py says what each of them is
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
    """A verified run: what its bodies logged, what was asked for, and what it left."""

    timeline: Timeline
    work: Workload | Pipeline
    width: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def submitted(self) -> int:
        """When it was asked for."""
        if self.timeline.submitted is None:
            raise ValueError("only a verified run can be measured")
        return self.timeline.submitted

    @property
    def settled(self) -> int:
        """When the tool called it over."""
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
    its = run.timeline
    return median([its.start(node.id) - its.end(node.after[0]) for node in run.work.nodes[1:]]) / 1e6


def between_steps_s(run: Run) -> float:
    return first_to_last_s(run) - sum(end - start for start, end in busy_times(run.timeline)) / 1e9


def bodies_s(run: Run) -> float:
    return sum((each.ended or each.started) - each.started for each in run.timeline.bodies) / 1e9


def stored_bytes(run: Run) -> float | None:
    if "kept_bytes" in run.facts:
        return float(run.facts["kept_bytes"])
    disk = [each.disk for each in run.timeline.samples]
    return float(max(disk) - disk[0]) if disk else None
