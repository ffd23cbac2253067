"""Re-runs of one commit: how far the same numbers lie apart, and how many of them an interval tells apart.

The interval of a number knows what differs between the engine starts of one run. Between two runs of the same code more
differs: the machine an hour later, its neighbours, what is cached where. Nothing below that is a difference between tools.
"""

from __future__ import annotations

import json
import math
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, Final

from bench.base.problem import Problem
from bench.base.stats.quantity import MIN_STARTS, student
from bench.compare.comparable import differences, is_calibrated
from bench.derive.figures import Figure, figures_of
from bench.derive.measured import measured_parts
from bench.scenarios.kit.common_metrics import COUNTS
from bench.store.folder import RunFolder

MIN_RUNS: Final = 3

Numbers = Mapping[tuple[str, str, str, str], Figure]


@dataclass(frozen=True)
class Floor:
    """How far the numbers of a tool at a tier lie apart in re-runs."""

    orchestrator: str
    tier: str
    numbers: int
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
class Spread:
    """What several runs of one commit say of each other."""

    runs: Sequence[str]
    commit: str
    floors: Sequence[Floor]
    numbers: Sequence[Repeated]
    compared: int
    """How often a number was compared with the same in another run."""
    told_apart: int
    """How often the interval of the ratio did not hold 1."""

    def document(self) -> dict[str, Any]:
        """Return all of it for a program to read."""
        return asdict(self)


def spread(folders: Sequence[RunFolder]) -> Spread:
    """Say how far the runs lie apart, or raise where they are not re-runs of each other."""
    if len(folders) < MIN_RUNS:
        raise Problem(f"re-runs of one commit show what differs between runs: give {MIN_RUNS} or more, not {len(folders)}")
    records = [folder.run() for folder in folders]
    if merged := [record.id for record in records if record.parts]:
        raise Problem(f"{merged[0]} is merged of several parts; give the parts")
    for folder, record in zip(folders[1:], records[1:], strict=True):
        if unlike := differences(records[0], record):
            raise Problem(f"{folder.path} is no re-run of {folders[0].path}: {unlike[0].said}")
        if (record.git.id, record.git.dirty) != (records[0].git.id, records[0].git.dirty) or record.git.dirty:
            raise Problem(f"{folder.path} is no re-run of {folders[0].path}: both have to be of one commit, without changes")
    runs = [_numbers(folder) for folder in folders]
    common = [key for key in runs[0] if all(key in run for run in runs[1:])]
    if not common:
        raise Problem(f"the runs have no number of {MIN_STARTS} engine starts or more in common")
    pairs = [(one[key], other[key]) for one, other in combinations(runs, 2) for key in common]
    told_apart = sum(_is_told_apart(one, other) for one, other in pairs)
    commit, numbers = records[0].git.id or "", [_repeated(runs, key) for key in common]
    return Spread([each.id for each in records], commit, _floors(runs, common), numbers, len(pairs), told_apart)


def _numbers(folder: RunFolder) -> Numbers:
    """Return the numbers of a run that have an interval, and a ratio; each run has draws of its own.

    As in every comparison of two runs, those of calibrated work are left out: each run has another amount of it.
    """
    [run] = measured_parts(folder, folder.run())
    calibrated = {name for name in run.record.cases if is_calibrated(name, run.record)}
    return {
        figure.key: figure
        for figure in figures_of(run.groups, f"{folder.path} ")
        if figure.quantity.is_above_zero and figure.quantity.starts >= MIN_STARTS and not figure.setup.control
        if figure.metric.unit not in COUNTS and figure.metric.is_divided and figure.workload not in calibrated
    }


def _repeated(runs: Sequence[Numbers], key: tuple[str, str, str, str]) -> Repeated:
    its = runs[0][key]
    values = [run[key].quantity.point or 0.0 for run in runs]
    return Repeated(its.setup.path, its.scenario, its.workload, its.metric.name, values)


def _is_told_apart(one: Figure, other: Figure) -> bool:
    low, high = other.quantity.over(one.quantity).interval()
    return low is not None and high is not None and not low <= 1 <= high


def _floors(runs: Sequence[Numbers], common: Sequence[tuple[str, str, str, str]]) -> list[Floor]:
    """Return a floor for each tool and tier, of all numbers together: those of a run go up and down with one another."""
    variances: dict[tuple[str, str], list[float]] = defaultdict(list)
    for key in common:
        setup = runs[0][key].setup
        logs = [math.log(run[key].quantity.point or 1.0) for run in runs]
        variances[setup.orchestrator, setup.tier].append(statistics.variance(logs))
    # The numbers of a run share the run's fate, so that there are no more independent ones than runs.
    reach = student(0.95, len(runs) - 1) * math.sqrt(2)
    return [
        Floor(tool, tier, len(own), math.exp(reach * math.sqrt(statistics.mean(own))) - 1)
        for (tool, tier), own in sorted(variances.items())
    ]


def toml(found: Spread) -> str:
    """Return the floors as the file that derivation reads."""
    lines = [
        f"# How far a number may lie from itself in a re-run, by {len(found.runs)} runs of commit {found.commit[:9]}.",
        f"# Made by `orchbench spread` of {json.dumps(list(found.runs))}.",
        "",
    ]
    for each in found.floors:
        lines += [
            "[[floors]]",
            f"orchestrator = {json.dumps(each.orchestrator)}",
            f"tier = {json.dumps(each.tier)}",
            f"numbers = {each.numbers}",
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
