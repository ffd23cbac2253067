"""The numbers of one run, or of several that were asked for at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from statistics import fmean
from typing import Final

from bench.events.timeline import Attempt, Timeline
from bench.scenarios.kit.formulas import Run, first_to_last_s
from contract.workload import Workload

FEWEST_TRANSITIONS: Final = 20
"""Of fewer, the 95th percentile would be the largest."""

FEWEST_RUNS: Final = 10
"""Of fewer, the 90th percentile would be the largest."""


def transition_mean_ms(run: Run) -> float | None:
    """Return the mean time between two tasks: so many times this is what a chain takes beside the bodies."""
    waits = list(_transitions(run))
    return fmean(waits) / 1e6 if waits else None


def first_import_s(run: Run) -> float:
    """Return how long the body took that was the first of the run to import."""
    return _body_s(_in_order(run)[0])


def later_import_s(run: Run) -> float | None:
    """Return how long each other body took on average; where it shares a process with the first, it finds all imported."""
    later = _in_order(run)[1:]
    return fmean(map(_body_s, later)) if later else None


def tasks_per_s(run: Run) -> float:
    """Return how many bodies ran in a second, of all runs together."""
    return len(run.timeline.bodies) / first_to_last_s(run)


def transition_p95_ms(run: Run) -> float | None:
    """Return how long the slowest twentieth of all transitions took at least, whichever run each is of."""
    waits = sorted(_transitions(run))
    return waits[ceil(0.95 * len(waits)) - 1] / 1e6 if len(waits) >= FEWEST_TRANSITIONS else None


def run_p90_s(run: Run) -> float | None:
    """Return how long nine of ten runs took at most, each from its own submission to its last body's end."""
    # Not to the moment at which the tool calls it over: the harness looks for the end of one run at a time.
    took = sorted(each.last_end - each.submitted for each in _runs(run) if each.submitted is not None)
    return took[ceil(0.9 * len(took)) - 1] / 1e9 if len(took) >= FEWEST_RUNS else None


def cpu_per_task_s(run: Run) -> float | None:
    """Return the CPU time of all processes of the engine, from the first submission to the last end, by bodies."""
    cpu_s = run.facts.get("cpu_s")
    return None if cpu_s is None else cpu_s / len(run.timeline.bodies)


def taken_within_s(run: Run) -> float | None:
    """Return how long it took until the tool had taken all runs that were asked for at once."""
    return run.facts.get("taken_s")


def _runs(run: Run) -> Sequence[Timeline]:
    return list(run.timeline.runs.values()) or [run.timeline]


def _transitions(run: Run) -> Iterator[int]:
    """Yield the time between each two tasks of a chain, in nanoseconds, of all runs."""
    if isinstance(run.work, Workload):
        for one in _runs(run):
            yield from (one.start(node.id) - one.end(node.after[0]) for node in run.work.nodes[1:])


def _in_order(run: Run) -> Sequence[Attempt]:
    return sorted(run.timeline.bodies, key=lambda body: body.started)


def _body_s(body: Attempt) -> float:
    return ((body.ended or body.started) - body.started) / 1e9
