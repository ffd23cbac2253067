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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from bench.base.problem import Problem
from bench.plan.joining import join
from bench.plan.plan import Plan, Start, Trial
from bench.plan.slots import Slot, slots
from bench.plan.suite import Block, Suite
from bench.plan.tools import Tool
from bench.plan.warmups import warmups
from bench.scenarios import SCENARIOS, Capacity, Case
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
            groups[-1] = join(groups[-1], starts)
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
            places = [place for tool in self._choice.tools for place in slots(tool, block, number, width)]
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
                starts += [self._start(slot, own, left) for own in _apart(runs)]
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

    def _start(self, slot: Slot, runs: Sequence[_Run], phases: list[float]) -> Start:
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
            polls_jitter=slot.polls_jitter,
            polls_grain_s=slot.polls_grain_s,
            warmups=tuple(
                self._trial(slot, number, case.name, _Run(case, 0))
                for case in (*warmups(setup.tier, slot.pool), *of_scenario)
            ),
            trials=tuple(
                replace(
                    self._trial(slot, number, f"{number}.{place:03d}-{setup.orchestrator}-{run.case.name}", run),
                    phase=phases.pop() if slot.polls_every_s else None,
                )
                for place, run in enumerate(runs, 1)
            ),
        )

    def _trial(self, slot: Slot, number: str, name: str, run: _Run) -> Trial:
        parameters = self._parameters(slot, number, run)
        return Trial(name, slot.scenario.name, run.case, run.repeat, parameters=parameters, warmup=run.repeat == 0)

    def _parameters(self, slot: Slot, number: str, run: _Run) -> Mapping[str, Any]:
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

    def of(self, slot: Slot) -> list[Case]:
        """Return the cases of a slot; plain Python runs those of every other setup too, to be compared with each."""
        chosen = list(self.by_lanes[slot.lanes])
        if slot.setup.is_plain:
            names = {case.name for case in chosen}
            chosen += [case for cases in self.by_lanes.values() for case in cases if case.name not in names]
        return chosen


def _runs(slot: Slot, cases: Sequence[Case]) -> list[_Run]:
    """Return the runs of a slot, repetition by repetition."""
    # Plain Python starts so often that one run of the long sweep in each start is enough.
    sweeps_once = slot.setup.is_plain
    return [
        _Run(case, number)
        for number in range(1, slot.block.repeat + 1)
        for case in cases
        if number == 1 or not (sweeps_once and slot.scenario.is_swept(case))
    ]


def _apart(runs: Sequence[_Run]) -> list[list[_Run]]:
    """Give each run that is watched an engine start of its own: what others have left in memory or on disk is not its."""
    unwatched = [run for run in runs if not run.case.is_watched]
    return [*([unwatched] if unwatched else []), *([run] for run in runs if run.case.is_watched)]


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
