"""The scenarios, each in a file of its own: its question, its workloads, its metrics and its checks."""

from __future__ import annotations

from bench.scenarios import (
    caching,
    churn,
    composition,
    granularity,
    overhead,
    parallelism,
    parameters,
    payload,
    retries,
)
from bench.scenarios.kit.case import Case, Work
from bench.scenarios.kit.scenario import Place, Scenario, Seen

__all__ = ["SCENARIOS", "Case", "Place", "Scenario", "Seen", "Work"]

SCENARIOS: dict[str, Scenario] = {
    each.SCENARIO.name: each.SCENARIO
    for each in (overhead, retries, caching, parallelism, payload, parameters, composition, granularity, churn)
}
