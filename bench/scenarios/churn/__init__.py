"""The scenario of the churn pipelines: the questions, what happens around a run, and what a run leaves behind."""

from bench.scenarios.churn.scenario import SCENARIO

__all__ = ["SCENARIO"]
