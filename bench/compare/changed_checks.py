"""The checks of two runs whose verdict is another in the second: no number, but what a tool does or does not do any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bench.plan.setup import Setup
from bench.store.rows import Check

GONE: Final = "not checked"
"""Stands for the verdict of a check that the second run should have, and has not."""


@dataclass(frozen=True)
class ChangedCheck:
    """A check that has another verdict in the second run."""

    scenario: str
    setup: Setup
    check: str
    before: str
    after: str
    because: str
    """Of the second verdict."""

    @property
    def is_regression(self) -> bool:
        """Whether it passed, and does not pass now."""
        return self.before == "pass"


def changed_checks(before: Sequence[Check], after: Sequence[Check], *, all_due: bool) -> list[ChangedCheck]:
    """Return the checks whose verdict is another in the second run, those that passed before first.

    Where all of them are due in the second run, one that it lacks is a change too.
    """
    return sorted(_changed(before, after, all_due=all_due), key=_rank)


def _changed(before: Sequence[Check], after: Sequence[Check], *, all_due: bool) -> Iterator[ChangedCheck]:
    second = {_key(check): check for check in after}
    for check in before:
        now = second.get(_key(check))
        if now and now.verdict != check.verdict:
            yield ChangedCheck(check.scenario, check.setup, check.check, check.verdict, now.verdict, now.because)
        elif not now and all_due:
            because = "the second run was asked for the same, and has no such verdict"
            yield ChangedCheck(check.scenario, check.setup, check.check, check.verdict, GONE, because)


def _key(check: Check) -> tuple[str, str, str]:
    return check.scenario, check.setup.path, check.check


def _rank(changed: ChangedCheck) -> tuple[bool, str, str, str]:
    return not changed.is_regression, changed.setup.path, changed.scenario, changed.check
