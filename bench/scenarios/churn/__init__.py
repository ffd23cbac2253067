"""The scenario of the churn pipelines: what is asked of them, what surrounds a run, and what a run leaves behind."""

from bench.scenarios.churn.scenario import SCENARIO

__all__ = ["SCENARIO"]
