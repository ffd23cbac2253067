"""The formats of others in which a run has its numbers, too: a module each, and a file each in the run's folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.export import pytest_benchmark
from bench.store.records import RunRecord
from bench.store.rows import Sample


@dataclass(frozen=True)
class Format:
    """A file for the programs that read it."""

    file: str
    holds: str
    """What is in it, for the report."""
    document: Callable[[RunRecord, Sequence[Sample]], Mapping[str, Any]]


FORMATS: Final = (
    Format(
        "pytest-benchmark.json",
        "the timings, for programs that read pytest-benchmark's format",
        pytest_benchmark.document,
    ),
)
