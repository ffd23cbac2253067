"""The checks of two runs whose verdict is another in the second: no number, but what a tool does or does not do any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bench.compare.comparable import asks_for_all_of
from bench.store.folder import RunFolder

KEYS: Final = ("orchestrator", "tier", "profile", "deployment", "scenario", "check")

GONE: Final = "not checked"
"""Stands for the verdict of a check that the second run should have, and has not."""


@dataclass(frozen=True)
class ChangedCheck:
    """A check that has another verdict in the second run."""

    keys: Mapping[str, str]
    before: str
    after: str
    because: str
    """Of the second verdict."""

    @property
    def subject(self) -> str:
        """Return who was looked at."""
        return subject(self.keys)

    @property
    def is_regression(self) -> bool:
        """Whether it passed, and does not pass now."""
        return self.before == "pass"


def subject(keys: Mapping[str, str]) -> str:
    """Name who was measured, in full."""
    return f"{keys['orchestrator']}/{keys['deployment']} ({keys['tier']}, {keys['profile']})"


def changed_checks(before: RunFolder, after: RunFolder) -> list[ChangedCheck]:
    """Return the checks whose verdict is another in the second run, those that passed before first."""
    run = after.run()
    due = run.finished and asks_for_all_of(before.run(), run)
    first, second = (
        {tuple(row[key] for key in KEYS): row for row in folder.results()["checks"]} for folder in (before, after)
    )
    found: list[ChangedCheck] = []
    for key, row in first.items():
        keys = dict(zip(KEYS, key, strict=True))
        if its := second.get(key):
            found.append(ChangedCheck(keys, row["verdict"], its["verdict"], its["because"]))
        elif due:
            found.append(
                ChangedCheck(keys, row["verdict"], GONE, "the second run was asked for the same, and has no such verdict")
            )
    changed = [check for check in found if check.before != check.after]
    return sorted(changed, key=lambda check: (not check.is_regression, *check.keys.values()))
