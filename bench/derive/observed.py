"""Observations: what was seen where nothing ran becomes estimates and checks like all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.derive.checks import noted
from bench.derive.measured import MeasuredRun
from bench.scenarios import METRICS
from bench.scenarios.kit.check import Verdict
from bench.store.records import ObservationRecord
from bench.store.rows import Check, Estimate


def verdicts(run: MeasuredRun) -> Iterator[Check]:
    """Yield a row for each check that was decided where nothing ran."""
    for record in run.observations:
        for name, holds in record.holds.items():
            verdict = Verdict(passed=holds, because=record.because)
            row = Check(
                scenario=record.scenario,
                setup=record.setup,
                check=name,
                verdict="pass" if holds else "fail",
                because=record.because,
            )
            yield noted(row, verdict, run.record)


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
