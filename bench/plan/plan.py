"""What a plan is: the engine starts in their order, and in each of them the runs to be made. `planning` makes one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bench.plan.setup import Setup
from bench.scenarios import SCENARIOS, Case, Scenario, Work
from bench.scenarios.kit.case import RecordedCase


@dataclass(frozen=True)
class Trial:
    """A run that is to be made."""

    id: str
    scenario: str
    case: Case
    repeat: int
    phase: float | None = None
    """Where in the engine's polling period the run is submitted: a part of it, from when the engine took up the run before.

    Without it, every run would meet the engine's polling in the same phase. None where the engine does not poll.
    """
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What a pipeline is run with."""
    warmup: bool = False
    """Whether the run warms the engine up: kept, and not counted."""


@dataclass(frozen=True)
class Start:
    """An engine start, and the runs to be made in it."""

    id: str
    setup: Setup
    round: int
    limit_s: float
    width: int
    polls_every_s: float
    polls_jitter: float
    polls_grain_s: float
    warmups: tuple[Trial, ...]
    """The runs that warm the engine up come first; a scenario's own warm-ups come before the scenario's first run."""
    trials: tuple[Trial, ...]

    @property
    def spread_s(self) -> float:
        """Over how long a time the submissions are spread, so that they meet the engine in all phases; 0 if none polls."""
        return max(self.polls_every_s, self.polls_grain_s)

    @property
    def cases(self) -> tuple[Case, ...]:
        """The cases of the trials, each once."""
        return tuple({trial.case.name: trial.case for trial in (*self.warmups, *self.trials)}.values())

    @property
    def works(self) -> tuple[Work, ...]:
        """The work of each case."""
        return tuple(case.work for case in self.cases)

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The scenarios of the trials, each once."""
        return tuple(SCENARIOS[name] for name in dict.fromkeys(trial.scenario for trial in self.trials))


@dataclass(frozen=True)
class Plan:
    """All that is to be done, in order."""

    starts: tuple[Start, ...]

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Every run that is to be made and counted."""
        return tuple(trial for start in self.starts for trial in start.trials)

    @property
    def cases(self) -> dict[str, RecordedCase]:
        """Every case, as a run keeps it."""
        return {case.name: case.recorded() for start in self.starts for case in start.cases}

    @property
    def digest(self) -> str:
        """Return a hash of the runs, of their order, and of what each case asks for."""
        cases = [f"{name} {msgspec.json.encode(case).decode()}" for name, case in sorted(self.cases.items())]
        lines = [*(trial.id for trial in self.trials), *cases]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
