"""Finds the orchestrators: each folder of implementations/ says in its pyproject.toml what it can run and how.

The harness knows no orchestrator by name, except that `plain` is the reference that ratios are taken against.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.base.machine import hash_of
from bench.base.problem import Problem

ROOT = Path(__file__).resolve().parents[2]
IMPLEMENTATIONS = ROOT / "implementations"
CORE = ROOT / "shared" / "src" / "churn"
"""The core of the churn pipelines, which all implementations share."""
REFERENCE = "plain"
TIERS = ("library", "service")
PROFILES = ("stock", "tuned")


@dataclass(frozen=True)
class Deployment:
    """One way to run an orchestrator, and how far its tasks are kept apart."""

    name: str
    tier: str
    isolation: str
    lanes: int | None = None
    """How many tasks it can run at once at most; None: as many as it is told."""
    polls_every_s: dict[str, float] = field(default_factory=dict)
    """By profile: how long a submission may wait until the engine looks for it, if it polls."""
    scenarios: tuple[str, ...] = ()
    """The only scenarios that it is there for; for all, if none is named."""
    profiles: tuple[str, ...] = ("stock",)
    """Those in which its settings differ; a profile that changes nothing is not measured twice."""
    database: str = "sqlite"
    """Where the tool keeps its state; `none` where it has none."""


@dataclass(frozen=True)
class Style:
    """What has to be known of the lines that the churn pipelines take: what is in them, or missing there.

    Where the tool has two ways to write them, also what the other would make of them.
    """

    counted: str
    """What was measured, and is counted."""
    other: str = ""
    instead_of: tuple[str, ...] = ()
    """The parts of what is counted that the other one does without, each a `file.py:name`."""
    parts: tuple[str, ...] = ()
    """What it has in their place."""


@dataclass(frozen=True)
class Tool:
    """A folder of implementations/."""

    name: str
    folder: Path
    module: str
    deployments: tuple[Deployment, ...]
    unsupported: dict[str, str] = field(default_factory=dict)
    """The checks of scenarios that ask for what the tool does not have, and why it has not."""
    by_hand: dict[str, str] = field(default_factory=dict)
    """The checks that judge what we wrote, because the tool does not have it."""
    declared: dict[str, str] = field(default_factory=dict)
    """The checks that judge what the tool has, but goes by what the pipeline's author declares."""
    remarks: dict[str, str] = field(default_factory=dict)
    """The checks of which a reader should know something when they fail."""
    by_choice: dict[str, str] = field(default_factory=dict)
    """Of the services that its adapter starts, those that a user can do without, and why we do not."""
    style: Style | None = None
    """How its pipelines are written, where it has two ways."""
    excerpts: dict[str, list[str]] = field(default_factory=dict)
    """By scenario: the parts of its code that show how it is done, each a `file.py:name`; see `bench.excerpts`."""

    @property
    def source(self) -> Path:
        """The package that runs in its environment."""
        return self.folder / "src" / package_of(self.name)

    @property
    def python(self) -> Path:
        """The interpreter of its own environment."""
        return self.folder / ".venv" / "bin" / "python"

    def is_default(self, deployment: Deployment) -> bool:
        """Whether it is the deployment to compare with at its tier, where one must be chosen: the first."""
        return deployment == next(each for each in self.deployments if each.tier == deployment.tier)

    def missing(self) -> str | None:
        """Say what its environment lacks, if anything."""
        if not self.python.exists():
            return f"its environment is missing ({self.python.parent.parent})"
        return None


def package_of(orchestrator: str) -> str:
    """Return the name of the orchestrator's package."""
    return f"churn_{orchestrator}"


def discover(folder: Path = IMPLEMENTATIONS) -> dict[str, Tool]:
    """Return the orchestrators by name, the reference last."""
    found = [_read(path) for path in sorted(folder.glob("*/pyproject.toml"))]
    return {each.name: each for each in sorted(found, key=lambda each: (each.name == REFERENCE, each.name))}


def _read(path: Path) -> Tool:
    try:
        about = tomllib.loads(path.read_text())["tool"]["orchbench"]
        deployments = msgspec.convert(about["deployments"], tuple[Deployment, ...])
        notes = msgspec.convert(
            {key: about.get(key, {}) for key in ("unsupported", "by_hand", "declared", "remarks", "by_choice")},
            dict[str, dict[str, str]],
        )
        style = msgspec.convert(about.get("style"), Style | None)
        excerpts = msgspec.convert(about.get("excerpts", {}), dict[str, list[str]])
        return Tool(path.parent.name, path.parent, about["adapter"], deployments, style=style, excerpts=excerpts, **notes)
    except (tomllib.TOMLDecodeError, KeyError, msgspec.ValidationError) as error:
        raise Problem(
            f"{path}: [tool.orchbench] cannot be read ({error}); see implementations/plain for an example"
        ) from None


def lock_hashes(tools: Mapping[str, Tool]) -> dict[str, str]:
    """Return a hash of each environment's lock."""
    locks = {"bench": ROOT / "uv.lock"} | {each.name: each.folder / "uv.lock" for each in tools.values()}
    return {name: hash_of(path) for name, path in locks.items() if path.exists()}


def check_names(known: dict[str, Tool], names: list[str] | None) -> None:
    """Raise when one is unknown."""
    for name in names or ():
        if name not in known:
            raise Problem(f"--on: there is no orchestrator {name!r}; there are {', '.join(known)}")


def choose(known: dict[str, Tool], names: list[str] | None) -> list[Tool]:
    """Return the named orchestrators (all, if none is named), or raise when one is unknown or not installed."""
    check_names(known, names)
    chosen = [each for each in known.values() if not names or each.name in names]
    for each in chosen:
        if lack := each.missing():
            raise Problem(f"{each.name}: {lack}; run `make setup`")
    return chosen
