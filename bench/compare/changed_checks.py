"""The checks whose verdict is another in the second run: not numbers, but what a tool does or no longer does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bench.plan.setup import Setup
from bench.store.rows import Check

GONE: Final = "not checked"
"""In place of the verdict of a check that the second run should have, and does not."""


@dataclass(frozen=True)
class ChangedCheck:
    """A check that has another verdict in the second run."""

    scenario: str
    setup: Setup
    check: str
    before: str
    after: str
    because: str
    """The evidence of the second verdict."""

    @property
    def is_regression(self) -> bool:
        """Whether the check passed before, and does not pass now."""
        return self.before == "pass"


def changed_checks(before: Sequence[Check], after: Sequence[Check], *, all_due: bool) -> list[ChangedCheck]:
    """Return the checks whose verdict is another in the second run; those that passed before come first.

    If the second run has to have all checks, one that it lacks has changed too.
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
