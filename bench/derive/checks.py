"""Verdicts: what is verified of every run, of the engines, and of the behaviour that a scenario asks about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.derive.measured import Group, MeasuredTrial
from bench.events.timeline import CHECKS
from bench.scenarios import SCENARIOS, Seen
from bench.scenarios.kit.scenario import Verdict
from bench.store.records import RunRecord, StartRecord

Row = dict[str, Any]

ENDS = "comes_to_its_end"
"""The check that no run failed, hung, or was lost with its engine: other verdicts and numbers are of what remains."""


def rows_of(its: Group, starts: Sequence[StartRecord]) -> list[Row]:
    """Return the verdicts on what every scenario asks of a subject's runs, and of its engines."""
    ran = [each for each in its.outcomes if each.record.status == "ok"]
    if (reason := _all_unsupported(its)) is None:
        rows = [_check_row(its, ENDS, *_ends(its))] + [_check_row(its, check, *_verdict(check, ran)) for check in CHECKS]
    else:
        rows = [_check_row(its, check, None, reason) | {"verdict": "unsupported"} for check in (ENDS, *CHECKS)]
    own = [start for start in starts if start.setup == its.setup and start.stop_s is not None]
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


def _ends(its: Group) -> tuple[bool, str]:
    """Return whether every run that was asked for, and that the tool has a way to do, ended as it should."""
    asked = [each.record for each in its.outcomes if each.record.status != "unsupported"]
    if lost := [record for record in asked if record.status != "ok"]:
        return False, f"{len(lost)} of {len(asked)} runs, such as {lost[0].id}: {lost[0].because}"
    return True, f"{len(asked)} runs"


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


def scenario_rows_of(its: Group, groups: Sequence[Group], run: RunRecord) -> list[Row]:
    """Return the verdicts of the checks that only this scenario has."""
    beside = [each for each in groups if each.scenario == its.scenario and each.setup.tier == its.setup.tier]
    reference = next((each for each in beside if each.setup.is_reference), None)
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
    """Return a verdict with what the tool's folder has to say of it: for one deployment, or for all."""
    about = run.about(its.setup.orchestrator)

    def note(notes: Mapping[str, str]) -> str | None:
        return notes.get(f"{its.setup.deployment}.{name}") or notes.get(name)

    row = _check_row(its, name, verdict.passed, verdict.because)
    if not verdict.passed and verdict.observed and (lack := note(about.unsupported)):
        return row | {"verdict": "unsupported", "because": f"{lack} (seen: {verdict.because})"}
    if by_hand := note(about.by_hand):
        return row | {"because": f"written by hand: {by_hand} (seen: {verdict.because})", "means": "by_hand"}
    if verdict.passed and (declared := note(about.declared)):
        return row | {"because": f"declared by the author: {declared} (seen: {verdict.because})", "means": "declared"}
    if not verdict.passed and (remark := note(about.remarks)):
        return row | {"because": f"{verdict.because} ({remark})"}
    return row


def _seen(its: Group) -> list[Seen]:
    return [each.seen for each in its.outcomes if each.seen]


def _verdict(check: str, ran: Sequence[MeasuredTrial]) -> tuple[bool | None, str]:
    broken = [each for each in ran if check in each.wrong]
    if broken:
        return False, f"{len(broken)} of {len(ran)} runs, such as {broken[0].record.id}: {broken[0].wrong[check]}"
    return (True, f"{len(ran)} runs") if ran else (None, "no run came to an end")


def _check_row(its: Group, check: str, passed: bool | None, because: str) -> Row:
    verdict = "fail" if passed is not True else "pass"
    means = "native"  # by what the tool brings; else the scenario's row says otherwise
    return {"scenario": its.scenario, **its.keys, "check": check, "verdict": verdict, "because": because, "means": means}


def is_loopback(address: str) -> bool:
    """Whether an `ip:port` can be reached from this machine only."""
    return address.startswith(("127.", "::1:", "::ffff:127."))
