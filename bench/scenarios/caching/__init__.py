"""The scenario of caching: the question and the numbers, the cases in their order, and the checks."""

from bench.scenarios.caching.scenario import SCENARIO

__all__ = ["SCENARIO"]
