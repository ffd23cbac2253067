"""Whether a deployment keeps tasks apart as its folder says: by the processes of the bodies of several runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from bench.events.timeline import Timeline, most_at_once

SAYS: Final[Mapping[str, str]] = {
    "tasks": "each task has a process of its own",
    "pool": "tasks share a pool of processes, and those of one moment have one each",
    "runs": "each run has a process of its own",
    "nothing": "all is in one process",
}
"""What each class of isolation claims (`bench.plan.tools.Apart`)."""


def counted(runs: Sequence[Timeline]) -> str:
    """Say in how many processes the bodies ran."""
    return f"{len(_processes(runs))} bodies of {len(runs)} runs ran in {len(set(_processes(runs)))} processes"


def is_so(apart: str, runs: Sequence[Timeline]) -> bool:
    """Whether the claim holds for these runs, no more and no less. A pool has to be given more bodies than processes."""
    every = _processes(runs)
    match apart:
        case "tasks":
            return len(set(every)) == len(every)
        case "pool":
            return len(set(every)) < len(every) and not any(map(_is_shared_at_once, runs))
        case "runs":
            of_runs = [{body.pid for body in run.bodies} for run in runs]
            return len(set(every)) == len(runs) and all(len(processes) == 1 for processes in of_runs)
        case _:
            return len(set(every)) == 1


def _processes(runs: Sequence[Timeline]) -> list[int]:
    return [body.pid for run in runs for body in run.bodies]


def _is_shared_at_once(run: Timeline) -> bool:
    spans: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for body in run.bodies:
        spans[body.pid].append((body.started, body.ended or body.started))
    return any(most_at_once(of_process) > 1 for of_process in spans.values())
