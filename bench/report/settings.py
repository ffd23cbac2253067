"""Settings: default or low-latency ones, and in which of them the tools of a scenario are compared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from bench.plan.setup import ANY, Setup
from bench.plan.tools import PROFILES, TIERS
from bench.report.tools import Tools
from bench.store.rows import Check, Estimate

WORDS: Final = {"stock": "default settings", "tuned": "low-latency settings"}
"""The profiles, as readers call them."""


def words(profile: str) -> str:
    """Return a profile as readers call it; a run of a stranger may have others."""
    return WORDS.get(profile, f"{profile} settings")


def unusual(setups: Iterable[Setup]) -> str:
    """Name the settings of setups that did not run in default ones; nothing if all did, or if nothing had to run."""
    profiles = dict.fromkeys(setup.profile for setup in setups if setup.profile not in {PROFILES[0], ANY})
    return ", ".join(map(words, profiles))


Row = Estimate | Check

Asked = tuple[str, ...]
"""What rows that are compared have in common: the workload and the metric, or the check."""


@dataclass(frozen=True)
class Standing:
    """Which rows stand for the tools in a scenario at a tier.

    All tools are compared in the same settings: those that most of them were measured in, and default settings before
    low-latency ones. Plain Python has only one kind, and is shown with either. A tool without these settings is shown in
    those that it has, and compared with nothing. What nobody has in the settings of the scenario, such as a workload, is
    chosen by itself.
    """

    rows: Sequence[Row]

    def compares(self, row: Row) -> bool:
        """Whether the row may be compared with those of the other tools."""
        return self._is_so(row) or (row.setup.is_plain and self.stands(row))

    def stands(self, row: Row) -> bool:
        """Whether the row stands for its tool: it is in these settings, or the tool has none in them."""
        own = (other for other in self._beside[_asked(row)] if other.setup.orchestrator == row.setup.orchestrator)
        return self._is_so(row) or not any(map(self._is_so, own))

    def judges(self, row: Check) -> bool:
        """Whether a verdict counts: one deployment is enough, so those that were not checked in these settings count too.

        A failure counts in any settings. Two settings of a scenario need not ask for the same work, although their checks
        have the same names, so that no pass in one of them outweighs a failure in the other.
        """
        own = (other for other in self._beside[_asked(row)] if _place(other) == _place(row))
        return row.verdict == "fail" or self._is_so(row) or not any(map(self._is_so, own))

    @property
    def judged(self) -> Sequence[Check]:
        """The verdicts that count."""
        return [row for row in self.rows if isinstance(row, Check) and self.judges(row)]

    def told(self, tools: Tools) -> str:
        """Return the sentences that readers need beside the numbers; none if all tools are compared in default settings."""
        rows = [row for row in self.rows if not row.setup.is_plain]
        compared = [row.setup for row in rows if self.compares(row)]
        said: list[str] = []
        if settings := unusual(compared):
            where = "" if all(unusual([setup]) for setup in compared) else ", where there is no number in default settings"
            said.append(f"The tools are compared in {settings}{where}.")
        names = {setup.orchestrator for setup in compared}
        left = [row.setup for row in rows if row.setup.orchestrator not in names]
        alone = {(tools.name(setup.orchestrator), words(setup.profile)) for setup in left}
        return " ".join([*said, *(f"Of {tool} there are only numbers in {kind}." for tool, kind in sorted(alone))])

    def _is_so(self, row: Row) -> bool:
        return row.setup.profile in {self._profiles[_asked(row)], ANY}

    @cached_property
    def _beside(self) -> Mapping[Asked, Sequence[Row]]:
        found: dict[Asked, list[Row]] = defaultdict(list)
        for row in self.rows:
            found[_asked(row)].append(row)
        return found

    @cached_property
    def _profiles(self) -> Mapping[Asked, str]:
        """The settings of each comparison: where as many tools have either, those of the scenario."""
        usual = _most(self.rows, PROFILES)
        ordered = sorted(PROFILES, key=lambda profile: profile != usual)
        return {asked: _most(rows, ordered) for asked, rows in self._beside.items()}


class Standings:
    """Which rows stand for the tools of a run, by scenario and tier."""

    def __init__(self, *tables: Sequence[Row]) -> None:
        """Look at the numbers and the verdicts of a run."""
        found: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in (row for rows in tables for row in rows):
            found[row.scenario, row.setup.tier].append(row)
        self._found = {place: Standing(rows) for place, rows in found.items()}

    def at(self, scenario: str, tier: str) -> Standing:
        """Return those of a scenario at a tier."""
        return self._found.get((scenario, tier), Standing(()))

    def judged(self, check: str) -> Sequence[Check]:
        """Return the verdicts that count on a check (`scenario.check`), at all tiers."""
        return self._judged.get(check, ())

    @cached_property
    def _judged(self) -> Mapping[str, Sequence[Check]]:
        found: dict[str, list[Check]] = defaultdict(list)
        places = sorted((place for place in self._found if place[1] in TIERS), key=lambda place: TIERS.index(place[1]))
        for row in (row for place in places for row in self._found[place].judged):
            found[f"{row.scenario}.{row.check}"].append(row)
        return found


def _asked(row: Row) -> Asked:
    return (row.check,) if isinstance(row, Check) else (row.workload, row.metric)


def _place(row: Row) -> tuple[str, str]:
    return row.setup.orchestrator, row.setup.deployment


def _most(rows: Iterable[Row], profiles: Sequence[str]) -> str:
    """Return what most tools have, by the deployments that stand for them: another one may have default settings only."""
    setups = {row.setup for row in rows if row.setup.default and not row.setup.is_plain}
    counts = Counter(profile for _, profile in {(setup.orchestrator, setup.profile) for setup in setups})
    return max(profiles, key=lambda profile: counts[profile])
