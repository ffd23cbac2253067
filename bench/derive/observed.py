"""Observations: what was seen where nothing ran becomes estimates, in rows like all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.scenarios import METRICS
from bench.store.records import ObservationRecord
from bench.store.rows import Estimate


def observed(records: Sequence[ObservationRecord]) -> Iterator[Estimate]:
    """Yield a row for each number, which was seen once, and in no engine start."""
    for record in records:
        for name, value in record.values.items():
            metric = METRICS[name]
            yield Estimate(
                scenario=record.scenario,
                workload=record.case,
                setup=record.setup,
                metric=name,
                unit=metric.unit,
                better=metric.better,
                n=1,
                starts=0,
                median=value,
                low=None,
                high=None,
                usual=True,
            )
