"""Records and events -> results: samples, estimates, ratios, controls and checks, as results.json holds them.

All of it can be computed again from a run folder, with no orchestrator installed.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.base import stats
from bench.derive import checks, ranges
from bench.derive.estimates import Estimate, estimate_all
from bench.derive.measured import Group, MeasuredTrial, group, measured
from bench.events.timeline import Timeline
from bench.plan.setup import Setup
from bench.scenarios import METRICS, SCENARIOS
from bench.store.records import SCHEMA, RunRecord, StartRecord, TrialRecord
from contract import pipeline

CONTROL_METRIC = "makespan_s"

Row = dict[str, Any]


@dataclass(frozen=True)
class Results:
    """All that is derived from a run."""

    samples: list[Row]
    estimates: list[Row]
    ratios: list[Row]
    controls: list[Row]
    checks: list[Row]
    engines: list[Row]
    ranges: list[Row]
    code: Sequence[Row] = ()
    """How many lines each implementation takes; counted in the sources, not derived from the records."""

    def document(self, run: str) -> Row:
        """Return results.json."""
        return {
            "schema": SCHEMA,
            "run": run,
            "scenarios": {name: SCENARIOS[name].version for name in sorted({row["scenario"] for row in self.estimates})},
            "estimates": self.estimates,
            "ratios": self.ratios,
            "controls": self.controls,
            "checks": self.checks,
            "engines": self.engines,
            "ranges": self.ranges,
            "code": self.code,
        }


def derive(
    run: RunRecord,
    records: Sequence[TrialRecord],
    starts: Sequence[StartRecord],
    read: Callable[[str], Timeline],
) -> Results:
    """Compute everything from what was written down; `read` returns a trial's timeline."""
    workloads = {name: pipeline.read(text) for name, text in run.workloads.items()}
    groups = group(measured(record, workloads, run.width, read) for record in records)
    estimates = estimate_all(groups)
    controls = _controls(groups, estimates)
    subjects = [its for its in groups if not its.setup.control]
    usual = _usual(subjects, estimates)
    return Results(
        samples=[row for its in groups for each in its.outcomes for row in _sample_rows(each)],
        estimates=[
            _estimate_row(its, each) | {"usual": _key(its, each) in usual}
            for its in subjects
            for each in estimates[its.label]
        ],
        ratios=_ratios(subjects, estimates, usual, controls),
        controls=controls,
        checks=[
            row for its in subjects for row in checks.rows_of(its, starts) + checks.scenario_rows_of(its, subjects, run)
        ],
        engines=_engines(starts, run),
        ranges=[row for its in subjects for row in ranges.rows_of(its)],
    )


def _sample_rows(each: MeasuredTrial) -> list[Row]:
    record = each.record
    common = {
        "trial": record.id,
        "scenario": record.scenario,
        "workload": record.workload,
        "orchestrator": record.setup.orchestrator,
        "tier": record.setup.tier,
        "profile": record.setup.profile,
        "deployment": record.setup.deployment,
        "control": int(record.setup.control),
        "start": record.start,
        "round": record.round,
        "repeat": record.repeat,
        "warmup": int(record.warmup),
    }
    if not each.values:
        gap = {"value": "", "missing_because": each.because}
        return [common | {"metric": name, "unit": METRICS[name].unit} | gap for name in each.expected]
    return [
        common | {"metric": name, "unit": METRICS[name].unit, "value": repr(value), "missing_because": ""}
        for name, value in each.values.items()
    ]


def _estimate_row(its: Group, each: Estimate) -> Row:
    metric = METRICS[each.metric]
    low, high = each.quantity.interval()
    return {
        "scenario": its.scenario,
        "workload": each.workload,
        **its.keys,
        "metric": metric.name,
        "unit": metric.unit,
        "better": metric.better,
        "n": each.quantity.n,
        "starts": each.quantity.starts,
        "median": each.quantity.point,
        "low": low,
        "high": high,
        "unstable": list(each.unstable),
        "missing_because": each.quantity.why_not,
    }


def _key(its: Group, each: Estimate) -> tuple[str, str, str]:
    return its.label, each.workload, each.metric


def _usual(groups: Sequence[Group], estimates: Mapping[str, list[Estimate]]) -> set[tuple[str, str, str]]:
    """Return which estimates stand for their tool: those of its usual deployment, or of its next one that has a value."""
    rivals: dict[tuple[str, ...], list[tuple[Group, Estimate]]] = defaultdict(list)
    for its in groups:
        for each in estimates[its.label]:
            place = (its.scenario, its.setup.tier, its.setup.profile, its.setup.orchestrator)
            rivals[(*place, each.workload, each.metric)].append((its, each))
    chosen = (min(own, key=lambda one: (one[1].quantity.point is None, not one[0].setup.default)) for own in rivals.values())
    return {_key(its, each) for its, each in chosen}


def _engines(starts: Sequence[StartRecord], run: RunRecord) -> list[Row]:
    """Return what each subject's engines consisted of when they were ready, and how long that took."""
    by_setup: dict[Setup, list[StartRecord]] = defaultdict(list)
    for start in starts:
        if not start.setup.control:
            by_setup[start.setup].append(start)
    rows: list[Row] = []
    for setup, its in by_setup.items():
        upkeep = next((start.upkeep for start in its if start.upkeep), None)
        ours = run.about(setup.orchestrator).by_choice
        by_choice = [name for name in upkeep.services if name in ours] if upkeep else []
        rows.append(
            {
                "orchestrator": setup.orchestrator,
                "tier": setup.tier,
                "profile": setup.profile,
                "deployment": setup.deployment,
                "isolation": setup.isolation,
                "database": setup.database,
                "default": setup.default,
                "starts": len(its),
                # Some servers can only be started when it is known what they are to serve.
                "ready_s": statistics.median(start.start_s + start.deploy_s for start in its),
                "services": len(upkeep.services) if upkeep else None,
                "names": upkeep.services if upkeep else None,
                "by_choice": by_choice,
                "needed": len(upkeep.services) - len(by_choice) if upkeep else None,
                "processes": upkeep.processes if upkeep else None,
                "idle_pss_mb": upkeep.idle_pss / 1e6 if upkeep and upkeep.services else None,
                "ports": statistics.median(len(start.listening) for start in its),
            }
        )
    return rows


# Ratios ----------------------------------------------------------------------------------------------------------------


def _ratios(
    groups: Sequence[Group],
    estimates: Mapping[str, list[Estimate]],
    usual: Collection[tuple[str, str, str]],
    controls: Sequence[Row],
) -> list[Row]:
    """Return each estimate over plain's, and over the best orchestrator's, at the same tier and in the same profile.

    The best is the best of what the tools usually are: which of its deployments is the fastest by chance decides nothing.
    """
    rivals: dict[tuple[str, str, str, str], list[tuple[Group, Estimate]]] = defaultdict(list)
    for its in groups:
        for each in estimates[its.label]:
            if not METRICS[each.metric].crosscheck:
                rivals[its.scenario, its.setup.tier, each.workload, each.metric].append((its, each))
    rows: list[Row] = []
    for (scenario, tier, _, _), field in rivals.items():
        floor = noise_floor(controls, scenario, tier)
        plain = next((rival for rival in field if rival[0].setup.is_reference), None)
        measured = [
            (its, each)
            for its, each in field
            if each.quantity.point is not None and not its.setup.is_plain and _key(its, each) in usual
        ]
        for rival in field:
            best = _best([other for other in measured if other[0].setup.profile == rival[0].setup.profile])
            rows += [_ratio_row(*rival, *other, floor) for other in (plain, best) if other and other[0] is not rival[0]]
    return rows


def _best(rivals: Sequence[tuple[Group, Estimate]]) -> tuple[Group, Estimate] | None:
    if not rivals:
        return None
    choose = max if METRICS[rivals[0][1].metric].better == "higher" else min
    return choose(rivals, key=lambda rival: rival[1].quantity.point or 0.0)


def _ratio_row(its: Group, each: Estimate, other: Group, against: Estimate, floor: float | None) -> Row:
    ratio = each.quantity.over(against.quantity)
    low, high = ratio.interval()
    row = _estimate_row(its, each)
    del row["unstable"]
    return row | {
        "n": ratio.n,
        "starts": ratio.starts,
        "against": other.setup.orchestrator,
        "against_deployment": other.setup.deployment,
        "against_profile": other.setup.profile,
        "ratio": ratio.point,
        "low": low,
        "high": high,
        "above_noise": _above_noise(low, high, floor) if ratio.starts > 1 else None,
        "missing_because": ratio.why_not,
    }


def _above_noise(low: float | None, high: float | None, floor: float | None) -> bool | None:
    """Whether the interval lies wholly beyond the noise floor; nothing where either is unknown."""
    if low is None or high is None or floor is None:
        return None
    return low > 1 + floor or high < 1 / (1 + floor)


# The A/A control -------------------------------------------------------------------------------------------------------


def _controls(groups: Sequence[Group], estimates: Mapping[str, list[Estimate]]) -> list[Row]:
    """Return, for each subject that was measured twice, the ratio of its two makespans over all workloads."""
    rows: list[Row] = []
    by_label = {its.label: its for its in groups}
    for its in groups:
        if not its.setup.control:
            continue
        first = by_label.get(its.label.removesuffix("/again"))
        if first is None:
            continue
        known = {each.workload: each.quantity for each in estimates[first.label] if each.metric == CONTROL_METRIC}
        pairs = [
            each.quantity.over(known[each.workload])
            for each in estimates[its.label]
            if each.metric == CONTROL_METRIC and each.workload in known
        ]
        ratio = stats.mean_ratio(pairs)
        low, high = ratio.interval()
        rows.append(
            {"scenario": its.scenario, **its.keys, "metric": CONTROL_METRIC, "workloads": len(pairs), "n": ratio.n}
            | {"starts": ratio.starts, "ratio": ratio.point, "low": low, "high": high, "missing_because": ratio.why_not}
        )
    return rows


def noise_floor(controls: Sequence[Row], scenario: str, tier: str) -> float | None:
    """Return how far from 1 an A/A ratio may lie there, by the widest of its intervals; nothing without a control."""
    whose = controlled(controls, scenario, tier)
    known = [row for row in controls if row["tier"] == tier and row["scenario"] in whose and _is_closed(row)]
    return max((max(row["high"], 1 / row["low"]) - 1 for row in known), default=None)


def controlled(controls: Sequence[Row], scenario: str, tier: str) -> list[str]:
    """Name the scenarios whose controls give the floor: without a control of its own, one takes that of its tier."""
    found = list(dict.fromkeys(row["scenario"] for row in controls if row["tier"] == tier and _is_closed(row)))
    return [scenario] if scenario in found else found


def _is_closed(row: Row) -> bool:
    return bool(row["low"]) and row["high"] is not None
