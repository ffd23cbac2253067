"""Compares two runs: what got slower or faster beyond noise, or why the two cannot be compared.

Many numbers are compared at once, so that some differ by chance alone. A difference is called one only if the interval of
the ratio, widened for the number of comparisons of that metric (Bonferroni), lies beyond the A/A noise floor of both runs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench import timeline
from bench.estimates import Estimate, estimate_all
from bench.metrics import METRICS
from bench.outcomes import group, outcome
from bench.records import RunRecord
from bench.results import noise_floor
from bench.stats import Quantity
from bench.store import RunFolder
from contract import pipeline

MIN_RUNS = 5
"""Of five independent runs on either side, all of one lie above all of the other by chance in 1 of 252 cases."""

MIN_STARTS = 2
"""One engine start has a bias of its own, which its runs cannot show."""

RESOLUTION_MS = 0.1
"""Differences below this are not called: a task's two events alone cost some 0.02 ms."""

FAMILY_ERROR = 0.05

Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Change:
    """One number in both runs."""

    keys: Mapping[str, str]
    before: float
    after: float
    ratio: float
    low: float | None
    high: float | None
    verdict: str
    """worse, better, lost, same, or too few runs"""

    @property
    def name(self) -> str:
        """Return what was measured, in words."""
        its = self.keys
        subject = f"{its['orchestrator']}/{its['deployment']} ({its['tier']}, {its['profile']})"
        return f"{subject}  {its['workload']}  {its['metric']}"


def differences(before: RunRecord, after: RunRecord) -> list[str]:
    """Return why the two runs cannot be compared."""
    host = ("name", "cpu", "cores", "memory_gb", "python")
    found = _differing("", {"schema": before.schema, "width": before.width}, {"schema": after.schema, "width": after.width})
    found += _differing("host", {key: before.host.get(key) for key in host}, {key: after.host.get(key) for key in host})
    found += _differing("the customers'", {"sha256": before.data.get("sha256")}, {"sha256": after.data.get("sha256")})
    for name in sorted(before.scenarios.keys() & after.scenarios.keys()):
        found += _differing("version of scenario", {name: before.scenarios[name]}, {name: after.scenarios[name]})
    for tool in sorted(before.versions.keys() & after.versions.keys()):
        found += _differing(f"{tool}:", before.versions[tool], after.versions[tool])
    for subject in sorted(before.settings.keys() & after.settings.keys()):
        found += _differing(f"{subject}, setting", _values(before.settings[subject]), _values(after.settings[subject]))
    graphs = sorted(before.workloads.keys() & after.workloads.keys())
    return found + [f"workload {name} is another graph" for name in graphs if _is_another(name, before, after)]


def _is_another(name: str, before: RunRecord, after: RunRecord) -> bool:
    # The sweep's work is calibrated anew for each run; its makespans are not compared, only the crossing is.
    first, second = before.workloads[name], after.workloads[name]
    return '"cpu"' not in first and pipeline.read(first) != pipeline.read(second)


def _values(settings: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in settings}


def _differing(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    names = sorted(before.keys() | after.keys())
    return [
        f"{what} {name} is {before.get(name)} and {after.get(name)}" for name in names if before.get(name) != after.get(name)
    ]


def changes(before: RunFolder, after: RunFolder, fail_over: float) -> list[Change]:
    """Return every number that both runs have, with its verdict; a difference within `fail_over` is called none."""
    first, second = _estimates(before), _estimates(after)
    common = [key for key in first if key in second and _is_judged(key, first[key], second[key])]
    lost = [key for key in first if key in second and _is_lost(first[key], second[key])]
    places = {(dict(key)["scenario"], dict(key)["tier"]) for key in common}
    floors = {place: _floor(before, after, *place) for place in places}
    judged = [key for key in common if _enough(first[key].quantity) and _enough(second[key].quantity)]
    families = Counter(dict(key)["metric"] for key in judged)
    found = [Change(dict(key), first[key].quantity.point or 0.0, math.nan, math.inf, None, None, "lost") for key in lost]
    for key in common:
        keys = dict(key)
        its, other = second[key].quantity, first[key].quantity
        ratio = its.over(other)
        if ratio.point is None:
            continue
        low, high = ratio.interval(1 - FAMILY_ERROR / max(1, families[keys["metric"]]))
        verdict = (
            _verdict(keys["metric"], ratio.point, low, high, fail_over, floors[keys["scenario"], keys["tier"]])
            if key in judged
            else "too few runs"
        )
        if verdict in {"worse", "better"} and _apart_ms(keys["metric"], its, other) < RESOLUTION_MS:
            verdict = "same"
        found.append(Change(keys, other.point or 0.0, its.point or 0.0, ratio.point, low, high, verdict))
    return sorted(found, key=lambda change: -change.ratio)


def _verdict(metric: str, ratio: float, low: float | None, high: float | None, fail_over: float, floor: float) -> str:
    larger, smaller = ("better", "worse") if METRICS[metric].better == "higher" else ("worse", "better")
    if low is not None and ratio > 1 + fail_over and low > 1 + floor:
        return larger
    if high is not None and ratio < 1 / (1 + fail_over) and high < 1 / (1 + floor):
        return smaller
    return "same"


def _apart_ms(metric: str, its: Quantity, other: Quantity) -> float:
    scale = {"s": 1000.0, "ms": 1.0}.get(METRICS[metric].unit, math.inf)  # what is no time has no such limit
    return abs((its.point or 0.0) - (other.point or 0.0)) * scale


def _is_judged(key: Key, first: Estimate, second: Estimate) -> bool:
    return not METRICS[dict(key)["metric"]].crosscheck and None not in (first.quantity.point, second.quantity.point)


def _is_lost(first: Estimate, second: Estimate) -> bool:
    """Whether a number that the first run has, with enough runs to mean something, is missing in the second."""
    return first.quantity.point is not None and _enough(first.quantity) and second.quantity.point is None


def _enough(quantity: Quantity) -> bool:
    return quantity.n >= MIN_RUNS and quantity.starts >= MIN_STARTS


def _estimates(folder: RunFolder) -> dict[Key, Estimate]:
    run = folder.run()
    workloads = {name: pipeline.read(text) for name, text in run.workloads.items()}
    records = folder.trials()
    calibrated = {name for name, text in run.workloads.items() if '"cpu"' in text}
    groups = group(
        outcome(each, workloads, run.width, lambda trial: timeline.read(folder.events(trial))) for each in records
    )
    # The runs' own draws must differ: paired with each other, they would hide what differs between engine starts.
    estimates = estimate_all(groups, salt=f"{folder.path.resolve()} ")
    found: dict[Key, Estimate] = {}
    for its in groups:
        if not its.subject.control:
            for each in estimates[its.label]:
                keys: dict[str, Any] = {
                    "scenario": its.scenario,
                    **its.keys,
                    "workload": each.workload,
                    "metric": each.metric,
                }
                del keys["isolation"]
                if each.workload not in calibrated:
                    found[tuple(keys.items())] = each
    return found


def _floor(before: RunFolder, after: RunFolder, scenario: str, tier: str) -> float:
    return max(noise_floor(each.results()["controls"], scenario, tier) or 0.0 for each in (before, after))


def unjudged(changes: Sequence[Change]) -> list[str]:
    """Return the orchestrators of which not a single number has enough runs on both sides."""
    judged = {change.keys["orchestrator"] for change in changes if change.verdict != "too few runs"}
    return sorted({change.keys["orchestrator"] for change in changes} - judged)
