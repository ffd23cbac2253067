"""The scenarios, each in a file of its own: its question, its workloads, its metrics and its checks."""

from __future__ import annotations

from bench.scenarios import overhead
from bench.scenarios.scenario import Case, Scenario

__all__ = ["SCENARIOS", "Case", "Scenario"]

SCENARIOS: dict[str, Scenario] = {each.name: each for each in (overhead.SCENARIO,)}
