"""Engines: what the engine of each setup consists of when it is ready, and how long it takes to get there."""

from __future__ import annotations

import re
import statistics
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from bench.plan.setup import Setup
from bench.store.records import RunRecord, StartRecord, TrialRecord
from bench.store.rows import ReadyEngine


def engines(starts: Sequence[StartRecord], trials: Sequence[TrialRecord], run: RunRecord) -> Iterator[ReadyEngine]:
    """Yield the engine of each setup, in the order of their first starts.

    What an engine takes depends on what it has to serve, so only the starts count that had the least of all of the setup.
    """
    served: dict[str, set[str]] = defaultdict(set)
    for trial in trials:
        served[trial.start].add(trial.workload)
    by_setup: dict[Setup, list[StartRecord]] = defaultdict(list)
    for start in starts:
        if not start.setup.control:
            by_setup[start.setup].append(start)
    for setup, every in by_setup.items():
        upkeep = next((start.upkeep for start in every if start.upkeep), None)
        least = min(len(served[start.id]) for start in every)
        own = [start for start in every if len(served[start.id]) == least]
        ours = run.about(setup.orchestrator).by_choice
        by_choice = [name for name in upkeep.services if name in ours] if upkeep else []
        yield ReadyEngine(
            setup=setup,
            starts=len(own),
            # Some servers start only when they know what to serve.
            ready_s=statistics.median(start.start_s + start.deploy_s for start in own),
            served=least,
            failed=_failed([start.id for start in every], {start.id for start in starts}),
            services=len(upkeep.services) if upkeep else None,
            names=upkeep.services if upkeep else None,
            by_choice=by_choice,
            needed=len(upkeep.services) - len(by_choice) if upkeep else None,
            processes=upkeep.processes if upkeep else None,
            idle_pss_mb=upkeep.idle_pss / 1e6 if upkeep and upkeep.services else None,
            ports=statistics.median(len(start.listening) for start in own),
        )


def _failed(own: Sequence[str], came_up: Collection[str]) -> int:
    """Return how many engine starts failed before the ones that came up: these have the number of the try in their name."""
    failed: set[str] = set()
    for name in own:
        if again := re.fullmatch(r"(.+)-(\d+)", name):
            first, tries = again.group(1), int(again.group(2))
            failed |= {first, *(f"{first}-{number}" for number in range(2, tries))} - {*came_up}
    return len(failed)
