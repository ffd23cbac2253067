"""Slots: which engines of a tool start in a round of a block, and how many tasks each may run at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

import msgspec

from bench.plan.setup import Setup
from bench.plan.suite import Block
from bench.plan.tools import Deployment, Tool
from bench.scenarios import SCENARIOS, Scenario


@dataclass(frozen=True)
class Slot:
    """A place in the order of a round: an engine of one setup, at one of the widths of the block."""

    block: Block
    round: int
    setup: Setup
    deployment: Deployment
    width: int

    @property
    def scenario(self) -> Scenario:
        """What is measured."""
        return SCENARIOS[self.block.scenario]

    @property
    def lanes(self) -> int:
        """How many tasks can run at once: no more than the width allows, and no more than the deployment can."""
        return min(self.deployment.lanes or self.width, self.width)

    @property
    def polls_every_s(self) -> float:
        """How often the engine looks for submissions; 0 if it does not poll."""
        return self.deployment.polls_every_s.get(self.setup.profile, 0.0)

    @property
    def polls_jitter(self) -> float:
        """By which part of that the time between two looks varies; 0 if the engine does not poll."""
        return self.deployment.polls_jitter if self.polls_every_s else 0.0

    @property
    def polls_grain_s(self) -> float:
        """Of what whole multiples the engine's clock is; 0 if it tells any moment, or if the engine does not poll."""
        return self.deployment.polls_grain_s if self.polls_every_s else 0.0

    @property
    def pool(self) -> int:
        """How many tasks warm up the engine's pool; 0 where the first tasks are asked about, or are like any others."""
        return 0 if self.scenario.in_order else self.deployment.pool.get(self.setup.profile, 0)


def slots(tool: Tool, block: Block, round_number: int, usual_width: int) -> Iterator[list[Slot]]:
    """Yield the engine starts of a tool in one round; those of a setup at several widths stay side by side."""
    fitting = [each for each in tool.deployments if each.tier == block.tier and _fits(each, block)]
    widths = {each.name: _widths(each, block, usual_width) for each in fitting}
    taken = [each for each in fitting if widths[each.name]]
    for deployment in taken[:1] if block.default_only else taken:
        # A deployment with the same settings in every profile is measured in the one profile that it has.
        profiles = [each for each in block.profiles if each in deployment.profiles] or deployment.profiles[:1]
        for profile in profiles:
            setup = Setup(
                tool.name,
                block.tier,
                profile,
                deployment.name,
                deployment.isolation,
                deployment.database,
                default=deployment == fitting[0],
                apart=deployment.apart,
            )
            for each in _with_control(setup, block, {block.profiles[0], deployment.profiles[0]}):
                yield [Slot(block, round_number, each, deployment, width) for width in widths[deployment.name]]


def _widths(deployment: Deployment, block: Block, usual: int) -> Sequence[int]:
    if block.own_width:
        return [deployment.widest] if deployment.widest else []
    widths = block.widths or [usual]
    # One lane is one lane at any width, so the widest stands for all.
    return widths if deployment.lanes != 1 else [max(widths)]


def _with_control(setup: Setup, block: Block, profiles: set[str]) -> Iterator[Setup]:
    """Yield the setup once for each start of a round, and as often again where the block has it as an A/A control."""
    starts = block.reference_starts if setup.is_reference else 1
    yield from repeat(setup, starts)
    if setup.orchestrator in block.control and setup.default and setup.profile in profiles:
        yield from repeat(msgspec.structs.replace(setup, control=True), starts)


def _fits(deployment: Deployment, block: Block) -> bool:
    return deployment.name not in block.skip and block.scenario in (deployment.scenarios or (block.scenario,))
