"""What a scenario is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import Case
from bench.scenarios.kit.check import Check
from bench.scenarios.kit.curve import Curve
from bench.scenarios.kit.derived import Derived, Medians
from bench.scenarios.kit.draw import Draw
from bench.scenarios.kit.families import Line, Sweep
from bench.scenarios.kit.hooks import Hooks
from bench.scenarios.kit.metrics import Metric, usual
from bench.scenarios.kit.observation import Look, Observation
from bench.scenarios.kit.table import Column
from contract.pipeline import Pipeline


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A question, and the cases that answer it."""

    name: str
    """As its file is called."""
    version: int
    """Raised by whatever moves its numbers; `compare` refuses to mix versions."""
    order: int
    """Where readers meet it among the others: the lowest first. There is room between any two."""
    question: str
    limits: Sequence[str]
    """What its numbers do not say: a sentence each."""

    # What runs

    options: type[msgspec.Struct]
    """What a suite can choose."""
    cases: Callable[[Any, Capacity], Sequence[Case]]
    """From the chosen options, and what an engine can run at once, to the cases."""
    in_order: bool = False
    """Whether the cases follow each other as they are listed, because one builds on what another left."""
    warmups: Sequence[Case] = ()
    """What an engine start begins with, after the runs that warm up every engine."""
    parameters: Callable[[Pipeline, Draw], Mapping[str, Any]] | None = None
    """What a pipeline is run with."""
    hooks: Hooks = field(default_factory=Hooks)
    """What surrounds its runs."""
    measures_own_workloads: bool = False
    """Whether a workload of the reader's can be measured in place of its cases."""
    takes_data: bool = False
    """Whether the reader's own customers can be used in place of made-up ones."""

    # What is found

    metrics: Callable[[Case], Sequence[str]] = usual
    """What a run of the case yields."""
    own_metrics: Sequence[Metric] = ()
    """Those that no other scenario has."""
    line: Line | None = None
    """The families whose makespans lie on a line, if it has any."""
    sweep: Sweep | None = None
    """The families over the duration of a task, if it has any."""
    derive: Callable[[Medians], Iterable[Derived]] | None = None
    """What is made of the runs of several workloads of one setup."""
    observe: Callable[[Look], Iterable[Observation]] | None = None
    """What is looked at once in a run, for which nothing has to run."""
    checks: Mapping[str, Check] = field(default_factory=dict)

    # What is shown

    columns: Sequence[Column]
    """The columns of its table, one of which names a case. The first one is what the matrix shows of the scenario."""
    curves: Sequence[Curve] = ()
    """What is drawn over an axis of its cases."""
    timeline: Sequence[str] = ()
    """The workloads of which a run is drawn, those preferred first; else that of a column whose runs have a makespan."""

    def is_swept(self, case: Case) -> bool:
        """Whether the case is a point of the sweep over the duration of a task."""
        return self.sweep is not None and self.sweep.of(case.axes) is not None

    def parse(self, options: Mapping[str, Any]) -> msgspec.Struct:
        """Check a suite's options."""
        return msgspec.convert(options, self.options)
