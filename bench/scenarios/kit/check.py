"""Checks: what is verified beyond the single run, from what was seen of all runs of a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bench.events.timeline import Timeline
from bench.scenarios.kit.case import Axes, Case
from contract.workload import Node, Workload


@dataclass(frozen=True)
class Seen:
    """What a check may look at: a trial that ended, what ran in it, and what was found after it."""

    trial: str
    asked: Case
    """What was asked for."""
    round: int
    repeat: int
    timeline: Timeline
    facts: Mapping[str, Any]
    problem: str | None = None
    """Why it yields no timing, if so."""
    status: str = "ok"
    """How it came out; see `bench.derive.measured`."""
    width: int = 0
    number: int = 0
    """The place of the trial among all of them, in the order in which they ended."""
    tasks: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """When each task ran, by the tool's own records."""

    @property
    def case(self) -> str:
        """The name of what was asked for."""
        return self.asked.name

    @property
    def axes(self) -> Axes:
        """Where that stands among the cases of its scenario."""
        return self.asked.axes

    @cached_property
    def attempts(self) -> Mapping[str, int]:
        """How often each body ran."""
        return {name: len(attempts) for name, attempts in self.timeline.attempts.items()}

    @property
    def has_comparable_records(self) -> bool:
        """Whether each try that the tool knows of should be a body that ran.

        Not where parameters are refused by the task itself, before its body; nor of several runs, whose bodies are counted
        together.
        """
        return self.asked.procedure.runs == 1 and not self.asked.expectation.is_open

    @property
    def nodes(self) -> Sequence[Node]:
        """The nodes of the graph that ran, if it was one."""
        return self.asked.work.nodes if isinstance(self.asked.work, Workload) else ()


@dataclass(frozen=True)
class Verdict:
    """What a check says, and the evidence."""

    passed: bool
    because: str
    observed: bool = True
    """Whether the behaviour in question was seen at all."""


@dataclass(frozen=True)
class Check:
    """What is verified beyond the single run, where a suite has the cases that it needs."""

    needs: tuple[str, ...]
    judge: Callable[[Sequence[Seen], Sequence[Seen]], Verdict | None]
    """From a setup's runs and the reference's runs at the same tier to a verdict; None where there is nothing to judge."""


def of(case: str, runs: Sequence[Seen]) -> list[Seen]:
    """Return the runs of one case."""
    return [each for each in runs if each.case == case]


def lost(runs: Sequence[Seen]) -> Verdict | None:
    """Return the verdict on a behaviour that cannot be judged, because a run did not do what it should."""
    problem = next((each for each in runs if each.problem), None)
    return Verdict(False, f"{problem.trial}: {problem.problem}", observed=False) if problem else None
