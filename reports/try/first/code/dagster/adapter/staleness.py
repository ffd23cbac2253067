"""What has changed, for a process that has a Dagster instance: the file from elsewhere is observed, and what is stale found.

Dagster has no public call for the latter: `evaluate_automation_conditions` is meant for tests, and returns what changed
since the last call. So this is the class that the webserver uses, and `RunRequest(stale_assets_only=True)` too.
"""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest


def observe(defs: dg.Definitions, instance: dg.DagsterInstance) -> None:
    """Have the file from elsewhere observed, as whoever has written it would do, or a schedule."""
    defs.resolve_job_def("observed").execute_in_process(instance=instance)


def stale_and_fresh(
    defs: dg.Definitions, job: str, instance: dg.DagsterInstance
) -> tuple[list[dg.AssetKey], list[dg.AssetKey]]:
    """Return the job's assets that have to be made, with all that depends on them, and those that are up to date."""
    graph = defs.resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    keys = defs.resolve_job_def(job).asset_layer.selected_asset_keys
    # Dagster looks at an asset's own inputs: what is two steps below a change is fresh, until what is between is made.
    changed = [key for key in keys if resolver.get_status(key) is not StaleStatus.FRESH]
    stale = dg.AssetSelection.assets(*changed).downstream().resolve(graph) & set(keys)
    return sorted(stale), sorted(set(keys) - stale)
