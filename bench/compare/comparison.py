"""Compares two runs: what got slower or faster beyond noise, or why the two cannot be compared.

The sides of a duel were measured in step (see `bench.run.duel`). There each run is compared with the one beside it, and the
pairs show the noise by themselves. The noise floor is about runs that were measured minutes apart, and does not apply.

A check is no number: the comparison names each verdict that has changed, and fails if one was `pass` before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import msgspec

from bench.base.problem import Problem
from bench.base.stats.quantity import MIN_STARTS
from bench.compare import pairing
from bench.compare.changed_checks import ChangedCheck, changed_checks
from bench.compare.changes import Change, Floors, changes, lost, means_something, rank, unjudged
from bench.compare.comparable import Difference, asks_for_all_of, differences, is_duel
from bench.compare.judging import Verdict
from bench.compare.pairing import Numbers
from bench.derive.checks import checks
from bench.derive.controls import controls
from bench.derive.figures import Figure
from bench.derive.measured import MeasuredRun, measured_parts
from bench.plan.setup import Part, Setup
from bench.store.folder import RunFolder
from bench.store.records import RunRecord
from bench.store.rows import Control, within

MIN_STARTS_OF_A_DUEL = 6
"""No noise floor backs the interval there: by chance, six starts all lie on one side of no change in 1 of 32 cases."""

NAMED = 5
"""How many differences a refusal names."""


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
    gone = [lost(figure) for each in beside if each.is_finished for figure in each.gone]
    numbers = _together(each.old for each in beside), _together(each.new for each in beside)
    floors = Floors([own for each in beside for own in each.controls], applies=not in_duel)
    ranked = sorted([*gone, *changes(*numbers, fail_over, floors, starts)], key=rank)
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
        gone = [figure for key, figure in old.items() if key not in new and means_something(figure)] if due else []
        floors = [[within(row, part) for row in controls(own)] for own in figures]
        verdicts = ([within(check, part) for check in checks(run)] for run in (before, after))
        return cls(old, new, gone, second.finished, floors, changed_checks(*verdicts, all_due=due and second.finished))
