"""Suites: TOML files that say which scenarios run, how large and how often."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from bench.base.problem import Problem
from bench.plan.tools import PROFILES, TIERS, Tool
from bench.scenarios import SCENARIOS

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
    """Make its runs in the engine starts of the block before it (and of those which that one joins), after their runs, where
    these have the same setup and width: a start takes up to half a minute, and not every scenario needs a fresh one."""
    limit_s: Seconds
    """A run that takes longer is ended, and its value is missing."""
    widths: list[Count] = msgspec.field(default_factory=list)
    """How many tasks may run at once, if it is not the suite's width; more than one: an engine start for each."""
    profiles: list[str] = msgspec.field(default_factory=lambda: ["stock"])
    control: list[str] = msgspec.field(default_factory=list)
    """The tools that are measured twice, as if they were two: the A/A control."""
    skip: list[str] = msgspec.field(default_factory=list)
    """Deployments that this block leaves out."""
    options: dict[str, Any] = msgspec.field(default_factory=dict)


class Suite(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `orchbench run --suite` takes."""

    name: str
    about: str
    width: Count = 2
    blocks: list[Block]


def available() -> dict[str, Path]:
    """Return the suites that come with orchbench."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}


def load(name: str, known: Mapping[str, Tool]) -> Suite:
    """Read a suite by its name or by its file, and check all of it."""
    path = available().get(name) or Path(name)
    if not path.is_file():
        raise Problem(f"--suite: there is no suite {name!r}; there are {', '.join(available())}, or give a TOML file")
    try:
        suite = msgspec.toml.decode(path.read_bytes(), type=Suite)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(f"{path}: {_one_line(error)}") from None
    if not suite.blocks:
        raise Problem(f"{path}: it has no [[blocks]]")
    for each in known.values():
        for deployment in each.deployments:
            if unknown := sorted(set(deployment.scenarios) - set(SCENARIOS)):
                raise Problem(f"{each.name}: its deployment {deployment.name} is for {unknown[0]!r}, which is no scenario")
    for number, block in enumerate(suite.blocks, 1):
        _check(block, known, f"{path}, block {number}")
    return suite


def narrow(
    suite: Suite,
    scenarios: list[str] | None,
    tiers: list[str] | None,
    profiles: list[str] | None,
    repeat: int | None,
    rounds: int | None,
) -> Suite:
    """Return the part of the suite that the command line asks for."""
    for option, names, known in (
        ("scenario", scenarios, SCENARIOS),
        ("tier", tiers, TIERS),
        ("profile", profiles, PROFILES),
    ):
        for name in names or ():
            if name not in known:
                raise Problem(f"--{option}: there is no {option} {name!r}; there are {', '.join(known)}")
    blocks = [
        msgspec.structs.replace(
            block,
            profiles=list(profiles or block.profiles),
            repeat=repeat or block.repeat,
            rounds=rounds or block.rounds,
        )
        for block in suite.blocks
        if (not scenarios or block.scenario in scenarios) and (not tiers or block.tier in tiers)
    ]
    if not blocks:
        raise Problem(f"suite {suite.name} has nothing of that; see `orchbench list`")
    return msgspec.structs.replace(suite, blocks=blocks)


def _check(block: Block, known: Mapping[str, Tool], where: str) -> None:
    if block.scenario not in SCENARIOS:
        raise Problem(f"{where}: there is no scenario {block.scenario!r}; there are {', '.join(SCENARIOS)}")
    if block.tier not in TIERS:
        raise Problem(f"{where}: there is no tier {block.tier!r}; there are {', '.join(TIERS)}")
    for profile in block.profiles:
        if profile not in PROFILES:
            raise Problem(f"{where}: there is no profile {profile!r}; there are {', '.join(PROFILES)}")
    deployments = {deployment.name for each in known.values() for deployment in each.deployments}
    for key, names, there in (("control", block.control, set(known)), ("skip", block.skip, deployments)):
        if unknown := sorted(set(names) - there):
            raise Problem(f"{where}, {key}: there is no {unknown[0]!r}; there are {', '.join(sorted(there))}")
    try:
        SCENARIOS[block.scenario].parse(block.options)
    except msgspec.ValidationError as error:
        raise Problem(f"{where}, options: {_one_line(error)}") from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
