"""A measured run -> its results: samples, estimates, ratios, controls and checks, as results.json holds them.

All of it can be computed again from a run folder, with no orchestrator installed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from bench.derive.checks import checks
from bench.derive.controls import controls
from bench.derive.engines import engines
from bench.derive.estimates import estimate, samples, usual
from bench.derive.figures import figures_of
from bench.derive.measured import Ending, MeasuredRun
from bench.derive.observed import observed, verdicts
from bench.derive.pace import pace
from bench.derive.ranges import ranges
from bench.derive.ratios import ratios
from bench.scenarios import SCENARIOS
from bench.store.rows import OF_SETUPS, Code, Results, Sample, within


@dataclass(frozen=True)
class Findings:
    """What was derived from a run: the results, and the samples behind them."""

    results: Results
    samples: Sequence[Sample]
    endings: Mapping[str, Ending]
    """How each trial ended."""


def derive_parts(run: str, parts: Sequence[MeasuredRun], code: Sequence[Code] = ()) -> Findings:
    """Compute the results of each part by itself: no number is made of two parts, and no ratio leads from one to another."""
    found = [(part.part, derive(part)) for part in parts]
    tables: dict[str, Any] = {
        table: [within(row, part) for part, each in found for row in getattr(each.results, table)] for table in OF_SETUPS
    }
    machine = [
        remark if part is msgspec.UNSET else f"part {part}: {remark}"
        for part, each in found
        for remark in each.results.machine
    ]
    versions = {name: version for _, each in found for name, version in each.results.scenarios.items()}
    return Findings(
        Results(run=run, scenarios=dict(sorted(versions.items())), code=code, machine=machine, **tables),
        [within(row, part) for part, each in found for row in each.samples],
        {trial: ending for _, each in found for trial, ending in each.endings.items()},
    )


def derive(run: MeasuredRun, code: Sequence[Code] = ()) -> Findings:
    """Compute everything but the lines of code, which are counted in the sources."""
    figures = figures_of(run.groups)
    again = list(controls(figures))
    own = [figure for figure in figures if not figure.setup.control]
    # What is for debugging stands for no tool.
    ranked = [each for each in own if each.setup.deployment not in run.record.about(each.setup.orchestrator).debug]
    stand_for_tools = {figure.key for figure in usual(ranked)}
    stand_for_classes = {figure.key for figure in usual(ranked, of_each_class=True)}
    results = Results(
        run=run.record.id,
        scenarios={name: SCENARIOS[name].version for name in sorted({figure.scenario for figure in own})},
        estimates=[*(estimate(figure, usual=figure.key in stand_for_tools) for figure in own), *observed(run.observations)],
        ratios=list(ratios(own, stand_for_tools, stand_for_classes, again)),
        controls=again,
        checks=[*checks(run), *verdicts(run)],
        engines=list(engines(run.starts, [trial.record for trial in run.trials], run.record)),
        ranges=[row for group in run.setups for row in ranges(group)],
        code=code,
        machine=known.remarks if (known := pace(run.starts)) else (),
    )
    ordered = [trial for group in run.groups for trial in group.trials]
    return Findings(
        results,
        [row for trial in ordered for row in samples(trial)],
        {trial.record.id: trial.ending for trial in run.trials},
    )
