"""The scenarios: every module or package of this folder has a `SCENARIO`, with all that it asks and shows.

No list names them. A file in this folder is a scenario; see docs/scenarios/README.md.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Final

from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import Case, Work
from bench.scenarios.kit.check import Seen
from bench.scenarios.kit.common_metrics import COMMON, Metric
from bench.scenarios.kit.scenario import Scenario

__all__ = ["METRICS", "SCENARIOS", "Capacity", "Case", "Scenario", "Seen", "Work"]

KIT: Final = "kit"
"""The one package of this folder that is no scenario: it has the parts that scenarios are made of."""


def _discovered() -> Mapping[str, Scenario]:
    """Import every module of this folder, and return the scenarios in the order in which readers see them."""
    scenarios: list[Scenario] = []
    for module in pkgutil.iter_modules(__path__):
        if module.name == KIT:
            continue
        file = import_module(f"{__name__}.{module.name}")
        scenario = getattr(file, "SCENARIO", None)
        if not isinstance(scenario, Scenario):
            raise TypeError(f"{file.__file__} is no scenario: it has no SCENARIO = Scenario(...)")
        if scenario.name != module.name:
            raise ValueError(
                f"{file.__file__}: the scenario is called {scenario.name!r}, and has to be called as the file is"
            )
        scenarios.append(scenario)
    return {scenario.name: scenario for scenario in sorted(scenarios, key=lambda one: (one.order, one.name))}


def _named(declared: Mapping[str, Iterable[Metric]]) -> Mapping[str, Metric]:
    """Return the metrics by name, of all who declare some; a name may be declared once."""
    owners: dict[str, str] = {}
    for owner, metrics in declared.items():
        for metric in metrics:
            if metric.name in owners:
                raise ValueError(f"{owners[metric.name]} and {owner} both have a metric {metric.name}; rename one of them")
            owners[metric.name] = owner
    return {metric.name: metric for metrics in declared.values() for metric in metrics}


SCENARIOS: Final = _discovered()

METRICS: Final = _named({KIT: COMMON} | {scenario.name: scenario.own_metrics for scenario in SCENARIOS.values()})
"""The metrics that several scenarios have, and those that only one has."""
