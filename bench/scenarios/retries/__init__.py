"""The scenario of retries: the question and the numbers, the graphs with the faults in them, and the checks."""

from bench.scenarios.retries.scenario import SCENARIO

__all__ = ["SCENARIO"]
