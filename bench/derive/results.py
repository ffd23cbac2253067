"""A measured run -> its results: samples, estimates, ratios, controls and checks, as results.json holds them.

All of it can be computed again from a run folder, with no orchestrator installed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.derive.checks import checks
from bench.derive.controls import controls
from bench.derive.engines import engines
from bench.derive.estimates import estimate, samples, usual
from bench.derive.figures import figures_of
from bench.derive.measured import Ending, MeasuredRun
from bench.derive.observed import observed, verdicts
from bench.derive.ranges import ranges
from bench.derive.ratios import ratios
from bench.scenarios import SCENARIOS
from bench.store.rows import Code, Results, Sample


@dataclass(frozen=True)
class Findings:
    """What was derived from a run: the results, and the samples behind them."""

    results: Results
    samples: Sequence[Sample]
    endings: Mapping[str, Ending]
    """How each trial ended."""


def derive(run: MeasuredRun, code: Sequence[Code] = ()) -> Findings:
    """Compute everything but the lines of code, which are counted in the sources."""
    figures = figures_of(run.groups)
    again = list(controls(figures))
    own = [figure for figure in figures if not figure.setup.control]
    stand_for_tools = {figure.key for figure in usual(own)}
    results = Results(
        run=run.record.id,
        scenarios={name: SCENARIOS[name].version for name in sorted({figure.scenario for figure in own})},
        estimates=[*(estimate(figure, usual=figure.key in stand_for_tools) for figure in own), *observed(run.observations)],
        ratios=list(ratios(own, stand_for_tools, again)),
        controls=again,
        checks=[*checks(run), *verdicts(run)],
        engines=list(engines(run.starts, run.record)),
        ranges=[row for group in run.setups for row in ranges(group)],
        code=code,
    )
    ordered = [trial for group in run.groups for trial in group.trials]
    return Findings(
        results,
        [row for trial in ordered for row in samples(trial)],
        {trial.record.id: trial.ending for trial in run.trials},
    )
