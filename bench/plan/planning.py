"""Choice -> plan: which engine starts when, and which runs it is asked for, in which order.

The rules of the order:

1. The blocks of the suite follow each other. A block that joins the one before adds its runs to the engine starts there.
2. A block has rounds. In each round every setup gets one engine start, with an empty home.
3. The order of the setups is drawn anew for each round, so that a drift of the machine hits all setups alike. The starts
   of a setup at several widths are divided by each other, and stay side by side.
4. In an engine start the order of the runs is drawn too, unless the scenario's cases build on each other.
5. Where an engine polls, the submissions of a setup are spread evenly over the period, over all rounds of the block.
6. The reference, by which everything is divided, starts in no time. It gets several starts in a round.

All draws come from one generator with the seed of the choice, so that the same choice always makes the same plan.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, repeat
from pathlib import Path
from typing import Any

import msgspec

from bench.base.problem import Problem
from bench.plan.plan import Plan, Start, Trial
from bench.plan.setup import Setup
from bench.plan.suite import Block, Suite
from bench.plan.tools import Deployment, Tool
from bench.plan.warmups import warmups
from bench.scenarios import SCENARIOS, Capacity, Case, Scenario
from bench.scenarios.kit.draw import Draw, seed_of
from contract.pipeline import Pipeline
from contract.workload import Workload


@dataclass(frozen=True)
class Choice:
    """What a run is planned from."""

    suite: Suite
    tools: Sequence[Tool]
    seed: int
    own: Workload | None = None
    """The reader's own workload, measured in place of the scenario's cases."""
    data: Path | None = None
    """The reader's own customers, used in place of made-up ones."""


def make(choice: Choice, cpu_rounds_per_s: float) -> Plan:
    """Return the plan of a choice; `cpu_rounds_per_s` turns the durations of CPU tasks into work."""
    planner = _Planner(choice, cpu_rounds_per_s)
    groups: list[list[Start]] = []
    for block in choice.suite.blocks:
        if choice.own and not SCENARIOS[block.scenario].measures_own_workloads:
            continue
        starts = planner.starts(block)
        if block.joins and groups:
            groups[-1] = _joined(groups[-1], starts)
        else:
            groups.append(starts)
    plan = Plan(tuple(start for group in groups for start in group))
    _check_names(choice.suite, plan.starts)
    if not plan.starts:
        raise Problem(_why_nothing_is_left(choice))
    return plan


def _why_nothing_is_left(choice: Choice) -> str:
    why = "nothing is left to run: no chosen tool has a deployment at the chosen tiers and profiles"
    if choice.own:
        takers = " or ".join(name for name, scenario in SCENARIOS.items() if scenario.measures_own_workloads)
        why += f", or no chosen scenario measures --workload, as {takers} does"
    return why


@dataclass(frozen=True)
class _Slot:
    """A place in the order of a round: an engine of one setup, at one of the widths of the block."""

    block: Block
    round: int
    setup: Setup
    deployment: Deployment
    width: int

    @property
    def scenario(self) -> Scenario:
        return SCENARIOS[self.block.scenario]

    @property
    def lanes(self) -> int:
        """How many tasks can run at once: no more than the width allows, and no more than the deployment can."""
        return min(self.deployment.lanes or self.width, self.width)

    @property
    def polls_every_s(self) -> float:
        """How often the engine looks for submissions; 0 if it does not poll."""
        return self.deployment.polls_every_s.get(self.setup.profile, 0.0)


@dataclass(frozen=True)
class _Run:
    """A case, and the number of the repetition that this run of it is; warm-ups have the number 0."""

    case: Case
    repeat: int


class _Planner:
    """Plans one block after another. All numbers and draws go on from block to block."""

    def __init__(self, choice: Choice, cpu_rounds_per_s: float) -> None:
        self._choice, self._cpu_rounds_per_s = choice, cpu_rounds_per_s
        self._random = random.Random(choice.seed)  # noqa: S311 - a reproducible order, not a secret
        # A start that joins another one uses up a number too: the number is a part of the ids of the trials.
        self._numbers = count(1)

    def starts(self, block: Block) -> list[Start]:
        """Return the engine starts of a block, round by round."""
        cases: dict[int, _Cases] = {}
        starts: list[Start] = []
        phases: dict[tuple[str, int], list[float]] = {}
        for number in range(1, block.rounds + 1):
            width = self._choice.suite.width
            places = [place for tool in self._choice.tools for place in _places(tool, block, number, width)]
            self._random.shuffle(places)
            for place in places:
                self._random.shuffle(place)
            for slot in (slot for place in places for slot in place):
                if slot.width not in cases:
                    cases[slot.width] = self._cases(block, slot.width)
                runs = _runs(slot, cases[slot.width].of(slot))
                if not slot.scenario.in_order:
                    self._random.shuffle(runs)
                left = phases.setdefault((slot.setup.path, slot.width), self._strata(block.rounds * len(runs)))
                starts.append(self._start(slot, runs, left))
        return starts

    def _strata(self, runs: int) -> list[float]:
        """Return phases for as many runs, as far from each other as a period allows, in an order that is drawn.

        All are shifted by the same part of their distance: nobody knows at which phase the engine looks, and if each had a
        shift of its own, two of them might lie close to each other there.
        """
        shift = self._random.random()
        phases = [(part + shift) / runs for part in range(runs)]
        self._random.shuffle(phases)
        return phases

    def _cases(self, block: Block, width: int) -> _Cases:
        scenario = SCENARIOS[block.scenario]
        options = scenario.parse(block.options)

        def cases(lanes: int) -> Sequence[Case]:
            if self._choice.own:
                return [Case(self._choice.own)]
            return scenario.cases(options, Capacity(width, lanes, self._cpu_rounds_per_s, block.own_width))

        return _Cases({lanes: cases(lanes) for lanes in (1, width)})

    def _start(self, slot: _Slot, runs: Sequence[_Run], phases: list[float]) -> Start:
        """Return an engine start; each run takes a phase off the list, where the engine polls."""
        number, setup = f"{next(self._numbers):03d}", slot.setup
        # Where every run is a process of its own, a warm-up would warm up nothing but itself.
        of_scenario = slot.scenario.warmups if setup.tier == "library" else ()
        return Start(
            id=f"{number}-{setup.label}",
            setup=setup,
            round=slot.round,
            limit_s=slot.block.limit_s,
            width=slot.width,
            polls_every_s=slot.polls_every_s,
            warmups=tuple(
                self._trial(slot, number, case.name, _Run(case, 0)) for case in (*warmups(setup.tier), *of_scenario)
            ),
            trials=tuple(
                replace(
                    self._trial(slot, number, f"{number}.{place:03d}-{setup.orchestrator}-{run.case.name}", run),
                    phase=phases.pop() if slot.polls_every_s else None,
                )
                for place, run in enumerate(runs, 1)
            ),
        )

    def _trial(self, slot: _Slot, number: str, name: str, run: _Run) -> Trial:
        parameters = self._parameters(slot, number, run)
        return Trial(name, slot.scenario.name, run.case, run.repeat, parameters=parameters, warmup=run.repeat == 0)

    def _parameters(self, slot: _Slot, number: str, run: _Run) -> Mapping[str, Any]:
        if slot.scenario.parameters is None or not isinstance(run.case.work, Pipeline):
            return {}
        # All setups get the same customers in a round and repetition, and new ones in the next, which no cache knows.
        seed = seed_of(slot.round, run.repeat)
        sequence = f"{slot.setup.orchestrator}_{number}_{run.repeat}"
        return slot.scenario.parameters(run.case.work, Draw(sequence, seed, str(self._choice.data or "")))


@dataclass(frozen=True)
class _Cases:
    """The cases of a block at one width, by the number of lanes."""

    by_lanes: Mapping[int, Sequence[Case]]

    def of(self, slot: _Slot) -> list[Case]:
        """Return the cases of a slot; plain Python runs those of every other setup too, to be compared with each."""
        chosen = list(self.by_lanes[slot.lanes])
        if slot.setup.is_plain:
            names = {case.name for case in chosen}
            chosen += [case for cases in self.by_lanes.values() for case in cases if case.name not in names]
        return chosen


def _runs(slot: _Slot, cases: Sequence[Case]) -> list[_Run]:
    """Return the runs of a slot, repetition by repetition."""
    # Plain Python starts so often that one run of the long sweep in each start is enough.
    sweeps_once = slot.setup.is_plain
    return [
        _Run(case, number)
        for number in range(1, slot.block.repeat + 1)
        for case in cases
        if number == 1 or not (sweeps_once and slot.scenario.is_swept(case))
    ]


def _places(tool: Tool, block: Block, round_number: int, usual_width: int) -> Iterator[list[_Slot]]:
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
                yield [_Slot(block, round_number, each, deployment, width) for width in widths[deployment.name]]


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


def _joined(starts: Sequence[Start], more: Sequence[Start]) -> list[Start]:
    """Let the runs of `more` be made in the starts that have the same setup, width and round, where there are any."""
    joined = list(starts)
    free = list(range(len(joined)))
    for start in more:
        place = next((index for index in free if _are_alike(joined[index], start)), None)
        if place is None:
            joined.append(start)
        else:
            free.remove(place)  # each of the reference's several starts in a round takes up one
            joined[place] = _merged(joined[place], start)
    return joined


def _are_alike(one: Start, other: Start) -> bool:
    return (one.setup, one.width, one.round) == (other.setup, other.width, other.round)


def _merged(host: Start, guest: Start) -> Start:
    known = {warmup.id for warmup in host.warmups}
    return replace(
        host,
        limit_s=max(host.limit_s, guest.limit_s),
        warmups=(*host.warmups, *(warmup for warmup in guest.warmups if warmup.id not in known)),
        trials=(*host.trials, *guest.trials),
    )


def _check_names(suite: Suite, starts: Sequence[Start]) -> None:
    """Raise where one name stands for two cases: a run keeps its cases by name."""
    known: dict[str, Case] = {}
    for start in starts:
        for case in start.cases:
            same = known.setdefault(case.name, case)
            if same is not case and same.recorded() != case.recorded():
                raise Problem(
                    f"suite {suite.name}: two blocks define the case {case.name} differently; give them the same options"
                )
