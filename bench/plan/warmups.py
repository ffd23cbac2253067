"""The runs that every engine start begins with: kept and marked, but not counted."""

from __future__ import annotations

from bench.scenarios import Case
from bench.scenarios.kit.graphs import fan_out
from contract.workload import Node, Workload

COLD = Case(Workload("warm_up", (Node("n0"),)))
"""The first run of every engine start, which pays for imports, connections and caches. The makespan is `cold_run_s`."""

WIDE = Case(Workload("warm_up_wide", fan_out(8)))
"""In one process, the first wide graph pays for a pool of threads."""

NAMES = (COLD.name, WIDE.name)


def warmups(tier: str) -> tuple[Case, ...]:
    """Return what warms up an engine of the tier: no more than the first run, where each run is a process of its own."""
    return (COLD, WIDE) if tier == "library" else (COLD,)
