"""The pipelines without an orchestrator: the reference, and the denominator of every ratio."""
