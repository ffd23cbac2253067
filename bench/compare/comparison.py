"""Compares two runs: what got slower or faster beyond noise, or why the two cannot be compared.

A comparison has many numbers, of which some differ by chance alone. A difference counts only if the interval of the ratio,
widened for the number of comparisons of that metric (Bonferroni), lies beyond the A/A noise floor of both runs.

The sides of a duel were measured in step (see `bench.run.duel`). There each run is compared with the one beside it, and the
pairs show the noise by themselves. The noise floor is about runs that were measured minutes apart, and does not apply.

A check is no number: the comparison names each verdict that has changed, and fails if one was `pass` before.

Some numbers are zero or less, so that there is no ratio: a wait minus the wait that was asked for, the intercept of a line,
how often a body ran again. There the difference is judged instead, as a share of the larger of the two values. From nothing
to anything is then a change of 100 %, and `--fail-over` and the noise floor mean the same as with a ratio.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

import msgspec

from bench.base import wording
from bench.base.problem import Problem
from bench.base.stats import MIN_STARTS, Quantity
from bench.compare import pairing
from bench.compare.changed_checks import ChangedCheck, changed_checks
from bench.compare.comparable import Difference, asks_for_all_of, differences, is_duel
from bench.compare.pairing import Numbers
from bench.derive.checks import checks
from bench.derive.controls import controls, noise_floor
from bench.derive.figures import Figure
from bench.derive.floor import between_runs
from bench.derive.measured import MeasuredRun, measured_parts
from bench.plan.setup import Part, Setup
from bench.scenarios.kit.common_metrics import COUNTS, Metric
from bench.store.folder import RunFolder
from bench.store.records import RunRecord
from bench.store.rows import Control, within

MIN_STARTS_OF_A_DUEL = 6
"""No noise floor backs the interval there: by chance, six starts all lie on one side of no change in 1 of 32 cases."""

RESOLUTION_MS = 0.1
"""Smaller differences do not count: the two events of a task alone cost some 0.01 ms."""

FAMILY_ERROR = 0.05

NAMED = 5
"""How many differences a refusal names."""

Verdict = Literal["lost", "worse", "better", "same", "too few starts"]

VERDICTS: Final[Sequence[Verdict]] = ("lost", "worse", "better", "same", "too few starts")
"""In the order in which a reader wants them."""


@dataclass(frozen=True)
class Effect:
    """How far the second run's number lies from the first's."""

    by: Literal["ratio", "difference"]
    """The second over the first; or the second minus the first, where there is nothing to divide by."""
    size: float
    low: float | None
    high: float | None

    def said(self, unit: str) -> str:
        """Return it in words."""
        if self.by == "ratio":
            spread = "" if self.low is None or self.high is None else f" [{self.low:.3f}, {self.high:.3f}]"
            return f"ratio {self.size:.3f}{spread}"
        spread = "" if self.low is None or self.high is None else f" [{wording.said(unit, self.low, self.high)}]"
        sign = "+" if self.size > 0 else ""
        return f"difference {sign}{wording.said(unit, self.size)}{spread}"


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
class Comparison:
    """Two runs, and all that can be said about them."""

    before: RunRecord
    after: RunRecord
    fail_over: float
    differences: Sequence[Difference]
    """Why the two are not comparable; empty if they are."""
    changes: Sequence[Change]
    because: str = ""
    """Why there is no verdict, in one line."""
    checks: Sequence[ChangedCheck] = ()
    """The checks whose verdict is another."""

    @property
    def is_duel(self) -> bool:
        """Whether the two are the sides of one duel."""
        return is_duel(self.before, self.after)

    @property
    def is_made(self) -> bool:
        """Whether anything was compared."""
        return bool(self.changes or self.checks)

    @property
    def exit_code(self) -> int:
        """0: no regression; 1: a regression; 2: the two cannot be compared."""
        if any(change.is_regression for change in self.changes) or any(check.is_regression for check in self.checks):
            return 1
        return 2 if self.because else 0

    def of(self, *verdicts: Verdict) -> list[Change]:
        """Return the changes with one of the verdicts."""
        return [change for change in self.changes if change.verdict in verdicts]

    def document(self) -> dict[str, Any]:
        """Return all of it for a program to read."""
        return {
            "verdict": ("no regression", "regression", "not comparable")[self.exit_code],
            "because": self.because or None,
            "before": self.before.id,
            "after": self.after.id,
            "fail_over": self.fail_over,
            "duel": self.is_duel,
            "differences": [asdict(each) for each in self.differences],
            "changes": [
                {
                    "scenario": change.scenario,
                    **_keys(change.setup),
                    "workload": change.workload,
                    "metric": change.metric.name,
                }
                | {"unit": change.unit, "before": change.before, "after": change.after}
                | {"effect": asdict(change.effect) if change.effect else None, "verdict": change.verdict}
                for change in self.changes
            ],
            "checks": [
                {**_keys(check.setup), "scenario": check.scenario, "check": check.check}
                | {"before": check.before, "after": check.after, "because": check.because}
                for check in self.checks
            ],
        }


def _keys(setup: Setup) -> dict[str, str]:
    keys = {key: getattr(setup, key) for key in ("orchestrator", "tier", "profile", "deployment", "database")}
    return keys | ({} if setup.part is msgspec.UNSET else {"part": setup.part})


def compare(before: RunFolder, after: RunFolder, fail_over: float, *, anyway: bool = False) -> Comparison:
    """Compare two runs. If they are not comparable, return the reason instead of changes, unless told to do it `anyway`."""
    first, second = before.run(), after.run()
    for folder in (before, after):
        if not folder.trials():
            raise Problem(
                f"{folder.path} has no trials: compare needs raw runs (`orchbench trend` reads results.json alone)"
            )
    twins = pairing.twins(first, second)
    unlike = [each for one, other in twins for each in _differences(first.by_part[one], second.by_part[other], one)]
    if unlike and not anyway:
        named = "; ".join(difference.said for difference in unlike[:NAMED])
        more = f"; and {len(unlike) - NAMED} more" if len(unlike) > NAMED else ""
        return Comparison(first, second, fail_over, unlike, (), f"{named}{more} (compare them --anyway)")
    old, new = ({part.part: part for part in measured_parts(*run)} for run in ((before, first), (after, second)))
    beside = [_Beside.of(old[one], new[other]) for one, other in twins]
    in_duel = is_duel(first, second)
    starts = MIN_STARTS_OF_A_DUEL if in_duel else MIN_STARTS
    lost = [_lost(figure) for each in beside if each.is_finished for figure in each.gone]
    numbers = _together(each.old for each in beside), _together(each.new for each in beside)
    floors = _Floors([own for each in beside for own in each.controls], applies=not in_duel)
    ranked = sorted([*lost, *changes(*numbers, fail_over, floors, starts)], key=_rank)
    awaited = sum(len(each.gone) for each in beside if not each.is_finished)
    because = ""
    if not ranked:
        because = "they have no number in common"
    elif awaited:
        then = "begin the duel anew" if in_duel else "`orchbench run --resume` goes on"
        because = f"{second.id} is not finished, and has no row yet for {awaited} numbers; {then}"
    elif without := unjudged(ranked):
        because = f"too few starts to judge {', '.join(without)}: measure again with --rounds {MIN_STARTS} or more"
    verdicts = sorted((check for each in beside for check in each.checks), key=lambda check: not check.is_regression)
    return Comparison(first, second, fail_over, unlike, ranked, because, verdicts)


def _differences(before: RunRecord, after: RunRecord, part: Part) -> Iterator[Difference]:
    """Yield why two parts cannot be compared, each difference with the name of the part."""
    for each in differences(before, after):
        yield each if part is msgspec.UNSET else replace(each, said=f"part {part}: {each.said}")


def _together(numbers: Iterable[Numbers]) -> Numbers:
    return {key: figure for each in numbers for key, figure in each.items()}


@dataclass(frozen=True)
class _Beside:
    """A part of the first run, and the one of the second that was asked for the same; other runs are the only part of it."""

    old: Numbers
    new: Numbers
    gone: Sequence[Figure]
    """What the second must have, and does not."""
    is_finished: bool
    """Whether the second has come to an end."""
    controls: Sequence[Sequence[Control]]
    """Those of the first, and those of the second."""
    checks: Sequence[ChangedCheck]

    @classmethod
    def of(cls, before: MeasuredRun, after: MeasuredRun) -> _Beside:
        """Put the two side by side, under the name that the part has in the first run."""
        first, second, part = before.record, after.record, before.part
        in_duel, due = is_duel(first, second), asks_for_all_of(first, second)
        figures = pairing.figures_of_both(before, after)
        old = pairing.compared(figures.before, first, part, in_duel=in_duel)
        new = pairing.compared(figures.after, second, part, in_duel=in_duel)
        gone = [figure for key, figure in old.items() if key not in new and _means_something(figure)] if due else []
        floors = [[within(row, part) for row in controls(own)] for own in figures]
        verdicts = ([within(check, part) for check in checks(run)] for run in (before, after))
        return cls(old, new, gone, second.finished, floors, changed_checks(*verdicts, all_due=due and second.finished))


@dataclass(frozen=True)
class _Floors:
    """The noise floors of the two runs, each part by itself."""

    controls: Sequence[Sequence[Control]]
    """The controls of each part of either run."""
    applies: bool
    """Whether there is a floor at all: the pairs of a duel show the noise by themselves."""

    def at(self, scenario: str, setup: Setup) -> float:
        """Return the largest floor for a scenario, at the tier and in the part of the setup: of a run, or of re-runs."""
        if not self.applies:
            return 0.0
        own = [[row for row in each if row.setup.part == setup.part] for each in self.controls]
        found = [noise_floor(each, scenario, setup.tier) for each in own]
        return max(filter(None, (*found, between_runs(setup.tier, setup.orchestrator))), default=0.0)


def changes(first: Numbers, second: Numbers, fail_over: float, floors: _Floors, starts: int) -> Iterator[Change]:
    """Yield every number that both runs have a row for, with a verdict; a difference within `fail_over` is none.

    A verdict takes as many engine `starts` on either side.
    """
    yield from (
        _lost(figure)
        for key, figure in first.items()
        if key in second and not second[key].is_known and _means_something(figure)
    )
    common = {key: (first[key], second[key]) for key in first if key in second and _is_judged(first[key], second[key])}
    judged = {key for key, pair in common.items() if all(_enough(each.quantity, starts) for each in pair)}
    families = Counter(common[key][0].metric for key in judged)
    for key, (before, after) in common.items():
        metric, setup = before.metric, before.setup
        effect = effect_of(before.quantity, after.quantity, 1 - FAMILY_ERROR / max(1, families[metric]))
        verdict: Verdict = "too few starts"
        if key in judged:
            floor = floors.at(before.scenario, setup)
            verdict = judge(metric, before.quantity, after.quantity, effect, fail_over, floor)
        values = (before.quantity.point or 0.0, after.quantity.point or 0.0)
        yield Change(before.scenario, setup, before.workload, metric, *values, effect, verdict)


def _lost(before: Figure) -> Change:
    value = before.quantity.point or 0.0
    return Change(before.scenario, before.setup, before.workload, before.metric, value, None, None, "lost")


def _rank(change: Change) -> tuple[int, float, str]:
    """Put first what matters: by verdict, then the largest ratios, and last the changes without one."""
    size = change.effect.size if change.effect and change.effect.by == "ratio" else 0.0
    return VERDICTS.index(change.verdict), -abs(math.log(size)) if size > 0 else -math.inf, change.name


def effect_of(before: Quantity, after: Quantity, level: float) -> Effect:
    """Return how far one number lies from the other, as a ratio if there is one, with the interval."""
    ratio = after.over(before)
    if ratio.point is not None:
        return Effect("ratio", ratio.point, *ratio.interval(level))
    apart = after.minus(before)
    return Effect("difference", apart.point or 0.0, *apart.interval(level))


def judge(metric: Metric, before: Quantity, after: Quantity, effect: Effect, fail_over: float, floor: float) -> Verdict:
    """Say whether the effect is a change for the worse or the better, beyond `fail_over` and the noise floor."""
    larger: Verdict = "better" if metric.better == "higher" else "worse"
    smaller: Verdict = "worse" if metric.better == "higher" else "better"
    first, second = before.point or 0.0, after.point or 0.0
    if metric.unit in COUNTS:
        floor = 0.0
        if _is_certain(before) and _is_certain(after):
            # A body that ran once and runs twice now is neither a small slow-down nor chance.
            if second == first:
                return "same"
            return larger if second > first else smaller
    # The resolution is one of times.
    apart_ms = abs(second - first) * {"s": 1000.0, "ms": 1.0}.get(metric.unit, math.inf)
    if second == first or apart_ms < RESOLUTION_MS:
        return "same"
    if effect.by == "ratio":
        up, down, up_floor, down_floor = 1 + fail_over, 1 / (1 + fail_over), 1 + floor, 1 / (1 + floor)
    else:
        whole = max(abs(first), abs(second))
        up, down, up_floor, down_floor = fail_over * whole, -fail_over * whole, floor * whole, -floor * whole
    if effect.low is not None and effect.size > up and effect.low > up_floor:
        return larger
    if effect.high is not None and effect.size < down and effect.high < down_floor:
        return smaller
    return "same"


def _is_certain(count: Quantity) -> bool:
    """Whether every resample has the same median: the count was the same in nearly every run."""
    return bool((count.draws == count.point).all())


def _is_judged(first: Figure, second: Figure) -> bool:
    is_draw = first.metric.waits and (first.polls or second.polls)
    return not first.metric.crosscheck and not is_draw and first.is_known and second.is_known


def _means_something(figure: Figure) -> bool:
    """Whether it is a loss if the second run lacks the number: it has enough starts, and is no cross-check."""
    return not figure.metric.crosscheck and figure.is_known and _enough(figure.quantity)


def _enough(quantity: Quantity, starts: int = MIN_STARTS) -> bool:
    return quantity.starts >= starts


def unjudged(changes: Sequence[Change]) -> list[str]:
    """Return the tools without a single number that has enough engine starts on both sides."""
    judged = {change.setup.orchestrator for change in changes if change.verdict != "too few starts"}
    return sorted({change.setup.orchestrator for change in changes} - judged)
