"""Finds the tools: the pyproject.toml of each folder of implementations/ says what the tool can run and how.

The harness knows one tool by name: `plain` is the reference that ratios are taken against.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from bench.base.machine import hash_of
from bench.base.problem import Problem
from bench.plan.about import About

ROOT = Path(__file__).resolve().parents[2]
IMPLEMENTATIONS = ROOT / "implementations"
CORE = ROOT / "shared" / "src" / "churn"
"""The core of the churn pipelines, which all implementations share."""
CONTRACT = ROOT / "shared" / "src" / "contract"
"""What runs in every environment, and within the time of every task."""
REFERENCE = "plain"
TIERS = ("library", "service")
PROFILES = ("stock", "tuned")

Profile = Literal["stock", "tuned"]

ProfileKey = Annotated[str, msgspec.Meta(pattern=f"^({'|'.join(PROFILES)})$")]
"""A profile as a key: a name that is known only when a plan is made looks it up."""

Apart = Literal["nothing", "runs", "pool", "tasks"]
"""What has a process of its own: nothing (all is in one process), each run, each task of the moment, or each task.

In a pool, tasks that run at one moment have a process each, and later ones find what earlier ones left there.
"""

UNBOUNDED = 10_000
"""More tasks at once than any run has."""


@dataclass(frozen=True)
class Deployment:
    """One way to run a tool, and how far it keeps tasks apart."""

    name: str
    tier: str
    isolation: str
    """How far tasks are kept apart, in words."""
    apart: Apart = "nothing"
    """What has a process of its own. The report ranks within one of these classes; a rule of conformance tries it."""
    lanes: int | None = None
    """How many tasks it can run at once at most; None: as many as the width allows."""
    own_width: int | Literal["cpus", "unbounded"] | None = None
    """How many tasks of a run it has at once where nobody says a number; None: somebody always does."""
    polls_every_s: dict[ProfileKey, float] = field(default_factory=dict)
    """By profile: how often the engine looks for submissions, if it polls."""
    polls_jitter: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.0
    """By which part of that the time between two looks varies, to either side, as the tool's source has it."""
    polls_grain_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """A look finds only what came before the last whole multiple of it, as the tool's database tells time; 0: all."""
    pool: dict[ProfileKey, Annotated[int, msgspec.Meta(ge=1, le=1000)]] = field(default_factory=dict)
    """By profile: how many processes outlive a run and take turns, if the first task of each takes plainly longer."""
    scenarios: tuple[str, ...] = ()
    """The only scenarios that the deployment is for; if none is named, it is for all."""
    profiles: tuple[Profile, ...] = ("stock",)
    """The profiles that differ in settings; a profile that changes nothing is not measured twice."""
    database: str = "sqlite"
    """Where the tool keeps its state; `none` where it has none."""

    @property
    def widest(self) -> int | None:
        """The deployment's own width as a number, on this machine."""
        match self.own_width:
            case "cpus":
                return os.cpu_count() or 1
            case "unbounded":
                return UNBOUNDED
            case width:
                return width


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a pipeline of the tool needs to run as a script from an empty home, as the exercises of course/ do."""

    before: tuple[str, ...] = ()
    """What the tool's Python is called with first, if anything."""
    variables: dict[str, str] = {}
    """More variables of the environment; in a value, `{script}` is the path of the script, `{secret}` is new each time."""


@dataclass(frozen=True)
class Tool:
    """A folder of implementations/."""

    name: str
    folder: Path
    module: str
    deployments: tuple[Deployment, ...]
    about: About = field(default_factory=About)
    script: Script = field(default_factory=Script)
    dependencies: tuple[str, ...] = ()
    """What the tool's environment has to hold, as pyproject.toml asks for it."""

    @property
    def source(self) -> Path:
        """The package that runs in the tool's environment."""
        return self.folder / "src" / self.module.partition(".")[0]

    @property
    def python(self) -> Path:
        """The interpreter of the tool's environment."""
        return self.folder / ".venv" / "bin" / "python"

    def is_default(self, deployment: Deployment) -> bool:
        """Whether the deployment is the first at the tier: the one to compare with, where one must be chosen."""
        return deployment == next(each for each in self.deployments if each.tier == deployment.tier)

    def missing(self) -> str | None:
        """Say what the tool's environment lacks, if anything."""
        if not self.python.exists():
            return f"the environment {self.python.parent.parent} is missing"
        return None


def package_of(tool: str) -> str:
    """Return the name of the tool's package."""
    return f"churn_{tool}"


def discover(folder: Path = IMPLEMENTATIONS) -> dict[str, Tool]:
    """Return the tools by name, the reference last."""
    tools = [read(path.parent) for path in folder.glob("*/pyproject.toml")]
    return {tool.name: tool for tool in sorted(tools, key=lambda tool: (tool.name == REFERENCE, tool.name))}


def maker(chosen: Mapping[str, Tool]) -> Tool:
    """Return the tool whose environment makes what all engines share; not every tool has the pipelines."""
    reference = chosen.get(REFERENCE) or discover().get(REFERENCE)
    return reference if reference and not reference.missing() else next(iter(chosen.values()))


def read(folder: Path) -> Tool:
    """Read the tool that a folder holds."""
    path = folder / "pyproject.toml"
    if not path.is_file():
        raise Problem(f"{folder} is not the folder of a tool: there is no pyproject.toml in it; see docs/tools.md")
    try:
        project = tomllib.loads(path.read_text())
        table = dict(project["tool"]["orchbench"])
        adapter = msgspec.convert(table.pop("adapter"), str)
        deployments = msgspec.convert(table.pop("deployments"), tuple[Deployment, ...])
        script = msgspec.convert(table.pop("script", {}), Script)
        dependencies = msgspec.convert(project.get("project", {}).get("dependencies", ()), tuple[str, ...])
        about = msgspec.convert(table, About)
        return Tool(path.parent.name, path.parent, adapter, deployments, about, script, dependencies)
    except (tomllib.TOMLDecodeError, KeyError, msgspec.ValidationError) as error:
        raise Problem(
            f"{path}: [tool.orchbench] cannot be read ({error}); see implementations/plain for an example"
        ) from None


def lock_hashes(tools: Mapping[str, Tool]) -> dict[str, str]:
    """Return a hash of the lock file of each environment."""
    locks = {"bench": ROOT / "uv.lock"} | {tool.name: tool.folder / "uv.lock" for tool in tools.values()}
    return {name: hash_of(path) for name, path in locks.items() if path.exists()}


def check_names(known: dict[str, Tool], names: list[str] | None) -> None:
    """Raise when a name is unknown."""
    for name in names or ():
        if name not in known:
            raise Problem(f"--on: there is no tool {name!r}; there are {', '.join(known)}")


def choose(known: dict[str, Tool], names: list[str] | None) -> list[Tool]:
    """Return the named tools (all, if none is named), or raise when one is unknown or not installed."""
    check_names(known, names)
    chosen = [tool for tool in known.values() if not names or tool.name in names]
    for tool in chosen:
        if lack := tool.missing():
            raise Problem(f"{tool.name}: {lack}; run `make setup`")
    return chosen
