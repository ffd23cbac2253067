"""Re-runs of one commit: how far the same numbers lie apart, and how many of them would be told apart.

The interval of a number knows what differs between the engine starts of one run. Between two runs of the same code more
differs: the machine an hour later, its neighbours, what is cached where. Nothing below that is a difference between tools.

Each metric of a tool has a floor of its own: a lag that a poll ends scatters by other factors than the cost of a task.
"""

from __future__ import annotations

import json
import math
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations, permutations
from typing import Any, Final

import msgspec

from bench.base.origin import Host
from bench.base.problem import Problem
from bench.base.stats.quantity import MIN_STARTS, student
from bench.compare.changes import is_compared
from bench.compare.comparable import differences, is_calibrated
from bench.derive.figures import Figure, figures_of
from bench.derive.measured import measured_parts
from bench.scenarios.kit.common_metrics import COUNTS
from bench.store.folder import RunFolder
from bench.store.records import RunRecord

MIN_RUNS: Final = 3

Key = tuple[str, str, str, str]
Numbers = Mapping[Key, Figure]
Kind = tuple[str, str, str]
"""A tool, a tier and a metric."""


@dataclass(frozen=True)
class Floor:
    """How far a metric of a tool at a tier lies apart in re-runs."""

    orchestrator: str
    tier: str
    metric: str
    numbers: int
    """How many workloads have it."""
    floor: float
    """By how much the ratio of a number to the same in a re-run may lie beyond 1, in 19 of 20 cases."""


@dataclass(frozen=True)
class Repeated:
    """A number, as each of the runs has it."""

    setup: str
    scenario: str
    workload: str
    metric: str
    values: Sequence[float]


@dataclass(frozen=True)
class Told:
    """How many comparisons of a number with the same in another run tell the two apart, though nothing has changed."""

    compared: int
    by_interval: int
    """The interval of the ratio does not hold 1."""
    beyond: int
    """The ratio lies beyond the floor of all the runs, to which the two belong."""
    compared_held_out: int
    beyond_held_out: int
    """The ratio of a run to each of the others lies beyond the floor of those others, which do not know the run."""


@dataclass(frozen=True)
class Spread:
    """What several runs of one commit say of each other."""

    runs: Sequence[str]
    commit: str
    began: Sequence[str]
    """When each of the runs began."""
    host: Host
    """The machine, which all of them share."""
    floors: Sequence[Floor]
    numbers: Sequence[Repeated]
    told: Told

    def document(self) -> dict[str, Any]:
        """Return all of it for a program to read."""
        return asdict(self) | {"host": msgspec.to_builtins(self.host)}


def spread(folders: Sequence[RunFolder]) -> Spread:
    """Say how far the runs lie apart, or raise where they are not re-runs of each other."""
    if len(folders) < MIN_RUNS:
        raise Problem(f"re-runs of one commit show what differs between runs: give {MIN_RUNS} or more, not {len(folders)}")
    records = [folder.run() for folder in folders]
    _check(folders, records)
    runs = [_numbers(folder) for folder in folders]
    common = [key for key in runs[0] if all(key in run for run in runs[1:])]
    if not common:
        raise Problem(f"the runs have no number of {MIN_STARTS} engine starts or more in common")
    began = [record.segments[0].began for record in records if record.segments]
    return Spread(
        [each.id for each in records],
        records[0].git.id or "",
        began,
        records[0].host,
        _floors(runs, common),
        [_repeated(runs, key) for key in common],
        _told(runs, common),
    )


def _check(folders: Sequence[RunFolder], records: Sequence[RunRecord]) -> None:
    """Raise where the runs are no re-runs of the first."""
    if merged := [record.id for record in records if record.parts]:
        raise Problem(f"{merged[0]} is merged of several parts; give the parts")
    for folder, record in zip(folders[1:], records[1:], strict=True):
        if unlike := differences(records[0], record):
            raise Problem(f"{folder.path} is no re-run of {folders[0].path}: {unlike[0].said}")
        if (record.git.id, record.git.dirty) != (records[0].git.id, records[0].git.dirty) or record.git.dirty:
            raise Problem(f"{folder.path} is no re-run of {folders[0].path}: both have to be of one commit, without changes")


def _numbers(folder: RunFolder) -> Numbers:
    """Return the numbers of a run that have an interval, and that two runs are compared by; each run has draws of its own.

    As in every comparison of two runs, those of calibrated work are left out: each run has another amount of it.
    """
    [run] = measured_parts(folder, folder.run())
    calibrated = {name for name in run.record.cases if is_calibrated(name, run.record)}
    return {
        figure.key: figure
        for figure in figures_of(run.groups, f"{folder.path} ")
        if figure.quantity.is_above_zero and figure.quantity.starts >= MIN_STARTS and not figure.setup.control
        if is_compared(figure) and figure.metric.unit not in COUNTS and figure.workload not in calibrated
    }


def _repeated(runs: Sequence[Numbers], key: Key) -> Repeated:
    its = runs[0][key]
    values = [run[key].quantity.point or 0.0 for run in runs]
    return Repeated(its.setup.path, its.scenario, its.workload, its.metric.name, values)


def _kind(figure: Figure) -> Kind:
    return figure.setup.orchestrator, figure.setup.tier, figure.metric.name


def _log(run: Numbers, key: Key) -> float:
    return math.log(run[key].quantity.point or 1.0)


def _variances(runs: Sequence[Numbers], common: Sequence[Key]) -> dict[Kind, list[float]]:
    """Return how far each number lies apart in the runs, on the log scale."""
    variances: dict[Kind, list[float]] = defaultdict(list)
    for key in common:
        variances[_kind(runs[0][key])].append(statistics.variance([_log(run, key) for run in runs]))
    return variances


def _reach(variances: Sequence[float], runs: int) -> float:
    """Return how far two runs may lie apart, on the log scale: of all workloads together.

    The numbers of a run share the run's fate, so that there are no more independent ones than runs.
    """
    return student(0.95, runs - 1) * math.sqrt(2 * statistics.mean(variances))


def _floors(runs: Sequence[Numbers], common: Sequence[Key]) -> list[Floor]:
    return [
        Floor(*kind, len(own), math.exp(_reach(own, len(runs))) - 1)
        for kind, own in sorted(_variances(runs, common).items())
    ]


def _told(runs: Sequence[Numbers], common: Sequence[Key]) -> Told:
    pairs = [(one, other, key) for one, other in combinations(runs, 2) for key in common]
    held_out = [(one, other, key) for one, other in permutations(runs, 2) for key in common] if len(runs) > MIN_RUNS else []
    all_runs = _variances(runs, common)
    without = {id(run): _variances([other for other in runs if other is not run], common) for run in runs}

    def is_beyond(one: Numbers, other: Numbers, key: Key, variances: Mapping[Kind, Sequence[float]], of: int) -> bool:
        return abs(_log(one, key) - _log(other, key)) > _reach(variances[_kind(one[key])], of)

    return Told(
        len(pairs),
        sum(_is_told_apart(one[key], other[key]) for one, other, key in pairs),
        sum(is_beyond(*pair, all_runs, len(runs)) for pair in pairs),
        len(held_out),
        sum(is_beyond(*pair, without[id(pair[0])], len(runs) - 1) for pair in held_out),
    )


def _is_told_apart(one: Figure, other: Figure) -> bool:
    low, high = other.quantity.over(one.quantity).interval()
    return low is not None and high is not None and not low <= 1 <= high


def toml(found: Spread) -> str:
    """Return the floors as the file that derivation reads."""
    lines = [
        f"# How far a number may lie from itself in a re-run, by {len(found.runs)} runs of commit {found.commit[:9]}.",
        f"# Made by `orchbench spread` of {json.dumps(list(found.runs))}.",
        "",
        "[measured]",
        f"commit = {json.dumps(found.commit)}",
        f"began = {json.dumps(list(found.began))}",
        *(f"{name} = {json.dumps(getattr(found.host, name))}" for name in ("cpu", "cores", "memory_gb", "system")),
        "",
    ]
    for each in found.floors:
        lines += [
            "[[floors]]",
            *(f"{name} = {json.dumps(getattr(each, name))}" for name in ("orchestrator", "tier", "metric", "numbers")),
            f"floor = {each.floor:.4f}",
            "",
        ]
    lines += ["# The numbers, as each run has them.", ""]
    for number in found.numbers:
        lines += [
            "[[numbers]]",
            *(f"{name} = {json.dumps(getattr(number, name))}" for name in ("setup", "scenario", "workload", "metric")),
            f"values = [{', '.join(f'{value:.5g}' for value in number.values)}]",
            "",
        ]
    return "\n".join(lines)
