"""The checks of retries: as many tries as are needed, none too early, and of nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bench.scenarios.kit.check import Check, Seen, Verdict, lost, of
from bench.scenarios.retries.cases import BACKOFF, EXHAUSTED, FINAL, RECOVERS, SEQUENCE, SPREAD, WIDE


def tried_as_often_as_needed(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """A body that fails k times runs exactly k+1 times."""
    recovering = [run for case in (RECOVERS, SPREAD, SEQUENCE, BACKOFF) for run in of(case, runs)]
    for run in recovering:
        for node in run.nodes:
            ran, asked = run.attempts.get(node.id, 0), node.fault.attempts + 1 if node.fault else 0
            if asked and run.attempts and ran != asked:
                return Verdict(False, f"{run.trial}: {node.id} ran {ran} times, and {asked} were needed")
    return lost(recovering) or Verdict(True, f"{len(recovering)} runs, such as {recovering[0].trial}")


def nothing_else_runs_again(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """No task before a failed one or beside it runs a second time."""
    failing = [run for case in (RECOVERS, EXHAUSTED, WIDE) for run in of(case, runs)]
    for run in failing:
        for node in run.nodes:
            if not node.fault and run.attempts.get(node.id, 0) > 1:
                return Verdict(False, f"{run.trial}: {node.id}, which did not fail, ran {run.attempts[node.id]} times")
    return lost(failing) or Verdict(True, f"{len(failing)} runs, such as {failing[0].trial}")


def nothing_below_a_failure_runs(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """After the last try of a task has failed, only tasks that do not wait for it run, and the run fails."""
    exhausted = of(EXHAUSTED, runs)
    for run in exhausted:
        if below := {"below", "far_below"} & run.attempts.keys():
            return Verdict(False, f"{run.trial}: {min(below)} ran, although what it waits for had failed")
        if run.attempts and "beside" not in run.attempts:
            return Verdict(False, f"{run.trial}: beside did not run, although it waits for nothing that failed")
        if run.timeline.state == "succeeded":
            return Verdict(False, f"{run.trial}: the tool calls the run succeeded")
    return lost(exhausted) or Verdict(True, f"{len(exhausted)} runs, such as {exhausted[0].trial}")


def final_error_is_tried_once(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """An error after which another try makes no sense is not tried again, although the task has retries."""
    final = of(FINAL, runs)
    for run in final:
        if (times := run.attempts.get("faulty", 0)) > 1:
            return Verdict(False, f"{run.trial}: it was tried {times} times")
    return lost(final) or Verdict(True, f"{len(final)} runs, such as {final[0].trial}: once")


EARLY_S: Final = 0.02
"""How much too short a wait may be: the grain of a clock or of a scheduler."""


def constant_waits_are_kept(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """No retry comes before the end of the wait that was asked for, one wait for each task."""
    return _waits_are_kept([*of(RECOVERS, runs), *of(SPREAD, runs)])


def sequences_of_waits_are_kept(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """No retry comes before the end of the wait that was asked for, another one before each retry of a task."""
    return _waits_are_kept(of(SEQUENCE, runs))


def _waits_are_kept(asked_for: Sequence[Seen]) -> Verdict:
    for run, node in ((each, node) for each in asked_for for node in each.nodes if node.retry):
        tries = run.timeline.attempts.get(node.id, [])
        asked_s = node.retry.asked_s if node.retry else ()
        for number, (before, after, asked) in enumerate(zip(tries, tries[1:], asked_s, strict=False), 1):
            got = (after.started - (before.ended or before.started)) / 1e9
            if got < asked - EARLY_S:
                return Verdict(False, f"{run.trial}: retry {number} came after {got:.2f} s, and {asked:g} s were asked for")
    return lost(asked_for) or Verdict(True, f"{len(asked_for)} runs, such as {asked_for[0].trial}")


CHECKS: Final[Mapping[str, Check]] = {
    judge.__name__: Check(needs, judge)
    for judge, needs in (
        (tried_as_often_as_needed, (RECOVERS, SEQUENCE, BACKOFF)),
        (nothing_else_runs_again, (RECOVERS, EXHAUSTED, WIDE)),
        (nothing_below_a_failure_runs, (EXHAUSTED,)),
        (final_error_is_tried_once, (FINAL,)),
        (constant_waits_are_kept, (RECOVERS,)),
        (sequences_of_waits_are_kept, (SEQUENCE,)),
    )
}
