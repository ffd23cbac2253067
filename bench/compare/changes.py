"""All numbers that two runs have in common, each judged.

A comparison has many numbers, of which some differ by chance alone. A difference counts only if the interval of the ratio,
widened for the number of comparisons of that metric (Bonferroni), lies beyond the noise floor: of the A/A controls of both
runs, and of re-runs of one commit.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bench.base.stats.quantity import MIN_STARTS, Quantity
from bench.compare.judging import VERDICTS, Effect, Verdict, effect_of, judge
from bench.compare.pairing import Numbers
from bench.derive.controls import noise_floor
from bench.derive.figures import Figure
from bench.derive.floor import between_runs
from bench.plan.setup import Setup
from bench.scenarios.kit.common_metrics import Metric
from bench.store.rows import Control

FAMILY_ERROR: Final = 0.05


@dataclass(frozen=True)
class Change:
    """One number in both runs."""

    scenario: str
    setup: Setup
    workload: str
    metric: Metric
    before: float
    after: float | None
    """None where it is lost."""
    effect: Effect | None
    verdict: Verdict

    @property
    def unit(self) -> str:
        """Return the unit of the metric."""
        return self.metric.unit

    @property
    def name(self) -> str:
        """Return what was measured, in words."""
        return f"{self.setup.full_name}  {self.workload}  {self.metric.name}"

    @property
    def word(self) -> str:
        """Return the word for the verdict on such a number."""
        timing = {"worse": "slower", "better": "faster"} if self.unit in {"s", "ms"} else {}
        return timing.get(self.verdict, self.verdict)

    @property
    def is_regression(self) -> bool:
        """Whether the change makes the comparison fail."""
        return self.verdict in {"lost", "worse"}


@dataclass(frozen=True)
class Floors:
    """The noise floors of the two runs, each part by itself."""

    controls: Sequence[Sequence[Control]]
    """The controls of each part of either run."""
    applies: bool
    """Whether there is a floor at all: the pairs of a duel show the noise by themselves."""

    def of(self, figure: Figure) -> float:
        """Return the larger floor for a number: of the controls of its scenario, tier and part, or of re-runs."""
        if not self.applies:
            return 0.0
        setup = figure.setup
        own = [[row for row in each if row.setup.part == setup.part] for each in self.controls]
        found = [noise_floor(each, figure.scenario, setup.tier) for each in own]
        return max(filter(None, (*found, between_runs(setup.tier, figure.metric.name, setup.orchestrator))), default=0.0)


def changes(first: Numbers, second: Numbers, fail_over: float, floors: Floors, starts: int) -> Iterator[Change]:
    """Yield every number that both runs have a row for, with a verdict; a difference within `fail_over` is none.

    A verdict takes as many engine `starts` on either side.
    """
    yield from (
        lost(figure)
        for key, figure in first.items()
        if key in second and not second[key].is_known and means_something(figure)
    )
    common = {
        key: (first[key], second[key])
        for key in first
        if key in second and is_compared(first[key]) and is_compared(second[key])
    }
    judged = {key for key, pair in common.items() if all(_enough(each.quantity, starts) for each in pair)}
    families = Counter(common[key][0].metric for key in judged)
    for key, (before, after) in common.items():
        metric, setup = before.metric, before.setup
        effect = effect_of(before.quantity, after.quantity, 1 - FAMILY_ERROR / max(1, families[metric]))
        verdict: Verdict = "too few starts"
        if key in judged:
            verdict = judge(metric, before.quantity, after.quantity, effect, fail_over, floors.of(before))
        values = (before.quantity.point or 0.0, after.quantity.point or 0.0)
        yield Change(before.scenario, setup, before.workload, metric, *values, effect, verdict)


def lost(before: Figure) -> Change:
    """Return the change of a number that the second run lacks."""
    value = before.quantity.point or 0.0
    return Change(before.scenario, before.setup, before.workload, before.metric, value, None, None, "lost")


def rank(change: Change) -> tuple[int, float, str]:
    """Put first what matters: by verdict, then the largest ratios, and last the changes without one."""
    size = change.effect.size if change.effect and change.effect.by == "ratio" else 0.0
    return VERDICTS.index(change.verdict), -abs(math.log(size)) if size > 0 else -math.inf, change.name


def is_compared(figure: Figure) -> bool:
    """Whether runs are compared by the number: it is there, is no cross-check, and holds no draw of a poll."""
    return figure.is_known and not figure.metric.crosscheck and not (figure.metric.waits and figure.polls)


def means_something(figure: Figure) -> bool:
    """Whether it is a loss if the second run lacks the number: it has enough starts, and is no cross-check."""
    return not figure.metric.crosscheck and figure.is_known and _enough(figure.quantity)


def _enough(quantity: Quantity, starts: int = MIN_STARTS) -> bool:
    return quantity.starts >= starts


def unjudged(changes: Sequence[Change]) -> list[str]:
    """Return the tools without a single number that has enough engine starts on both sides."""
    judged = {change.setup.orchestrator for change in changes if change.verdict != "too few starts"}
    return sorted({change.setup.orchestrator for change in changes} - judged)
