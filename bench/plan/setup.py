"""A setup: a tool as it is run. Every record and every row of the results says by it who was measured."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from bench.plan.tools import REFERENCE, Tool

UNNAMED_DATABASES: Final = ("sqlite", "none", "any")
"""The databases that nobody chose. A name mentions a database only where somebody chose it."""

ANY: Final = "any"
"""Stands for what a number does not depend on: the number is of the tool, however the tool is run."""


Name = Annotated[str, msgspec.Meta(max_length=500)]
"""A name that is drawn: one of a hundred thousand letters would take minutes to be laid out."""


Part = Name | msgspec.UnsetType
"""A part of a merged run, or none; what is not set stands in no file."""


class Setup(msgspec.Struct, frozen=True):
    """A tool at a tier, in one deployment, with settings and a database."""

    orchestrator: Name
    tier: Name
    profile: Name
    """The settings: `stock`, or `tuned`, by which the engine looks for work more often."""
    deployment: Name
    isolation: Name
    """How far tasks are kept apart from each other."""
    database: Name = "sqlite"
    """Where the tool keeps its state; `none` for plain Python, which has none."""
    default: bool = True
    """Whether it is the tool's first deployment at the tier: the one to compare with, where one must be chosen."""
    control: bool = False
    """Whether it is the second one of an A/A pair."""
    apart: Name = ""
    """What has a process of its own (`bench.plan.tools.Apart`); empty in runs of before 2026-11-27."""
    part: Part = msgspec.UNSET
    """The part of a merged run that it was measured in; no other run has any."""

    @classmethod
    def of_any_kind(cls, orchestrator: str) -> Setup:
        """Return the tool as such."""
        return cls(orchestrator, tier=ANY, profile=ANY, deployment=ANY, isolation=ANY, database=ANY)

    @property
    def name(self) -> str:
        """The shortest name that tells the setup from all others at the tier."""
        if self.tier == ANY:
            return self.orchestrator
        settings = () if self.profile == "stock" else (self.profile,)
        return ", ".join([f"{self.orchestrator}/{self.deployment}", *settings, *self._chosen_database])

    @property
    def full_name(self) -> str:
        """The name with the tier and the settings."""
        told = (self.tier, self.profile, *self._chosen_database, *(f"part {part}" for part in self.in_part))
        return f"{self.orchestrator}/{self.deployment} ({', '.join(told)})"

    @property
    def label(self) -> str:
        """The name in ids and on the terminal."""
        told = (*self._chosen_database, *(("again",) if self.control else ()), *self.in_part)
        return "-".join((self.orchestrator, self.tier, self.deployment, self.profile, *told))

    @property
    def key(self) -> tuple[str, ...]:
        """What tells the setup from all others, except from the other one of an A/A pair."""
        return self.orchestrator, self.tier, self.profile, self.deployment, *self._chosen_database, *self.in_part

    @property
    def path(self) -> str:
        """The name by which setups are sorted and random draws are seeded: another name makes other draws."""
        return "/".join((*self.key, *(("again",) if self.control else ())))

    @property
    def in_part(self) -> tuple[str, ...]:
        """The part, if there is one."""
        return () if self.part is msgspec.UNSET else (self.part,)

    def within(self, part: Part) -> Setup:
        """Return the same setup in a part of a merged run, or in none."""
        return msgspec.structs.replace(self, part=part)

    @property
    def settings_of(self) -> str:
        """The name under which a run keeps the settings that the engine was started with."""
        return "/".join((self.orchestrator, self.tier, self.deployment, self.profile, *self._chosen_database))

    @property
    def is_plain(self) -> bool:
        """Whether the tool is plain Python."""
        return self.orchestrator == REFERENCE

    @property
    def is_reference(self) -> bool:
        """Whether ratios are taken against this setup."""
        return self.is_plain and self.default and not self.control

    @property
    def _chosen_database(self) -> tuple[str, ...]:
        return () if self.database in UNNAMED_DATABASES else (self.database,)


def setups_of(tool: Tool) -> list[Setup]:
    """Return a setup with default settings for each deployment of a tool."""
    return [
        Setup(
            tool.name,
            each.tier,
            "stock",
            each.name,
            each.isolation,
            each.database,
            default=tool.is_default(each),
            apart=each.apart,
        )
        for each in tool.deployments
    ]
