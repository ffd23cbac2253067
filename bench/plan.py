"""Suite and seed -> plan: which engine is started when, and which runs it is asked for, in which order.

Rounds interleave the subjects, in an order drawn anew for each round, so that a drift of the machine hits all alike. In a
round every subject gets one engine start with an empty home; its runs follow in a drawn order of their own.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bench.orchestrators import REFERENCE, Orchestrator, Subject
from bench.problem import Problem
from bench.scenarios import SCENARIOS, Case
from bench.suite import Block, Suite
from contract.workload import Workload


@dataclass(frozen=True)
class Trial:
    """A run that is to be made."""

    id: str
    scenario: str
    case: Case
    repeat: int


@dataclass(frozen=True)
class Start:
    """An engine start, and the runs to be made in it."""

    id: str
    subject: Subject
    round: int
    limit_s: float
    trials: tuple[Trial, ...]

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """Each workload of its runs, once."""
        return tuple({trial.case.workload.name: trial.case.workload for trial in self.trials}.values())


@dataclass(frozen=True)
class Plan:
    """All that is to be done, in order."""

    width: int
    starts: tuple[Start, ...]

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Every run that is to be made."""
        return tuple(trial for start in self.starts for trial in start.trials)


def make(
    suite: Suite, orchestrators: Sequence[Orchestrator], seed: int, cpu_rounds_per_s: float, own: Workload | None = None
) -> Plan:
    """Return the same plan for the same arguments; `own` takes the place of the scenarios' workloads."""
    order = random.Random(seed)  # noqa: S311 - a reproducible order, not a secret
    starts: list[Start] = []
    for block in suite.blocks:
        cases = _Cases(block, suite.width, cpu_rounds_per_s, own)
        for round_number in range(1, block.rounds + 1):
            subjects = [each for orchestrator in orchestrators for each in _subjects(orchestrator, block)]
            order.shuffle(subjects)
            for subject in subjects:
                starts.append(_start(len(starts) + 1, subject, block, round_number, cases, order))
    if not starts:
        raise Problem(
            "nothing is left to run: no orchestrator of the choice has a deployment at the chosen tiers and profiles"
        )
    return Plan(suite.width, tuple(starts))


def _subjects(orchestrator: Orchestrator, block: Block) -> Iterable[Subject]:
    fitting = [each for each in orchestrator.deployments if each.tier == block.tier and each.name not in block.skip]
    for number, deployment in enumerate(fitting):
        for profile in block.profiles:
            if profile in deployment.profiles:
                is_default = number == 0
                subject = Subject(
                    orchestrator.name,
                    block.tier,
                    deployment.name,
                    profile,
                    deployment.isolation,
                    deployment.lanes,
                    is_default,
                )
                yield subject
                if orchestrator.name in block.control and is_default and profile == block.profiles[0]:
                    yield replace(subject, control=True)


class _Cases:
    """The block's cases by the number of lanes; the reference runs those of every number that another subject needs."""

    def __init__(self, block: Block, width: int, cpu_rounds_per_s: float, own: Workload | None) -> None:
        scenario = SCENARIOS[block.scenario]
        options = scenario.parse(block.options)
        self._width = width
        self._by_lanes = {
            lanes: [Case(own)] if own else list(scenario.cases(options, lanes, cpu_rounds_per_s)) for lanes in {1, width}
        }

    def of(self, subject: Subject) -> list[Case]:
        lanes = min(subject.lanes or self._width, self._width)
        chosen = list(self._by_lanes[lanes])
        if subject.orchestrator == REFERENCE:
            names = {case.workload.name for case in chosen}
            chosen += [case for cases in self._by_lanes.values() for case in cases if case.workload.name not in names]
        return chosen


def _start(number: int, subject: Subject, block: Block, round_number: int, cases: _Cases, order: random.Random) -> Start:
    name = f"{number:03d}-{subject.label}"
    its = [(case, repeat) for case in cases.of(subject) for repeat in range(1, block.repeat + 1)]
    order.shuffle(its)
    trials = tuple(
        Trial(f"{number:03d}.{place:03d}-{subject.orchestrator}-{case.workload.name}", block.scenario, case, repeat)
        for place, (case, repeat) in enumerate(its, 1)
    )
    return Start(name, subject, round_number, block.limit_s, trials)
