"""The noise floor between runs: how far the numbers of a tool lie apart in re-runs of one commit, as it was measured."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import msgspec

FILE: Final = Path(__file__).resolve().parents[2] / "reports" / "floor.toml"
"""Made by `orchbench spread`; it has the numbers of each run."""


class _Floor(msgspec.Struct, frozen=True):
    orchestrator: str
    tier: str
    floor: float


class _File(msgspec.Struct, frozen=True):
    floors: tuple[_Floor, ...] = ()


@cache
def _known(file: Path) -> dict[tuple[str, str], float]:
    if not file.is_file():
        return {}
    rows = msgspec.toml.decode(file.read_bytes(), type=_File).floors
    return {(row.orchestrator, row.tier): row.floor for row in rows}


def between_runs(tier: str, *tools: str) -> float | None:
    """Return the largest floor of the tools at a tier; None if nobody has measured any of them twice."""
    return max((floor for tool in tools if (floor := _known(FILE).get((tool, tier))) is not None), default=None)
