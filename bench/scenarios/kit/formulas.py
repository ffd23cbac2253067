"""What one verified run says: each function here makes one number of its events, or None where it has none."""

# ruff: noqa: D103 - what each of them is stands in metrics.py
from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.events.timeline import Timeline, busy_times, max_concurrency
from contract.pipeline import Pipeline
from contract.workload import Node, Workload


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


def ready_s(run: Run) -> float:
    ready = run.timeline.last_end if run.timeline.bodies else run.settled
    return (ready - run.submitted) / 1e9


def attempts(run: Run) -> float:
    return len(run.timeline.bodies)


def bodies_run(run: Run) -> float:
    return len(run.timeline.attempts.get("compute", ()))


def efficiency(run: Run) -> float:
    return bodies_s(run) / (run.width * makespan_s(run))


def concurrency(run: Run) -> float:
    return max_concurrency(run.timeline)


def processes(run: Run) -> float:
    return len({each.pid for each in run.timeline.bodies})


def transition_ms(run: Run) -> float | None:
    if not isinstance(run.work, Workload):
        return None
    its = run.timeline
    return median([its.start(node.id) - its.end(node.after[0]) for node in run.work.nodes[1:]]) / 1e6


def between_steps_s(run: Run) -> float:
    return first_to_last_s(run) - sum(end - start for start, end in busy_times(run.timeline)) / 1e9


def bodies_s(run: Run) -> float:
    return sum((each.ended or each.started) - each.started for each in run.timeline.bodies) / 1e9


def step_s(step: str) -> Callable[[Run], float | None]:
    def of(run: Run) -> float | None:
        return (run.timeline.end(step) - run.timeline.start(step)) / 1e9 if step in run.timeline.attempts else None

    return of


def _faulty(run: Run) -> list[Node]:
    """Return the nodes that were tried again."""
    nodes = run.work.nodes if isinstance(run.work, Workload) else ()
    return [node for node in nodes if len(run.timeline.attempts.get(node.id, ())) > 1]


def waits_s(run: Run, node: Node) -> list[float]:
    """Return how long the tool waited before each further try of a node."""
    tries = run.timeline.attempts[node.id]
    return [(after.started - (before.ended or before.started)) / 1e9 for before, after in itertools.pairwise(tries)]


def delay_error_ms(run: Run) -> float | None:
    errors = [
        1000 * (got - asked)
        for node in _faulty(run)
        if node.retry
        for got, asked in zip(waits_s(run, node), node.retry.asked_s, strict=False)
    ]
    return median(errors) if errors else None


def delay_s(number: int) -> Callable[[Run], float | None]:
    def of(run: Run) -> float | None:
        waits = [waits for node in _faulty(run) if len(waits := waits_s(run, node)) > number]
        return median([each[number] for each in waits]) if waits else None

    return of


def recovery_s(run: Run) -> float | None:
    tries = [run.timeline.attempts[node.id] for node in _faulty(run)]
    spans = [each[-1].started - (each[0].ended or each[0].started) for each in tries if not each[-1].error]
    return max(spans) / 1e9 if spans else None


def hit_cost_ms(run: Run) -> float | None:
    its = run.timeline
    if its.attempts.get("compute"):
        return None
    if its.attempts.get("use") and its.attempts.get("begin"):
        return (its.start("use") - its.end("begin")) / 1e6
    return (run.settled - run.submitted) / 1e6  # where nothing ran, all of it was finding that out


def mb_per_s(run: Run) -> float | None:
    if not isinstance(run.work, Pipeline):
        return None
    passed_s = (run.timeline.start("take") - run.timeline.end("make")) / 1e9
    return float(run.work.parameters["size"]) / 1e6 / passed_s


def stored_bytes(run: Run) -> float | None:
    if "kept_bytes" in run.facts:
        return float(run.facts["kept_bytes"])
    disk = [each.disk for each in run.timeline.samples]
    return float(max(disk) - disk[0]) if disk else None


def peak_pss_mb(run: Run) -> float | None:
    return max((each.pss for each in run.timeline.samples), default=0) / 1e6 or None


def rejection_s(run: Run) -> float | None:
    return None if run.timeline.state == "succeeded" else (run.settled - run.submitted) / 1e9
