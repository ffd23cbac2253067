"""Suites: TOML files that say which scenarios run, how large and how often."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from bench.base.problem import Problem
from bench.plan.tools import PROFILES, TIERS, Tool
from bench.scenarios import SCENARIOS, Capacity, Case

FOLDER = Path(__file__).parent / "suites"

Count = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]


class Block(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One scenario at one tier: in `rounds` engine starts, every workload runs `repeat` times."""

    scenario: str
    tier: str
    rounds: Count
    repeat: Count
    reference_starts: Count = 5
    """Engine starts of plain Python in each round."""
    joins: bool = False
    """Whether the runs are made in the engine starts of the block before, after the runs there.

    A start with the same setup and width takes them. A start takes up to half a minute, and not every scenario needs a
    fresh engine. Several blocks may join one after another.
    """
    limit_s: Seconds
    """A run that takes longer is ended, and the value is missing."""
    widths: list[Count] = msgspec.field(default_factory=list)
    """How many tasks may run at once, if not the suite's width. Each of several widths gets an engine start."""
    own_width: bool = False
    """Whether each deployment runs as many tasks at once as where nobody says a number; one that has none is left out."""
    profiles: list[str] = msgspec.field(default_factory=lambda: ["stock"])
    control: list[str] = msgspec.field(default_factory=list)
    """The tools that are measured twice, as if each were two tools: the A/A control."""
    default_only: bool = False
    """Whether each tool is measured in one deployment: the first of its folder that fits."""
    skip: list[str] = msgspec.field(default_factory=list)
    """The deployments that this block leaves out."""
    options: dict[str, Any] = msgspec.field(default_factory=dict)

    def cases(self, usual_width: int, cpu_rounds_per_s: float) -> Iterator[Case]:
        """Yield the cases at every width, for engines that run tasks at once and for those that do not."""
        scenario = SCENARIOS[self.scenario]
        options = scenario.parse(self.options)
        for width in self.widths or [usual_width]:
            for lanes in {1, width}:
                yield from scenario.cases(options, Capacity(width, lanes, cpu_rounds_per_s, self.own_width))


class Suite(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `orchbench run --suite` takes."""

    name: str
    about: str
    width: Count = 2
    blocks: list[Block]


def available() -> dict[str, Path]:
    """Return the suites that come with orchbench."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}


def cases(scenario: str) -> Iterator[Case]:
    """Yield the cases of a scenario in all suites that come with orchbench, at every width."""
    for path in available().values():
        # Read, and not loaded: whether its tools are all in this checkout is no question here.
        suite = msgspec.toml.decode(path.read_bytes(), type=Suite)
        for block in suite.blocks:
            if block.scenario == scenario:
                yield from block.cases(suite.width, cpu_rounds_per_s=1)


def load(name: str, known: Mapping[str, Tool]) -> Suite:
    """Read a suite by name or from a file, and check all of it."""
    path = available().get(name) or Path(name)
    if not path.is_file():
        raise Problem(f"--suite: there is no suite {name!r}; there are {', '.join(available())}, or give a TOML file")
    try:
        suite = msgspec.toml.decode(path.read_bytes(), type=Suite)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(f"{path}: {_one_line(error)}") from None
    if not suite.blocks:
        raise Problem(f"{path}: there is no [[blocks]] in it, so nothing would run; add one")
    for tool in known.values():
        for deployment in tool.deployments:
            for scenario in deployment.scenarios:
                if scenario not in SCENARIOS:
                    where = f"{tool.name}, deployment {deployment.name}"
                    raise Problem(f"{where}: there is no scenario {scenario!r}; there are {', '.join(SCENARIOS)}")
    for number, block in enumerate(suite.blocks, 1):
        _check(block, known, f"{path}, block {number}")
    return suite


@dataclass(frozen=True)
class Part:
    """The part of a suite that somebody wants to run; what is left out here stays as the suite has it."""

    scenarios: Sequence[str] | None = None
    tiers: Sequence[str] | None = None
    profiles: Sequence[str] | None = None
    repeat: int | None = None
    rounds: int | None = None

    def of(self, suite: Suite) -> Suite:
        """Return this part of the suite."""
        _check_option("scenario", self.scenarios, SCENARIOS)
        _check_option("tier", self.tiers, TIERS)
        _check_option("profile", self.profiles, PROFILES)
        blocks = [
            msgspec.structs.replace(
                block,
                profiles=list(self.profiles or block.profiles),
                repeat=self.repeat or block.repeat,
                rounds=self.rounds or block.rounds,
            )
            for block in suite.blocks
            if (not self.scenarios or block.scenario in self.scenarios) and (not self.tiers or block.tier in self.tiers)
        ]
        if not blocks:
            raise Problem(f"suite {suite.name} has no block of that choice; see `orchbench list`, or choose less narrowly")
        return msgspec.structs.replace(suite, blocks=blocks)


def _check_option(option: str, names: Sequence[str] | None, known: Collection[str]) -> None:
    for name in names or ():
        if name not in known:
            raise Problem(f"--{option}: there is no {option} {name!r}; there are {', '.join(known)}")


def _check(block: Block, known: Mapping[str, Tool], where: str) -> None:
    if block.scenario not in SCENARIOS:
        raise Problem(f"{where}: there is no scenario {block.scenario!r}; there are {', '.join(SCENARIOS)}")
    if block.tier not in TIERS:
        raise Problem(f"{where}: there is no tier {block.tier!r}; there are {', '.join(TIERS)}")
    for profile in block.profiles:
        if profile not in PROFILES:
            raise Problem(f"{where}: there is no profile {profile!r}; there are {', '.join(PROFILES)}")
    deployments = {deployment.name for tool in known.values() for deployment in tool.deployments}
    for key, names, there in (("control", block.control, set(known)), ("skip", block.skip, deployments)):
        if unknown := sorted(set(names) - there):
            raise Problem(f"{where}, {key}: there is no {unknown[0]!r}; there are {', '.join(sorted(there))}")
    if block.own_width:
        _check_own_width(block, where)
    try:
        SCENARIOS[block.scenario].parse(block.options)
    except msgspec.ValidationError as error:
        raise Problem(f"{where}, options: {_one_line(error)}") from None


def _check_own_width(block: Block, where: str) -> None:
    if block.widths:
        raise Problem(f"{where}: `own_width` leaves the width to each tool, and `widths` names some; keep one of the two")
    if block.default_only:
        raise Problem(
            f"{where}: `own_width` asks each deployment that has one, and `default_only` the first; keep one of the two"
        )
    if not SCENARIOS[block.scenario].asks_own_width:
        asking = ", ".join(name for name, scenario in SCENARIOS.items() if scenario.asks_own_width)
        raise Problem(f"{where}: {block.scenario} does not ask about `own_width`; {asking} does")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
