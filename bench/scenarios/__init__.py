"""The scenarios: each is a module or a package of this folder that has `SCENARIO`, with all that is asked and shown of it.

Nothing lists them. A file that is put here is a scenario; see docs/scenarios/README.md.
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
"""The one package of this folder that is no scenario: what scenarios are made of."""


def _discovered() -> Mapping[str, Scenario]:
    """Import every module of this folder, and return their scenarios in the order in which readers see them."""
    found: list[Scenario] = []
    for module in pkgutil.iter_modules(__path__):
        if module.name == KIT:
            continue
        file = import_module(f"{__name__}.{module.name}")
        scenario = getattr(file, "SCENARIO", None)
        if not isinstance(scenario, Scenario):
            raise TypeError(f"{file.__file__} is no scenario: it has no SCENARIO = Scenario(...)")
        if scenario.name != module.name:
            raise ValueError(
                f"{file.__file__}: its scenario is called {scenario.name!r}, and has to be called as the file is"
            )
        found.append(scenario)
    return {each.name: each for each in sorted(found, key=lambda each: (each.order, each.name))}


def _named(metrics: Iterable[Metric]) -> Mapping[str, Metric]:
    """Return the metrics by name, each of which may be declared once."""
    found: dict[str, Metric] = {}
    for each in metrics:
        if each.name in found:
            raise ValueError(f"two metrics are called {each.name}: {found[each.name].about!r} and {each.about!r}")
        found[each.name] = each
    return found


SCENARIOS: Final = _discovered()

METRICS: Final = _named((*COMMON, *(metric for each in SCENARIOS.values() for metric in each.own_metrics)))
"""What several scenarios measure, and what each of them measures alone."""
