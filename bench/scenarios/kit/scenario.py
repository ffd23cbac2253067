"""What a scenario is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import msgspec

from bench.base.stats import Quantity
from bench.events.timeline import Timeline
from bench.scenarios.kit.case import Axes, Case
from bench.scenarios.kit.curve import Curve
from bench.scenarios.kit.families import Line, Sweep
from bench.scenarios.kit.hooks import Hooks
from bench.scenarios.kit.metrics import Metric, usual
from bench.scenarios.kit.observation import Look, Observation
from bench.scenarios.kit.table import Column
from contract.pipeline import Pipeline
from contract.workload import Node, Workload


@dataclass(frozen=True)
class Place:
    """Where cases are to run."""

    width: int
    """How many tasks may run at once."""
    lanes: int
    """How many can: one, in an engine that runs them one after another."""
    cpu_rounds_per_s: float
    """How much of the CPU op this machine does in a second."""

    def rounds(self, seconds: float) -> int:
        """Return the CPU work that takes so long."""
        return max(1, round(seconds * self.cpu_rounds_per_s))


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
    """From a subject's runs and the reference's runs at the same tier to a verdict; None where there is nothing to judge."""


class Medians(Protocol):
    """What is known of one subject's runs."""

    def median(self, workload: str, metric: str) -> Quantity:
        """Return the median of what its runs of the workload yielded, or why there is none."""
        ...

    def asked(self, workload: str) -> int:
        """Return how many runs of the workload there should be a value of."""
        ...

    def axes(self, workload: str) -> Axes:
        """Return where the workload stands among those of its scenario."""
        ...

    @property
    def workloads(self) -> Sequence[str]:
        """The workloads that it was asked for."""
        ...


@dataclass(frozen=True)
class Derived:
    """A number that is made of the runs of several workloads."""

    workload: str
    """Of which workload it is, or of which family."""
    metric: str
    quantity: Quantity
    axes: Axes = field(default_factory=dict)
    """What the workloads of a family have in common; of a workload, its own stand for it."""


@dataclass(frozen=True)
class Scenario:
    """A question, and the cases that answer it."""

    name: str
    version: int
    """Raised by whatever moves its numbers; `compare` refuses to mix versions."""
    order: int
    """Where readers meet it among the others: the lowest first. There is room between any two."""
    question: str
    limits: Sequence[str]
    """What its numbers do not say: a sentence each."""
    options: type[msgspec.Struct]
    cases: Callable[[Any, Place], Sequence[Case]]
    columns: Sequence[Column]
    """The columns of its table, one of which names a case. The first one is what the matrix shows of the scenario."""
    curves: Sequence[Curve] = ()
    """What is drawn over an axis of its cases."""
    timeline: Sequence[str] = ()
    """The workloads of which a run is drawn, those preferred first; else what the columns show."""
    measures_own_workloads: bool = False
    """Whether a workload of the reader's can be measured in place of its cases."""
    takes_data: bool = False
    """Whether the reader's own customers can be used in place of made-up ones."""
    metrics: Callable[[Case], Sequence[str]] = usual
    """What a run of the case yields."""
    own_metrics: Sequence[Metric] = ()
    """Those that no other scenario has."""
    line: Line | None = None
    """The families whose makespans lie on a line, if it has any."""
    sweep: Sweep | None = None
    """The families over the duration of a task, if it has any."""
    derive: Callable[[Medians], Iterable[Derived]] | None = None
    """What is made of the runs of several workloads of one subject."""
    observe: Callable[[Look], Iterable[Observation]] | None = None
    """What is looked at once in a run, for which nothing has to run."""
    warmups: Sequence[Case] = ()
    """What an engine start begins with, after the runs that warm up every engine."""
    parameters: Callable[[Pipeline, str, int, str], Mapping[str, Any]] | None = None
    """From (pipeline, sequence, seed, the reader's data) to what a pipeline is run with."""
    in_order: bool = False
    """Whether the cases follow each other as they are listed, because one builds on what another left."""
    hooks: Hooks = field(default_factory=Hooks)
    """What surrounds its runs."""
    checks: Mapping[str, Check] = field(default_factory=dict)

    def is_swept(self, case: Case) -> bool:
        """Whether the case is a point of the sweep over the duration of a task."""
        return self.sweep is not None and self.sweep.of(case.axes) is not None

    def parse(self, options: Mapping[str, Any]) -> msgspec.Struct:
        """Check a suite's options."""
        return msgspec.convert(options, self.options)


def of(case: str, runs: Sequence[Seen]) -> list[Seen]:
    """Return the runs of one case."""
    return [each for each in runs if each.case == case]


def lost(runs: Sequence[Seen]) -> Verdict | None:
    """Return the verdict on a behaviour that cannot be judged, because a run did not do what it should."""
    problem = next((each for each in runs if each.problem), None)
    return Verdict(False, f"{problem.trial}: {problem.problem}", observed=False) if problem else None
