"""Which assets are stale or missing, for a process that has a Dagster instance but no webserver that could be asked.

Dagster has no public call for it: `evaluate_automation_conditions` is meant for tests, and returns what changed since the
last call. So this is the class that the webserver uses, and `RunRequest(stale_assets_only=True)` too.
"""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from churn_dagster.adapter.catalogue import VALUE


def report_value(instance: dg.DagsterInstance, version: str) -> None:
    """Report that the data from elsewhere has this version, as a webserver's /report_asset_materialization does."""
    # Not as an observation: those count only for assets whose observation Dagster itself makes.
    instance.report_runless_asset_event(dg.AssetMaterialization(VALUE, tags={"dagster/data_version": version}))


def stale_and_fresh(defs: dg.Definitions, instance: dg.DagsterInstance) -> tuple[list[dg.AssetKey], list[dg.AssetKey]]:
    """Return the assets that have to be made, with all that depends on them, and those that are up to date."""
    graph = defs.resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    keys = graph.materializable_asset_keys
    # Dagster looks at an asset's own inputs: what is two steps below a change is fresh, until what is between is made.
    changed = [key for key in keys if resolver.get_status(key) is not StaleStatus.FRESH]
    stale = dg.AssetSelection.assets(*changed).downstream().resolve(graph)
    return sorted(stale), sorted(keys - stale)
