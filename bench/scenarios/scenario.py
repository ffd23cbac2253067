"""What a scenario is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from contract.pipeline import Pipeline
from contract.workload import Workload

Work = Workload | Pipeline


@dataclass(frozen=True)
class Case:
    """A piece of work with its place in the scenario: `family` and `size` for lines over N, `work_s` for sweeps."""

    workload: Work
    family: str = ""
    size: int = 0
    work_s: float | None = None


@dataclass(frozen=True)
class Seen:
    """What a check may look at: a run that ended, how often each body ran in it, and what was found after it."""

    trial: str
    case: str
    round: int
    repeat: int
    attempts: Mapping[str, int]
    facts: Mapping[str, Any]
    problem: str | None = None
    """Why it yields no timing, if so."""


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


@dataclass(frozen=True)
class Scenario:
    """A question, and the cases that answer it."""

    name: str
    version: int
    """Raised by whatever moves its numbers; `compare` refuses to mix versions."""
    question: str
    options: type[msgspec.Struct]
    cases: Callable[[Any, int, float], Sequence[Case]]
    """From (options, lanes, rounds of CPU work per second) to cases."""
    warmups: Sequence[Case] = ()
    """What an engine start begins with, after the runs that warm up every engine."""
    parameters: Callable[[Pipeline, str, int, str], Mapping[str, Any]] | None = None
    """From (pipeline, sequence, seed, the reader's data) to what a churn pipeline is run with."""
    in_order: bool = False
    """Whether the cases follow each other as they are listed, because one builds on what another left."""
    checks: Mapping[str, Check] = field(default_factory=dict)

    def parse(self, options: Mapping[str, Any]) -> msgspec.Struct:
        """Check a suite's options."""
        return msgspec.convert(options, self.options)
