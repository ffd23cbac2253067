"""Verdicts: on every run, on the engines, and on the behaviour that a scenario asks about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from bench.derive.measured import Group, MeasuredRun, MeasuredTrial
from bench.events.verification import CHECKS
from bench.scenarios import SCENARIOS, Seen
from bench.scenarios.kit.check import Verdict
from bench.store.records import RunRecord, StartRecord
from bench.store.rows import Check, Means, Outcome

ENDS: Final = "comes_to_its_end"
"""The check that no run failed, hung, or was lost with the engine; all other verdicts are about the runs that remain."""


def checks(run: MeasuredRun) -> list[Check]:
    """Return every verdict on the setups of a run."""
    return [
        row
        for group in run.setups
        for row in (*_of_runs(group), *_of_engines(group, run.starts), *_of_scenario(group, run.setups, run.record))
    ]


# Of every run ----------------------------------------------------------------------------------------------------------


def _of_runs(group: Group) -> Iterator[Check]:
    """Yield the verdicts on the runs of a setup that every scenario asks for."""
    if (reason := _all_unsupported(group)) is not None:
        yield from (_row(group, check, "unsupported", reason) for check in (ENDS, *CHECKS))
        return
    yield _judged(group, ENDS, _ends(group))
    ran = [trial for trial in group.trials if trial.ended_well]
    yield from (_judged(group, check, _verdict(check, ran)) for check in CHECKS)


def _all_unsupported(group: Group) -> str | None:
    """Return why the tool has no way to do any of the runs, if that is so."""
    if not group.counted or any(trial.ending != "unsupported" for trial in group.counted):
        return None
    return group.counted[0].because or ""


def _ends(group: Group) -> Verdict:
    """Judge whether every run that the tool has a way to do ended as it should."""
    asked = [trial for trial in group.trials if trial.ending != "unsupported"]
    if lost := [trial for trial in asked if not trial.ended_well]:
        because = f"{len(lost)} of {len(asked)} runs, such as {lost[0].record.id}: {lost[0].because}"
        return Verdict(passed=False, because=because)
    return Verdict(passed=True, because=f"{len(asked)} runs")


def _verdict(check: str, ran: Sequence[MeasuredTrial]) -> Verdict:
    if broken := [trial for trial in ran if check in trial.wrong]:
        because = f"{len(broken)} of {len(ran)} runs, such as {broken[0].record.id}: {broken[0].wrong[check]}"
        return Verdict(passed=False, because=because)
    return Verdict(passed=bool(ran), because=f"{len(ran)} runs" if ran else "no run came to an end")


# Of the engines, and of the tool's own records ----------------------------------------------------------------------


def _of_engines(group: Group, starts: Sequence[StartRecord]) -> Iterator[Check]:
    own = [start for start in starts if start.setup == group.setup and start.stop_s is not None]
    if own:
        left = [f"{start.id}: {what}" for start in own for what in start.left_behind]
        because = left[0] if left else f"{len(own)} stops"
        yield _judged(group, "stops_without_a_trace", Verdict(not left, because))
        open_ports = [f"{start.id}: {port}" for start in own for port in start.listening if not is_loopback(port)]
        listening = sum(len(start.listening) for start in own)
        because = open_ports[0] if open_ports else f"{listening} ports in {len(own)} starts, all of them loopback"
        yield _judged(group, "listens_on_loopback_only", Verdict(not open_ports, because))
    if verdict := _own_records(group):
        yield _judged(group, "own_records_agree", verdict)


def _own_records(group: Group) -> Verdict | None:
    """Judge whether the tool's own records have as many tries, and as many results from a cache, as were seen."""
    compared = 0
    for trial in group.trials:
        reported, seen = trial.record.reported, trial.seen
        if seen is None or not seen.has_comparable_records or not reported.attempts:
            continue
        # A result from a cache is no try of the body; a tool may count it as one.
        known = seen.asked.steps - set(reported.cached)
        tries = {name: times for name, times in reported.attempts.items() if name in known}
        compared += bool(tries or reported.cached)
        for name, times in tries.items():
            ran = seen.attempts.get(name, 0)
            if times != ran:
                because = f"{trial.record.id}: it says that {name} was tried {times} times, and the body ran {ran} times"
                return Verdict(passed=False, because=because)
        if cached := [name for name in reported.cached if seen.attempts.get(name)]:
            because = f"{trial.record.id}: it says that {cached[0]} came from a cache, and the body ran"
            return Verdict(passed=False, because=because)
    return Verdict(passed=True, because=f"{compared} runs: as many tries as bodies that ran") if compared else None


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach an `ip:port`."""
    return address.startswith(("127.", "::1:", "::ffff:127."))


# Of the scenario -------------------------------------------------------------------------------------------------------


def _of_scenario(group: Group, groups: Sequence[Group], record: RunRecord) -> Iterator[Check]:
    """Yield the verdicts of the checks that only this scenario has."""
    beside = [other for other in groups if other.scenario == group.scenario and other.setup.tier == group.setup.tier]
    reference = next((other for other in beside if other.setup.is_reference), None)
    for name, check in SCENARIOS[group.scenario].checks.items():
        runs = _seen(group)
        if not runs or not {run.case for run in runs} >= set(check.needs):
            continue  # not planned at this tier, or not run yet
        lacking = [run for run in runs if run.status == "unsupported" and run.case in (check.needs or {run.case})]
        judged = [run for run in runs if run not in lacking]
        if lacking and (check.needs or not judged):
            row = _row(group, name, "unsupported", lacking[0].problem or "")
            yield _inapplicable(row, record) or row
        elif verdict := check.judge(judged, _seen(reference) if reference else []):
            yield noted(_judged(group, name, verdict), verdict, record)


def noted(row: Check, verdict: Verdict, run: RunRecord) -> Check:
    """Return a verdict with the note that the tool's folder has on it, for one deployment or for all."""
    about = run.about(row.setup.orchestrator)

    def note(notes: Mapping[str, str]) -> str | None:
        return _note(notes, row)

    if inapplicable := _inapplicable(row, run):
        return inapplicable
    if not verdict.passed and verdict.observed and (lack := note(about.unsupported)):
        return msgspec.structs.replace(row, verdict="unsupported", because=f"{lack} (seen: {row.because})")
    # What is written by hand is ours when it fails, too.
    grades: Mapping[Means, tuple[str, str | None]] = {
        "by_hand": ("written by hand", note(about.by_hand)),
        "declared": ("declared by the author", note(about.declared) if verdict.passed else None),
        "opt_in": ("opt-in", note(about.opt_in) if verdict.passed else None),
    }
    for means, (words, what) in grades.items():
        if what:
            return msgspec.structs.replace(row, means=means, because=f"{words}: {what} (seen: {row.because})")
    if not verdict.passed and (remark := note(about.remarks)):
        return msgspec.structs.replace(row, because=f"{row.because} ({remark})")
    return row


def _inapplicable(row: Check, run: RunRecord) -> Check | None:
    """Return the row of a check whose question does not arise with the tool, whatever was seen; None if it does arise."""
    reason = _note(run.about(row.setup.orchestrator).not_applicable, row)
    return msgspec.structs.replace(row, verdict="not_applicable", because=reason) if reason else None


def _note(notes: Mapping[str, str], row: Check) -> str | None:
    return notes.get(f"{row.setup.deployment}.{row.check}") or notes.get(row.check)


def _seen(group: Group) -> list[Seen]:
    return [trial.seen for trial in group.trials if trial.seen]


# The rows --------------------------------------------------------------------------------------------------------------


def _judged(group: Group, check: str, verdict: Verdict) -> Check:
    return _row(group, check, "pass" if verdict.passed else "fail", verdict.because)


def _row(group: Group, check: str, verdict: Outcome, because: str) -> Check:
    return Check(scenario=group.scenario, setup=group.setup, check=check, verdict=verdict, because=because)
