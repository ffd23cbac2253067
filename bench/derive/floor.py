"""The noise floor between runs: how far the numbers of a tool lie apart in re-runs of one commit, as it was measured.

It was measured on one machine (`measured` in the file), in default settings, and holds for other machines as far as they
are like it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from bench.base.wording import counted
from bench.scenarios import METRICS

FILE: Final = Path(__file__).resolve().parents[2] / "reports" / "floor.toml"
"""Made by `orchbench spread`; it has the numbers of each run."""


class _Floor(msgspec.Struct, frozen=True):
    orchestrator: str
    tier: str
    metric: str
    floor: float


class _Measured(msgspec.Struct, frozen=True):
    cpu: str
    cores: int


class _File(msgspec.Struct, frozen=True):
    floors: tuple[_Floor, ...] = ()
    measured: _Measured | None = None


@cache
def _read(file: Path) -> _File:
    return msgspec.toml.decode(file.read_bytes(), type=_File) if file.is_file() else _File()


@cache
def _floors(file: Path) -> dict[tuple[str, str], dict[str, float]]:
    """Return the floors of each tool and tier, by metric."""
    floors: dict[tuple[str, str], dict[str, float]] = {}
    for row in _read(file).floors:
        floors.setdefault((row.orchestrator, row.tier), {})[row.metric] = row.floor
    return floors


def measured_on() -> str | None:
    """Return the machine of the re-runs in words; None where nobody has measured any."""
    host = _read(FILE).measured
    return f"{host.cpu}, {counted(host.cores, 'core')}" if host else None


def between_runs(tier: str, metric: str, *tools: str) -> float | None:
    """Return the largest floor of the tools for a metric at a tier; None if nobody has measured any of them twice."""
    found = [_of(_floors(FILE).get((tool, tier), {}), metric) for tool in tools]
    return max((floor for floor in found if floor is not None), default=None)


def _of(floors: Mapping[str, float], metric: str) -> float | None:
    """Return the floor of a metric; without re-runs the largest of those that begin at the same moment as the metric.

    What begins with the submission scatters by other factors than what begins with the first body.
    """
    alike = [floors[name] for name in floors.keys() & METRICS.keys() if METRICS[name].waits == METRICS[metric].waits]
    return floors.get(metric, max(alike or floors.values(), default=None))
