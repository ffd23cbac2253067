"""The table of a scenario at one tier: the columns that the estimates fill, with a line for each setup."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from bench.plan.setup import Setup
from bench.scenarios import SCENARIOS
from bench.scenarios.kit.case import WIDTH
from bench.scenarios.kit.common_metrics import COLD_RUN
from bench.scenarios.kit.table import Column, Which
from bench.store.rows import Estimate

OF_ANY_WORKLOAD: Final = ("first_to_last_s", "submit_to_first_s", "transition_ms", "finish_lag_s")
"""The metrics of a table that has no case of the scenario, but a workload of the reader."""


@dataclass(frozen=True)
class Table:
    """The estimates of one scenario at one tier, by setup and column."""

    columns: Sequence[Column]
    rows: Sequence[Estimate]

    @classmethod
    def of(cls, scenario: str, rows: Sequence[Estimate]) -> Table:
        """Return the table of a scenario with these estimates."""
        return cls(columns_of(scenario, rows), rows)

    @cached_property
    def lead(self) -> Column:
        """The column that stands for the table: the first one that has a number, since no tool may have the first of all."""
        known = [row for row in self.rows if row.median is not None]
        return next((column for column in self.columns if any(matches(row, column) for row in known)), self.columns[0])

    @cached_property
    def setups(self) -> list[Setup]:
        """The setups, in the order of the lines of the table."""
        return list(self._by_setup)

    def cell(self, setup: Setup, column: Column) -> Estimate | None:
        """Return the estimate of a cell."""
        return next((row for row in self._of(setup) if matches(row, column)), None)

    def stand_in(self, setup: Setup, column: Column) -> Estimate | None:
        """Return the estimate of a setup with one lane instead: it ran at one width, which stands for all."""
        asked = next((row.axes for row in self.rows if row.workload == column.workload), {})
        if WIDTH not in asked:
            return None
        rows = [row for row in self._of(setup) if row.metric == column.metric and WIDTH in row.axes]
        alike = [row for row in rows if {**row.axes, WIDTH: asked[WIDTH]} == asked]
        return alike[0] if len(alike) == 1 and alike[0].workload != column.workload else None

    def _of(self, setup: Setup) -> Sequence[Estimate]:
        return self._by_setup.get(setup, ())

    @cached_property
    def _by_setup(self) -> Mapping[Setup, list[Estimate]]:
        found: dict[Setup, list[Estimate]] = defaultdict(list)
        for row in self.rows:
            found[row.setup].append(row)
        return found


def columns_of(scenario: str, rows: Sequence[Estimate]) -> list[Column]:
    """Return the columns of a scenario that the estimates fill."""
    filled = [column for column in SCENARIOS[scenario].columns if any(matches(row, column) for row in rows)]
    if any(column.workload and column.metric != COLD_RUN for column in filled):
        return [settled for column in filled for settled in _settled(column, rows)]
    own = next((row.workload for row in rows if row.metric == "makespan_s"), "")
    return [Column(metric, metric, own) for metric in OF_ANY_WORKLOAD]


def matches(row: Estimate, column: Column) -> bool:
    """Whether an estimate belongs in the column."""
    return row.metric == column.metric and column.workload in {None, row.workload}


def _settled(column: Column, rows: Sequence[Estimate]) -> list[Column]:
    """Choose the workloads where a column leaves them open: a column shows one workload."""
    if isinstance(column.of, str):
        return [column]
    workloads = Counter(sorted(row.workload for row in rows if row.metric == column.metric))
    chosen = list(workloads) if column.of is Which.EACH else [workloads.most_common(1)[0][0]]
    return [replace(column, of=workload) for workload in chosen]
