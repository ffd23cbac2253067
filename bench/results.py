"""Records and events -> results: samples, estimates, ratios, controls and checks, as results.json holds them.

All of it can be computed again from a run folder, with no orchestrator installed.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench import stats
from bench.estimates import Estimate, estimate_all
from bench.metrics import METRICS
from bench.orchestrators import REFERENCE
from bench.outcomes import Group, Outcome, group, outcome
from bench.records import SCHEMA, RunRecord, StartRecord, TrialRecord
from bench.scenarios import SCENARIOS, Seen
from bench.scenarios.scenario import Verdict
from bench.timeline import CHECKS, Timeline
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

    def document(self, run: str) -> Row:
        """Return results.json."""
        return {
            "schema": SCHEMA,
            "run": run,
            "estimates": self.estimates,
            "ratios": self.ratios,
            "controls": self.controls,
            "checks": self.checks,
        }


def derive(
    run: RunRecord,
    records: Sequence[TrialRecord],
    starts: Sequence[StartRecord],
    read: Callable[[str], Timeline],
) -> Results:
    """Compute everything from what was written down; `read` returns a trial's timeline."""
    workloads = {name: pipeline.read(text) for name, text in run.workloads.items()}
    groups = group(outcome(record, workloads, run.width, read) for record in records)
    estimates = estimate_all(groups)
    controls = _controls(groups, estimates)
    subjects = [its for its in groups if not its.subject.control]
    return Results(
        samples=[row for its in groups for each in its.outcomes for row in _sample_rows(each)],
        estimates=[_estimate_row(its, each) for its in subjects for each in estimates[its.label]],
        ratios=_ratios(subjects, estimates, controls),
        controls=controls,
        checks=[row for its in subjects for row in _check_rows(its, starts) + _scenario_rows(its, subjects, run)],
    )


def _sample_rows(each: Outcome) -> list[Row]:
    record = each.record
    common = {
        "trial": record.id,
        "scenario": record.scenario,
        "workload": record.workload,
        "orchestrator": record.subject.orchestrator,
        "tier": record.subject.tier,
        "profile": record.subject.profile,
        "deployment": record.subject.deployment,
        "control": int(record.subject.control),
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


# Ratios ----------------------------------------------------------------------------------------------------------------


def _ratios(groups: Sequence[Group], estimates: Mapping[str, list[Estimate]], controls: Sequence[Row]) -> list[Row]:
    """Return each estimate over plain's, and over the best orchestrator's, at the same tier."""
    rivals: dict[tuple[str, str, str, str], list[tuple[Group, Estimate]]] = defaultdict(list)
    for its in groups:
        for each in estimates[its.label]:
            if not METRICS[each.metric].crosscheck:
                rivals[its.scenario, its.subject.tier, each.workload, each.metric].append((its, each))
    rows: list[Row] = []
    for (scenario, tier, _, _), field in rivals.items():
        floor = noise_floor(controls, scenario, tier)
        plain = next((rival for rival in field if rival[0].is_reference), None)
        measured = [rival for rival in field if rival[1].quantity.point is not None and not _is_plain(rival[0])]
        best = _best(measured)
        for rival in field:
            rows += [_ratio_row(*rival, *other, floor) for other in (plain, best) if other and other[0] is not rival[0]]
    return rows


def _best(rivals: Sequence[tuple[Group, Estimate]]) -> tuple[Group, Estimate] | None:
    if not rivals:
        return None
    choose = max if METRICS[rivals[0][1].metric].better == "higher" else min
    return choose(rivals, key=lambda rival: rival[1].quantity.point or math.nan)


def _is_plain(its: Group) -> bool:
    return its.subject.orchestrator == REFERENCE


def _ratio_row(its: Group, each: Estimate, other: Group, against: Estimate, floor: float | None) -> Row:
    ratio = each.quantity.over(against.quantity)
    low, high = ratio.interval()
    row = _estimate_row(its, each)
    del row["median"], row["unstable"]
    return row | {
        "n": ratio.n,
        "starts": ratio.starts,
        "against": other.subject.orchestrator,
        "against_deployment": other.subject.deployment,
        "against_profile": other.subject.profile,
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
        if not its.subject.control:
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
    """Return how far from 1 an A/A ratio may lie there, by the widest of its intervals; nothing without a control.

    A scenario that has no control of its own takes the floor of its tier.
    """
    reach = [
        (row["scenario"], max(row["high"], 1 / row["low"]) - 1)
        for row in controls
        if row["tier"] == tier and row["low"] and row["high"] is not None
    ]
    own = [floor for its, floor in reach if its == scenario]
    return max(own or [floor for _, floor in reach], default=None)


# Checks ----------------------------------------------------------------------------------------------------------------


def _check_rows(its: Group, starts: Sequence[StartRecord]) -> list[Row]:
    ran = [each for each in its.outcomes if each.record.status == "ok"]
    if (reason := _all_unsupported(its)) is None:
        rows = [_check_row(its, check, *_verdict(check, ran)) for check in CHECKS]
    else:
        rows = [_check_row(its, check, None, reason) | {"verdict": "unsupported"} for check in CHECKS]
    own = [start for start in starts if start.subject == its.subject and start.stop_s is not None]
    if own:
        left = [f"{start.id}: {what}" for start in own for what in start.left_behind]
        rows.append(_check_row(its, "stops_without_a_trace", not left, left[0] if left else f"{len(own)} stops"))
        open_ports = [f"{start.id}: {port}" for start in own for port in start.listening if not is_loopback(port)]
        listening = sum(len(start.listening) for start in own)
        because = open_ports[0] if open_ports else f"{listening} ports in {len(own)} starts, all of them loopback"
        rows.append(_check_row(its, "listens_on_loopback_only", not open_ports, because))
    if (records := _own_records(its)) is not None:
        rows.append(_check_row(its, "own_records_agree", *records))
    return rows


def _all_unsupported(its: Group) -> str | None:
    """Return why not a single one of its runs is anything that the tool has a way to do, if that is so."""
    counted = [each.record for each in its.outcomes if not each.record.warmup]
    unsupported = counted and all(record.status == "unsupported" for record in counted)
    return counted[0].because or "" if unsupported else None


def _own_records(its: Group) -> tuple[bool, str] | None:
    """Return whether the tool's own records tell of as many tries, and of as many results from a cache, as were seen."""
    compared = 0
    for each in its.outcomes:
        reported = each.record.reported
        if each.seen is None or not each.seen.has_comparable_records or not reported.get("attempts"):
            continue
        # A result from a cache is no try of the body; a tool may count it as one.
        known = each.seen.steps - set(reported["cached"])
        tries = {name: times for name, times in reported["attempts"].items() if name in known}
        compared += bool(tries or reported["cached"])
        for name, said in tries.items():
            if said != (seen := each.seen.attempts.get(name, 0)):
                return False, f"{each.record.id}: it says that {name} was tried {said} times, and the body ran {seen} times"
        if cached := [name for name in reported["cached"] if each.seen.attempts.get(name)]:
            return False, f"{each.record.id}: it says that {cached[0]} came from a cache, and the body ran"
    return (True, f"{compared} runs: as many tries as bodies that ran") if compared else None


def _scenario_rows(its: Group, groups: Sequence[Group], run: RunRecord) -> list[Row]:
    """Return the verdicts of the checks that only this scenario has."""
    beside = [each for each in groups if each.scenario == its.scenario and each.subject.tier == its.subject.tier]
    reference = next((each for each in beside if each.is_reference), None)
    rows: list[Row] = []
    for name, check in SCENARIOS[its.scenario].checks.items():
        runs = _seen(its)
        if not runs or not {each.case for each in runs} >= set(check.needs):
            continue  # not planned at this tier, or not run yet
        lacking = [each for each in runs if each.status == "unsupported" and each.case in (check.needs or {each.case})]
        judged = [each for each in runs if each not in lacking]
        if lacking and (check.needs or not judged):
            rows.append(_check_row(its, name, None, lacking[0].problem or "") | {"verdict": "unsupported"})
            continue
        verdict = check.judge(judged, _seen(reference) if reference else [])
        if verdict is not None:
            rows.append(_scenario_row(its, name, verdict, run))
    return rows


def _scenario_row(its: Group, name: str, verdict: Verdict, run: RunRecord) -> Row:
    """Return a verdict with what the orchestrator's folder has to say of it: for one deployment, or for all."""

    def note(notes: Mapping[str, Mapping[str, str]]) -> str | None:
        own = notes.get(its.subject.orchestrator, {})
        return own.get(f"{its.subject.deployment}.{name}") or own.get(name)

    row = _check_row(its, name, verdict.passed, verdict.because)
    if not verdict.passed and verdict.observed and (lack := note(run.unsupported)):
        return row | {"verdict": "unsupported", "because": f"{lack} (seen: {verdict.because})"}
    if by_hand := note(run.by_hand):
        return row | {"because": f"written by hand: {by_hand} (seen: {verdict.because})"}
    if not verdict.passed and (remark := note(run.remarks)):
        return row | {"because": f"{verdict.because} ({remark})"}
    return row


def _seen(its: Group) -> list[Seen]:
    return [each.seen for each in its.outcomes if each.seen]


def _verdict(check: str, ran: Sequence[Outcome]) -> tuple[bool | None, str]:
    broken = [each for each in ran if check in each.wrong]
    if broken:
        return False, f"{len(broken)} of {len(ran)} runs, such as {broken[0].record.id}: {broken[0].wrong[check]}"
    return (True, f"{len(ran)} runs") if ran else (None, "no run came to an end")


def _check_row(its: Group, check: str, passed: bool | None, because: str) -> Row:
    verdict = "fail" if passed is not True else "pass"
    return {"scenario": its.scenario, **its.keys, "check": check, "verdict": verdict, "because": because}


def is_loopback(address: str) -> bool:
    """Whether an `ip:port` can be reached from this machine only."""
    return address.startswith(("127.", "::1:", "::ffff:127."))


# For the tools that read pytest-benchmark's format ---------------------------------------------------------------------


SECONDS: Mapping[str, float] = {"s": 1.0, "ms": 0.001}
"""Each unit of time, in seconds."""


def pytest_benchmark(run: RunRecord, results: Results) -> Row:
    """Return every timing in the format that `pytest-benchmark compare` reads."""
    series: dict[str, list[Row]] = defaultdict(list)
    for row in results.samples:
        timing = row["unit"] in SECONDS and not METRICS[row["metric"]].crosscheck
        if row["value"] and not row["control"] and timing:
            subject = "-".join(row[key] for key in ("orchestrator", "tier", "deployment", "profile"))
            series[f"{row['scenario']}/{row['workload']}/{row['metric']}[{subject}]"].append(row)
    return {
        "machine_info": run.host,
        "commit_info": run.git,
        "benchmarks": [_pytest_row(name, rows) for name, rows in series.items()],
        "datetime": run.segments[0].began if run.segments else "",
        "version": "5.2.3",
    }


def _pytest_row(name: str, rows: Sequence[Row]) -> Row:
    first = rows[0]
    return {
        "group": f"{first['scenario']}/{first['tier']}/{first['workload']}/{first['metric']}",
        "name": name,
        "fullname": f"orchbench::{name}",
        "params": {key: first[key] for key in ("orchestrator", "tier", "profile", "deployment")},
        "param": None,
        "extra_info": {},
        "options": {
            "disable_gc": False,
            "timer": "monotonic_ns",
            "min_rounds": 1,
            "max_time": 0,
            "min_time": 0,
            "warmup": False,
        },
        "stats": stats.pytest_stats([float(row["value"]) * SECONDS[row["unit"]] for row in rows]),
    }
