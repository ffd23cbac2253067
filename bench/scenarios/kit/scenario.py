"""A scenario: what runs, what is computed, and what is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import Case
from bench.scenarios.kit.check import Check
from bench.scenarios.kit.common_metrics import Metric, usual
from bench.scenarios.kit.curve import Curve
from bench.scenarios.kit.derived import Derived, Medians
from bench.scenarios.kit.draw import Draw
from bench.scenarios.kit.families import Line, Sweep
from bench.scenarios.kit.hooks import Hooks
from bench.scenarios.kit.observation import Look, Observation
from bench.scenarios.kit.table import Column
from contract.pipeline import Pipeline


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A question, and the cases that answer it."""

    name: str
    """The name of the file."""
    version: int
    """Raised by every change that moves numbers; `compare` refuses to mix versions."""
    order: int
    """The order in which readers see the scenarios, the lowest first; there is room between any two."""
    question: str
    limits: Sequence[str]
    """What the numbers do not say, in a sentence each."""

    # What runs

    options: type[msgspec.Struct]
    """What a suite can choose."""
    cases: Callable[[Any, Capacity], Sequence[Case]]
    """From the chosen options, and what an engine can run at once, to the cases."""
    in_order: bool = False
    """Whether the cases run in the order of their list, because one builds on what another left."""
    warmups: Sequence[Case] = ()
    """The warm-ups after those that every engine gets."""
    parameters: Callable[[Pipeline, Draw], Mapping[str, Any]] | None = None
    """The parameters of a run of a pipeline."""
    hooks: Hooks = field(default_factory=Hooks)
    """What happens around the runs."""
    measures_own_workloads: bool = False
    """Whether a workload of the reader can be measured instead of the cases."""
    asks_own_width: bool = False
    """Whether it has cases for engines that each run as many tasks at once as they do where nobody says a number."""
    takes_data: bool = False
    """Whether the reader's own customers can be used instead of made-up ones."""

    # What is computed

    metrics: Callable[[Case], Sequence[str]] = usual
    """The metrics of a run of the case."""
    own_metrics: Sequence[Metric] = ()
    """The metrics that no other scenario has."""
    line: Line | None = None
    """The families whose makespans lie on a line, if there are any."""
    sweep: Sweep | None = None
    """The families over the duration of a task, if there are any."""
    derive: Callable[[Medians], Iterable[Derived]] | None = None
    """The numbers from the runs of several workloads of one setup."""
    observe: Callable[[Look], Iterable[Observation]] | None = None
    """The numbers for which nothing has to run, taken once."""
    checks: Mapping[str, Check] = field(default_factory=dict)

    # What is shown

    columns: Sequence[Column]
    """The columns of the table, one of which names a case. The matrix shows the first one that has a number."""
    curves: Sequence[Curve] = ()
    """The numbers that are drawn over an axis of the cases."""
    timeline: Sequence[str] = ()
    """The workloads of which a run is drawn, the preferred first; else one of a column, whose runs have a makespan."""

    def is_swept(self, case: Case) -> bool:
        """Whether the case is a point of the sweep over the duration of a task."""
        return self.sweep is not None and self.sweep.of(case.axes) is not None

    def parse(self, options: Mapping[str, Any]) -> msgspec.Struct:
        """Check a suite's options."""
        return msgspec.convert(options, self.options)
