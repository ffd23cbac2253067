"""The scenarios, each in a file of its own: its question, its workloads, its metrics and its checks."""

from __future__ import annotations

from bench.scenarios import churn, overhead
from bench.scenarios.scenario import Case, Scenario, Seen, Work

__all__ = ["SCENARIOS", "Case", "Scenario", "Seen", "Work"]

SCENARIOS: dict[str, Scenario] = {each.name: each for each in (overhead.SCENARIO, churn.SCENARIO)}
