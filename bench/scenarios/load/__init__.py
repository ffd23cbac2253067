"""The scenario of load: the cases in their order, the numbers of a run, and what is derived and shown."""

from bench.scenarios.load.scenario import SCENARIO

__all__ = ["SCENARIO"]
