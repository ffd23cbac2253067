"""Many runs -> how the numbers of each scenario went, and between which runs there is no comparison.

A line from one run to the next says that the two can be compared. So the line is broken where they were measured in another
way: on another machine, by another schema, or with another version of the scenario. A new version of a tool breaks no line,
because a trend is there to show the effect; the version is named beside the numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import Any, TypeVar

import msgspec

from bench.base.problem import Problem
from bench.compare.comparable import Difference, differences
from bench.derive.draws import Draws
from bench.derive.reading import reading
from bench.derive.table import columns_of, matches
from bench.plan.setup import Part, Setup
from bench.scenarios import SCENARIOS
from bench.scenarios.kit.table import Column
from bench.store.folder import RunFolder
from bench.store.records import RunRecord
from bench.store.rows import Estimate, Range, Results, within

Row = TypeVar("Row", Estimate, Range)

NOT_COMPARABLE = "≠"
"""Stands before a value that cannot be compared with the one before it."""


@dataclass(frozen=True)
class Run:
    """One of the runs, numbered in the order of their beginning."""

    number: int
    record: RunRecord
    estimates: Sequence[Estimate]
    draws: Draws
    derived_by: Mapping[str, int]
    """The versions of the scenarios that derived the numbers; older versions may have measured them."""

    @property
    def began(self) -> str:
        """When the run began."""
        return _began(self.record)


@dataclass(frozen=True)
class Gap:
    """Two runs with no line between them: what differs."""

    before: int
    after: int
    differences: Sequence[Difference]


@dataclass(frozen=True)
class Series:
    """A number of one setup, run by run."""

    setup: Setup
    rows: Mapping[int, Estimate]
    """By the run's number; a run that did not measure it has none."""
    gaps: Sequence[Gap]
    """Where two values cannot be compared with each other."""
    draws: frozenset[int]
    """The runs in which it holds a wait for a poll, so that chance decides how large it is."""

    @property
    def measured(self) -> Mapping[int, Estimate]:
        """The runs that have a value."""
        return {number: row for number, row in self.rows.items() if row.median is not None}

    @property
    def breaks(self) -> list[int]:
        """The runs that no line leads to."""
        return [gap.after for gap in self.gaps]

    def said(self, run: int) -> str:
        """Return the value in a run in words: in parentheses if it is a draw, and marked if not comparable with the last."""
        if run not in self.rows:
            return "-"
        value = reading(self.rows[run]).text
        value = f"({value})" if run in self.draws else value
        return f"{NOT_COMPARABLE} {value}" if run in self.breaks else value


@dataclass(frozen=True)
class Number:
    """A number that stands for a scenario, of every setup."""

    column: Column
    unit: str
    series: Sequence[Series]


@dataclass(frozen=True)
class ScenarioTrend:
    """The numbers of one scenario at one tier, run by run."""

    name: str
    tier: str
    numbers: Sequence[Number]

    @property
    def gaps(self) -> list[Gap]:
        """Where any line is broken, and why."""
        gaps = {(gap.before, gap.after): gap for number in self.numbers for series in number.series for gap in series.gaps}
        return [gaps[pair] for pair in sorted(gaps)]

    @property
    def has_draws(self) -> bool:
        """Whether a poll draws any of them."""
        return any(series.draws for number in self.numbers for series in number.series)


@dataclass(frozen=True)
class Trend:
    """The runs, and how their numbers went."""

    runs: Sequence[Run]

    @cached_property
    def scenarios(self) -> Sequence[ScenarioTrend]:
        """Every scenario at every tier that any run has measured."""
        measured = {(row.scenario, row.setup.tier): None for run in self.runs for row in run.estimates}
        return [self._scenario(name, tier) for name in SCENARIOS for scenario, tier in measured if scenario == name]

    def since(self, number: int) -> Sequence[Difference]:
        """Return what differs from the run before."""
        return self._between(number - 1, number) if number > 1 else ()

    @cached_property
    def _between(self) -> Callable[[int, int], Sequence[Difference]]:
        """What differs between two runs, looked up once for all their numbers."""
        return cache(lambda before, after: _differences(self.runs[before - 1], self.runs[after - 1]))

    def document(self) -> dict[str, Any]:
        """Return all of it for a program to read."""
        return {
            "runs": [
                {"number": run.number, "id": run.record.id, "began": run.began, "finished": run.record.finished}
                | {
                    "schema": run.record.schema,
                    "suite": run.record.suite["name"],
                    "host": msgspec.to_builtins(run.record.host),
                }
                | {
                    "versions": run.record.versions,
                    "git": msgspec.to_builtins(run.record.git),
                    "since": [asdict(each) for each in self.since(run.number)],
                }
                for run in self.runs
            ],
            "numbers": [
                {"scenario": scenario.name, "tier": scenario.tier, "metric": number.column.metric}
                | {"workload": number.column.workload, "heading": number.column.heading}
                | {"unit": number.unit, "subject": series.setup.name, "breaks": series.breaks}
                | {"points": [_point(series, run) for run in series.rows]}
                for scenario in self.scenarios
                for number in scenario.numbers
                for series in number.series
            ],
        }

    def _scenario(self, scenario: str, tier: str) -> ScenarioTrend:
        rows = {
            run.number: [row for row in run.estimates if (row.scenario, row.setup.tier) == (scenario, tier)]
            for run in self.runs
        }
        every = [row for of_run in rows.values() for row in of_run]
        workloads = {row.workload for row in every}
        numbers: list[Number] = []
        for column in columns_of(scenario, every):
            by_setup: dict[str, dict[int, Estimate]] = defaultdict(dict)
            for number, of_run in rows.items():
                for row in of_run:
                    if matches(row, column):
                        by_setup[row.setup.name][number] = row
            series = [self._series(by_setup[name], workloads) for name in sorted(by_setup)]
            if series:
                unit = next(iter(series[0].rows.values())).unit
                numbers.append(Number(column, unit, series))
        return ScenarioTrend(scenario, tier, numbers)

    def _series(self, rows: Mapping[int, Estimate], workloads: set[str]) -> Series:
        first = next(iter(rows.values()))
        measured = [number for number, row in rows.items() if row.median is not None]
        gaps = [
            Gap(before, after, apart)
            for before, after in pairwise(measured)
            if (apart := self._apart(before, after, first, workloads))
        ]
        draws = frozenset(number for number, row in rows.items() if self.runs[number - 1].draws.has(row))
        return Series(first.setup, rows, gaps, draws)

    def _apart(self, before: int, after: int, row: Estimate, workloads: set[str]) -> list[Difference]:
        """Return how the scenario of a row was measured in another way in the second run, if it was."""
        found = [each for each in self._between(before, after) if each.tier in {"", row.setup.tier}]
        return [each for each in found if _is_measuring(each, row.scenario, workloads)]


POINT = ("median", "low", "high", "n", "missing_because")
"""The fields of an estimate that a program gets."""


def _point(series: Series, run: int) -> dict[str, Any]:
    return {"run": run, "draw": run in series.draws} | {key: getattr(series.rows[run], key) for key in POINT}


def _differences(before: Run, after: Run) -> list[Difference]:
    """Return why the numbers of two runs cannot be compared as they are."""
    return [
        *differences(before.record, after.record),
        *(
            Difference("scenario", name, f"the numbers of {name} are derived by version {then} and {now}")
            for name in sorted(before.derived_by.keys() & after.derived_by.keys())
            if (then := before.derived_by[name]) != (now := after.derived_by[name])
        ),
    ]


def _is_measuring(difference: Difference, scenario: str, workloads: set[str]) -> bool:
    """Whether a difference is one in how the scenario was measured, not in what."""
    of, name = difference.of, difference.name
    return of == "run" or (of == "scenario" and name == scenario) or (of == "workload" and name in workloads)


def trend(folders: Sequence[RunFolder]) -> Trend:
    """Read the runs, and put them in the order in which they began."""
    if len(folders) < 2:
        raise Problem(f"a trend takes at least two runs with results, and there {'is one' if folders else 'is none'}")
    read = [(folder.run(), folder.results()) for folder in folders]
    parts = [(name, part, results) for run, results in read for name, part in run.by_part.items()]
    parts.sort(key=lambda each: (_began(each[1]), each[1].id))
    return Trend([_run(number, *each) for number, each in enumerate(parts, 1)])


def _run(number: int, part: Part, record: RunRecord, results: Results) -> Run:
    """Return a part of a run, which is a run like others here."""
    draws = Draws.of(_own(part, results.ranges))
    return Run(number, record, _own(part, results.estimates), draws, results.scenarios or record.scenarios)


def _own(part: Part, rows: Sequence[Row]) -> list[Row]:
    return [within(row, msgspec.UNSET) for row in rows if row.setup.part == part]


def _began(record: RunRecord) -> str:
    return record.segments[0].began if record.segments else ""
