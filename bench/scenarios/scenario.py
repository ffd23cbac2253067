"""What a scenario is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from contract.workload import Workload


@dataclass(frozen=True)
class Case:
    """A workload with its place in the scenario: `family` and `size` for lines over N, `work_s` for sweeps over duration."""

    workload: Workload
    family: str = ""
    size: int = 0
    work_s: float | None = None


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

    def parse(self, options: Mapping[str, Any]) -> msgspec.Struct:
        """Check a suite's options."""
        return msgspec.convert(options, self.options)
