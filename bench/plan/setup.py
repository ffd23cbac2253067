"""A setup: a tool as it is run. Every record and every row of the results says by it who was measured."""

from __future__ import annotations

from typing import Final

import msgspec

from bench.plan.tools import REFERENCE, Tool

UNNAMED_DATABASES: Final = ("sqlite", "none", "any")
"""What a tool keeps its state in unless somebody chooses; a name says only what was chosen."""


ANY: Final = "any"
"""Stands for whatever a number does not depend on: it is of a tool, however that is run."""


class Setup(msgspec.Struct, frozen=True):
    """A tool at a tier, in one of its deployments, with its settings and its database."""

    orchestrator: str
    tier: str
    profile: str
    """Its settings: `stock`, or `tuned`, which look for work more often."""
    deployment: str
    isolation: str
    """How far its tasks are kept apart from each other."""
    database: str = "sqlite"
    """Where the tool keeps its state; `none` for plain Python, which has none."""
    default: bool = True
    """Whether it is the tool's first deployment at its tier: the one to compare with, where one must be chosen."""
    control: bool = False
    """Whether it is the second one of an A/A pair."""

    @classmethod
    def of_any_kind(cls, orchestrator: str) -> Setup:
        """Return the tool as such."""
        return cls(orchestrator, tier=ANY, profile=ANY, deployment=ANY, isolation=ANY, database=ANY)

    @property
    def name(self) -> str:
        """As short as it can be told apart at its tier."""
        if self.tier == ANY:
            return self.orchestrator
        settings = () if self.profile == "stock" else (self.profile,)
        return ", ".join([f"{self.orchestrator}/{self.deployment}", *settings, *self._chosen_database])

    @property
    def full_name(self) -> str:
        """With its tier and its settings."""
        return f"{self.orchestrator}/{self.deployment} ({', '.join((self.tier, self.profile, *self._chosen_database))})"

    @property
    def label(self) -> str:
        """Its name in ids and on the terminal."""
        again = ("again",) if self.control else ()
        return "-".join((self.orchestrator, self.tier, self.deployment, self.profile, *self._chosen_database, *again))

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from all others, but for the second one of an A/A pair."""
        return self.orchestrator, self.tier, self.profile, self.deployment, *self._chosen_database

    @property
    def path(self) -> str:
        """Its name where setups are sorted, and where random draws are made for it: another name makes other draws."""
        return "/".join((*self.key, *(("again",) if self.control else ())))

    @property
    def settings_of(self) -> str:
        """Under which name a run keeps the settings that it was started with."""
        return "/".join((self.orchestrator, self.tier, self.deployment, self.profile, *self._chosen_database))

    @property
    def is_plain(self) -> bool:
        """Whether it is plain Python."""
        return self.orchestrator == REFERENCE

    @property
    def is_reference(self) -> bool:
        """Whether ratios are taken against it."""
        return self.is_plain and self.default and not self.control

    @property
    def _chosen_database(self) -> tuple[str, ...]:
        return () if self.database in UNNAMED_DATABASES else (self.database,)


def setups_of(tool: Tool) -> list[Setup]:
    """Return a setup for each deployment of a tool, with the settings that it has by default."""
    return [
        Setup(tool.name, each.tier, "stock", each.name, each.isolation, each.database, default=tool.is_default(each))
        for each in tool.deployments
    ]
