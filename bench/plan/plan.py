"""Suite and seed -> plan: which engine is started when, and which runs it is asked for, in which order.

Rounds interleave the setups, in an order drawn anew for each round, so that a drift of the machine hits all alike. In a
round every setup gets one engine start with an empty home; its runs follow in a drawn order of their own. The reference,
which everything is divided by and which starts in no time, gets several starts with one run of each workload.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from bench.base.problem import Problem
from bench.plan.setup import Setup
from bench.plan.suite import Block, Suite
from bench.plan.tools import Deployment, Tool
from bench.plan.warmups import warmups
from bench.scenarios import SCENARIOS, Case, Place, Scenario, Work
from bench.scenarios.kit.case import RecordedCase
from bench.scenarios.kit.draw import Draw
from contract.pipeline import Pipeline
from contract.workload import Workload


@dataclass(frozen=True)
class Trial:
    """A run that is to be made."""

    id: str
    scenario: str
    case: Case
    repeat: int
    pause_s: float = 0.0
    """How long the engine is left alone before it is asked: a part of its polling interval, drawn at random. Submitted
    right after the run before, every run would meet the poll in the same phase."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What a pipeline is run with."""


@dataclass(frozen=True)
class Start:
    """An engine start, and the runs to be made in it."""

    id: str
    setup: Setup
    round: int
    limit_s: float
    width: int
    polls_every_s: float
    warmups: tuple[Trial, ...]
    """Those of the engine come first of all, those of a scenario before its first run."""
    trials: tuple[Trial, ...]

    @property
    def cases(self) -> tuple[Case, ...]:
        """Each case of its trials, once."""
        return tuple({trial.case.name: trial.case for trial in (*self.warmups, *self.trials)}.values())

    @property
    def works(self) -> tuple[Work, ...]:
        """The work of each of them."""
        return tuple(case.work for case in self.cases)

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The scenarios of its trials, each once."""
        return tuple(SCENARIOS[name] for name in dict.fromkeys(trial.scenario for trial in self.trials))


@dataclass(frozen=True)
class Plan:
    """All that is to be done, in order."""

    starts: tuple[Start, ...]

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Every run that is to be made and counted."""
        return tuple(trial for start in self.starts for trial in start.trials)

    @property
    def cases(self) -> dict[str, RecordedCase]:
        """Every case, as a run keeps it."""
        return {each.name: each.recorded() for start in self.starts for each in start.cases}

    @property
    def digest(self) -> str:
        """Return a hash of which runs are to be made, in which order, and of what is to be done."""
        cases = [f"{name} {msgspec.json.encode(case).decode()}" for name, case in sorted(self.cases.items())]
        said = [*(trial.id for trial in self.trials), *cases]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def make(
    suite: Suite,
    orchestrators: Sequence[Tool],
    seed: int,
    cpu_rounds_per_s: float,
    own: Workload | None = None,
    data: str = "",
) -> Plan:
    """Return the same plan for the same arguments.

    `own` takes the place of the scenarios' workloads, and `data` that of the made-up customers.
    """
    order = random.Random(seed)  # noqa: S311 - a reproducible order, not a secret
    sittings: list[list[Start]] = []
    made = 0
    for block in suite.blocks:
        if own and not SCENARIOS[block.scenario].measures_own_workloads:
            continue
        # Numbered on, also where they join others: the numbers are a part of the trials' ids.
        its = _starts(block, suite.width, orchestrators, order, cpu_rounds_per_s, own, data, first=made + 1)
        made += len(its)
        if block.joins and sittings:
            sittings[-1] = _joined(sittings[-1], its)
        else:
            sittings.append(its)
    starts = [start for sitting in sittings for start in sitting]
    _check_names(suite, starts)
    if not starts:
        raise Problem(
            "nothing is left to run: no tool of the choice has a deployment at the chosen tiers and profiles"
            + (f", or no scenario of the choice measures --workload, as {_of_own_workloads()} does" if own else "")
        )
    return Plan(tuple(starts))


def _of_own_workloads() -> str:
    return " or ".join(name for name, scenario in SCENARIOS.items() if scenario.measures_own_workloads)


def _starts(
    block: Block,
    suite_width: int,
    orchestrators: Sequence[Tool],
    order: random.Random,
    cpu_rounds_per_s: float,
    own: Workload | None,
    data: str,
    first: int,
) -> list[Start]:
    """Return the engine starts of one block, in rounds."""
    starts: list[Start] = []
    scenario = SCENARIOS[block.scenario]
    widths = block.widths or [suite_width]
    cases = {width: _Cases(block, width, cpu_rounds_per_s, own) for width in widths}
    for round_number in range(1, block.rounds + 1):
        turns = [turn for each in orchestrators for turn in _turns(each, block, widths)]
        order.shuffle(turns)
        for turn in turns:
            # The reference has many starts, so that each of them runs the long sweep once.
            once = turn.setup.is_plain
            runs = [
                (case, number)
                for number in range(1, block.repeat + 1)
                for case in cases[turn.width].of(turn)
                if number == 1 or not (once and scenario.is_swept(case))
            ]
            if not scenario.in_order:
                order.shuffle(runs)
            starts.append(_start(first + len(starts), turn, block, round_number, runs, order, data))
    return starts


def _joined(starts: Sequence[Start], more: Sequence[Start]) -> list[Start]:
    """Let the runs of `more` be made in the starts that have the same setup, width and round, where there are any."""
    joined = list(starts)
    free = list(range(len(joined)))
    for each in more:
        place = next(
            (
                index
                for index in free
                if (joined[index].setup, joined[index].width, joined[index].round) == (each.setup, each.width, each.round)
            ),
            None,
        )
        if place is None:
            joined.append(each)
            continue
        free.remove(place)  # the reference has several starts in a round, each of which takes up one
        host = joined[place]
        known = {warmup.id for warmup in host.warmups}
        joined[place] = replace(
            host,
            limit_s=max(host.limit_s, each.limit_s),
            warmups=(*host.warmups, *(warmup for warmup in each.warmups if warmup.id not in known)),
            trials=(*host.trials, *each.trials),
        )
    return joined


def _check_names(suite: Suite, starts: Sequence[Start]) -> None:
    known: dict[str, RecordedCase] = {}
    for start in starts:
        for each in start.cases:
            if known.setdefault(each.name, each.recorded()) != each.recorded():
                raise Problem(
                    f"suite {suite.name}: two blocks run {each.name}, and not the same; give them the same options"
                )


@dataclass(frozen=True)
class Turn:
    """What an engine is started for in a round: a setup, at one of the block's widths."""

    setup: Setup
    deployment: Deployment
    width: int

    @property
    def lanes(self) -> int:
        """How many tasks can run at once: no more than may, and than the deployment can."""
        return min(self.deployment.lanes or self.width, self.width)

    @property
    def polls_every_s(self) -> float:
        """How often its engine looks for submissions; 0: it does not have to."""
        return self.deployment.polls_every_s.get(self.setup.profile, 0.0)


def _turns(orchestrator: Tool, block: Block, widths: Sequence[int]) -> Iterable[Turn]:
    """Return the engine starts of a tool in one round."""
    fitting = [each for each in orchestrator.deployments if each.tier == block.tier and _fits(each, block)]
    for number, deployment in enumerate(fitting):
        # One lane is one lane at any width, so that the widest stands for all.
        of_widths = widths if deployment.lanes != 1 else [max(widths)]
        # Where a deployment's settings are the same in a profile, its one profile stands for it.
        for profile in [each for each in block.profiles if each in deployment.profiles] or deployment.profiles[:1]:
            setup = Setup(
                orchestrator.name,
                block.tier,
                profile,
                deployment.name,
                deployment.isolation,
                deployment.database,
                default=number == 0,
            )
            setups = [setup] * (block.reference_starts if setup.is_reference else 1)
            if (
                orchestrator.name in block.control
                and setup.default
                and profile in {block.profiles[0], deployment.profiles[0]}
            ):
                setups += [msgspec.structs.replace(each, control=True) for each in setups]
            yield from (Turn(each, deployment, width) for each in setups for width in of_widths)


def _fits(deployment: Deployment, block: Block) -> bool:
    return deployment.name not in block.skip and block.scenario in (deployment.scenarios or (block.scenario,))


class _Cases:
    """The block's cases by the number of lanes; the reference runs those of every number that another setup needs."""

    def __init__(self, block: Block, width: int, cpu_rounds_per_s: float, own: Workload | None) -> None:
        scenario = SCENARIOS[block.scenario]
        options = scenario.parse(block.options)
        self._by_lanes = {
            lanes: [Case(own)] if own else list(scenario.cases(options, Place(width, lanes, cpu_rounds_per_s)))
            for lanes in {1, width}
        }

    def of(self, turn: Turn) -> list[Case]:
        chosen = list(self._by_lanes[turn.lanes])
        if turn.setup.is_plain:
            names = {case.name for case in chosen}
            chosen += [case for cases in self._by_lanes.values() for case in cases if case.name not in names]
        return chosen


def _start(
    number: int,
    turn: Turn,
    block: Block,
    round_number: int,
    runs: Sequence[tuple[Case, int]],
    order: random.Random,
    data: str,
) -> Start:
    prefix, scenario, setup = f"{number:03d}", SCENARIOS[block.scenario], turn.setup
    # Where a run is a process of its own, it warms nothing up but itself.
    of_scenario = scenario.warmups if setup.tier == "library" else ()

    def trial(name: str, case: Case, repeat: int) -> Trial:
        made = Trial(name, block.scenario, case, repeat, pause_s=order.uniform(0, turn.polls_every_s))
        if scenario.parameters is None or not isinstance(case.work, Pipeline):
            return made
        # The same customers for all setups in a round and repetition, and others in the next: no cache knows them.
        seed = round_number * 1000 + repeat
        sequence = f"{setup.orchestrator}_{prefix}_{repeat}"
        return replace(made, parameters=scenario.parameters(case.work, Draw(sequence, seed, data)))

    return Start(
        id=f"{prefix}-{setup.label}",
        setup=setup,
        round=round_number,
        limit_s=block.limit_s,
        width=turn.width,
        polls_every_s=turn.polls_every_s,
        warmups=tuple(trial(case.name, case, 0) for case in (*warmups(setup.tier), *of_scenario)),
        trials=tuple(
            trial(f"{prefix}.{place:03d}-{setup.orchestrator}-{case.name}", case, repeat)
            for place, (case, repeat) in enumerate(runs, 1)
        ),
    )
