"""What a claim can name: the tools and the suites of this checkout, and what the run at hand has beside them."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import Final

from bench.derive.checks import ENDS
from bench.events.verification import CHECKS
from bench.plan import suite
from bench.plan.setup import ANY, Setup, setups_of
from bench.plan.tools import discover
from bench.plan.warmups import NAMES
from bench.scenarios import SCENARIOS
from bench.scenarios.kit.common_metrics import COLD_RUN, COMMON
from bench.store.rows import Results

OF_EVERY_RUN: Final = (ENDS, *CHECKS)
"""The checks that every scenario has: whether the runs did what they were asked for at all."""


class Known:
    """The names that there are; another name in a ledger is a mistake."""

    def __init__(self, results: Results) -> None:
        """Look at the checkout, and at the results of a run, whose tools and workloads may be a reader's own."""
        self._tools = discover()
        self._results = results

    @cached_property
    def setups(self) -> AbstractSet[Setup]:
        """The setups of all tools."""
        here = {setup for tool in self._tools.values() for setup in setups_of(tool)}
        measured = {row.setup for row in self._results.estimates} | {row.setup for row in self._results.checks}
        return here | {setup for setup in measured if setup.tier != ANY}

    @cached_property
    def tools(self) -> Mapping[str, str]:
        """The folders of the tools, by all that a ledger may call them: the folder, or the tool's names for readers."""
        folders = {setup.orchestrator: setup.orchestrator for setup in self.setups}
        readers = {
            name: tool.name for tool in self._tools.values() for name in (tool.about.called, tool.about.title) if name
        }
        return readers | folders

    def name(self, folder: str) -> str:
        """Return what readers call a tool."""
        return next((name for name, its in self.tools.items() if its == folder), folder)

    def checks(self, scenario: str) -> AbstractSet[str]:
        """Return the checks that a scenario has."""
        rows = {row.check for row in self._results.checks if row.scenario == scenario}
        return {*SCENARIOS[scenario].checks, *OF_EVERY_RUN} | rows

    def metrics(self, scenario: str) -> AbstractSet[str]:
        """Return the metrics that a scenario has: its own, and those of the common ones that its cases yield."""
        chosen = SCENARIOS[scenario]
        of_cases = {metric for case in suite.cases(scenario) for metric in chosen.metrics(case)}
        of_any = {COLD_RUN, *(metric.name for metric in COMMON if metric.crosscheck)}
        rows = {row.metric for row in self._results.estimates if row.scenario == scenario}
        return {metric.name for metric in chosen.own_metrics} | of_cases | of_any | rows

    def workloads(self, scenario: str) -> AbstractSet[str]:
        """Return the workloads that a suite has or the run had, and the families that they make up."""
        chosen = SCENARIOS[scenario]
        families = [each for each in (chosen.line, chosen.sweep, *(curve.family for curve in chosen.curves)) if each]
        names = {*NAMES, *(case.name for case in chosen.warmups)}
        for case in suite.cases(scenario):
            names |= {case.name, *(name for family in families if (name := family.of(case.axes)))}
        shown = {column.workload for column in chosen.columns if column.workload}
        rows = {row.workload for row in self._results.estimates if row.scenario == scenario}
        return names | shown | rows
