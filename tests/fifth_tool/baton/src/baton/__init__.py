"""Baton: tasks that hand their results on, in threads of one process."""

from baton.flow import Failed, Flow, Hopeless, Task

__all__ = ["Failed", "Flow", "Hopeless", "Task"]
