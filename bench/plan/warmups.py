"""The runs that every engine start begins with: kept and marked, but not counted."""

from __future__ import annotations

from collections.abc import Iterator

from bench.scenarios import Case
from bench.scenarios.kit.graphs import fan_out
from contract.workload import Node, Workload

COLD = Case(Workload("warm_up", (Node("n0"),)))
"""The first run of every engine start, which pays for imports, connections and caches. The makespan is `cold_run_s`."""

WIDE = Case(Workload("warm_up_wide", fan_out(8)))
"""In one process, the first wide graph pays for a pool of threads."""

POOL = "warm_up_pool"
"""Where processes of an engine take turns at the tasks of all runs, each has a first task."""

NAMES = (COLD.name, WIDE.name, POOL)


def warmups(tier: str, pool: int = 0) -> Iterator[Case]:
    """Yield what warms up an engine of the tier; no more than the first run, where each run is a process of its own.

    If processes outlive a run, `pool` says how many.
    """
    yield COLD
    if tier == "library":
        yield WIDE
    if pool:
        yield Case(Workload(POOL, tuple(Node(f"n{i}") for i in range(pool))))
