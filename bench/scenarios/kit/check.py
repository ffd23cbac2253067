"""Checks: what is verified beyond the single run, from all that was seen of the runs of a setup."""

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
    """What a check may look at: a trial that ended, what ran in it, and the facts gathered after it."""

    trial: str
    asked: Case
    """What was asked for."""
    round: int
    repeat: int
    timeline: Timeline
    facts: Mapping[str, Any]
    problem: str | None = None
    """Why the trial yields no timing, if it yields none."""
    status: str = "ok"
    """How the trial ended; see `bench.derive.measured`."""
    width: int = 0
    number: int = 0
    """The number of the trial, in the order in which all trials ended."""
    tasks: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """When each task ran, by the tool's own records."""

    @property
    def case(self) -> str:
        """The name of the case."""
        return self.asked.name

    @property
    def axes(self) -> Axes:
        """The place of the case on the axes of the scenario."""
        return self.asked.axes

    @cached_property
    def attempts(self) -> Mapping[str, int]:
        """How often each body ran."""
        return {name: len(attempts) for name, attempts in self.timeline.attempts.items()}

    @property
    def has_comparable_records(self) -> bool:
        """Whether every try in the records of the tool should be a body that ran.

        This is not so where the task itself refuses parameters before its body runs, nor where several runs have their
        bodies counted together.
        """
        return self.asked.procedure.runs == 1 and not self.asked.expectation.is_open

    @property
    def nodes(self) -> Sequence[Node]:
        """The nodes of the graph, if a graph ran."""
        return self.asked.work.nodes if isinstance(self.asked.work, Workload) else ()


@dataclass(frozen=True)
class Verdict:
    """Whether a check passed, and the evidence."""

    passed: bool
    because: str
    observed: bool = True
    """Whether the behaviour in question was seen; if not, no note of the tool's folder excuses a failure."""


@dataclass(frozen=True)
class Check:
    """A check of the runs of a setup, if the suite has the cases that the check needs."""

    needs: tuple[str, ...]
    judge: Callable[[Sequence[Seen], Sequence[Seen]], Verdict | None]
    """From the runs of a setup and of the reference at the same tier to a verdict; None if there is nothing to judge."""


def of(case: str, runs: Sequence[Seen]) -> list[Seen]:
    """Return the runs of one case."""
    return [run for run in runs if run.case == case]


def lost(runs: Sequence[Seen]) -> Verdict | None:
    """Return a verdict if a run did not do what it was asked, so that the behaviour cannot be judged."""
    broken = next((run for run in runs if run.problem), None)
    return Verdict(False, f"{broken.trial}: {broken.problem}", observed=False) if broken else None
