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
from bench.scenarios.kit.metrics import COMMON, Metric
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


def _named(metrics: Iterable[Metric]) -> Mapping[str, Metric]:
    """Return the metrics by name; a name may be declared once."""
    named: dict[str, Metric] = {}
    for metric in metrics:
        if metric.name in named:
            raise ValueError(f"two metrics are called {metric.name}: {named[metric.name].about!r} and {metric.about!r}")
        named[metric.name] = metric
    return named


SCENARIOS: Final = _discovered()

METRICS: Final = _named((*COMMON, *(metric for scenario in SCENARIOS.values() for metric in scenario.own_metrics)))
"""The metrics that several scenarios have, and those that only one has."""
