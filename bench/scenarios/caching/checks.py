"""The checks of caching: what was changed is seen, and what was not is not computed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bench.scenarios.caching.cases import WARM, result_of
from bench.scenarios.kit.check import Check, Seen, Verdict, lost, of


def unchanged_is_not_computed_again(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """While nothing has changed, the body does not run again, in the same process or in another one."""
    warm = [run for case in WARM for run in of(case, runs)]
    return _computed_again(warm) or _right("", warm, runs)


def changed_input_is_seen(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """With another input there is another result."""
    return _right("changed_input", [], runs)


def changed_body_is_seen(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """When the author has edited the task itself, its old result is not used any more."""
    return _right("changed_body", [], runs)


def changed_helper_is_seen(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """When the author has edited a function that the task calls, the old result is not used any more."""
    return _right("changed_helper", [], runs)


def changed_helper_is_seen_by_file(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """Where a result goes by the whole source file, an edited function in it is seen, and an unchanged file is a hit."""
    again = of("by_file_again", runs)
    return _computed_again(again) or _right("", [*again, *of("by_file_changed_helper", runs)], runs)


def expired_is_computed_again(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """A result that is older than its author allows is not used any more."""
    expired = of("expired", runs)
    if kept := next((run for run in expired if not run.problem and not _computed(run)), None):
        return Verdict(False, f"{kept.trial}: the body did not run, although the result was too old")
    return _right("", expired, runs)


def spoiled_is_computed_again(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """A result whose file is gone or broken is made anew."""
    spoiled = [run for case in ("deleted", "corrupted") for run in of(case, runs)]
    for run in spoiled:
        if run.problem:
            return Verdict(False, f"{run.trial}: {run.problem}")
        if not run.facts.get("spoiled"):
            return Verdict(False, f"{run.trial}: no file was found that could be {run.case}", observed=False)
        if not _computed(run):
            return Verdict(False, f"{run.trial}: the body did not run, although its result is {run.case}")
    return _right("", spoiled, runs)


def two_at_once_compute_once(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """Of two runs that want the same result at the same moment, one computes it, and the other waits for it."""
    both = of("two_at_once", runs)
    for run in both:
        begun = run.timeline.attempts.get("begin", [])
        if len(begun) > 1 and max(body.started for body in begun) > min(body.ended or body.started for body in begun):
            return Verdict(False, f"{run.trial}: the runs did not meet: one was made after the other", observed=False)
    if twice := next((run for run in both if _computed(run) > 1), None):
        return Verdict(False, f"{twice.trial}: the body ran {_computed(twice)} times")
    return _right("", both, runs)


def unhashable_input_is_computed(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """With an input that cannot be hashed, the body runs every time."""
    unhashable = [run for case in ("unhashable", "unhashable_again") for run in of(case, runs)]
    if kept := next((run for run in unhashable if not run.problem and not _computed(run)), None):
        return Verdict(False, f"{kept.trial}: the body did not run, although nothing tells what it was given")
    return _right("", unhashable, runs)


def _computed(seen: Seen) -> int:
    return seen.attempts.get("compute", 0)


def _computed_again(unchanged: Sequence[Seen]) -> Verdict | None:
    """Return a verdict if the body ran in a run before which nothing had changed."""
    again = next((run for run in unchanged if _computed(run)), None)
    return Verdict(False, f"{again.trial}: the body ran, although nothing had changed") if again else None


def _right(case: str, chosen: Sequence[Seen], runs: Sequence[Seen]) -> Verdict:
    """Judge whether the result that was used last is the right one, after each of the runs."""
    judged = chosen or of(case, runs)
    if problem := lost(judged):
        return problem
    for run in judged:
        used, expected = _used_last(run, runs), result_of(run.asked, run.round, run.repeat)
        if used != expected:
            ran = "ran" if _computed(run) else "did not run"
            return Verdict(False, f"{run.trial}: the body {ran}, and {used} is used in the place of {expected}")
    counts = ", ".join(f"{run.trial}: the body ran {_computed(run)} times" for run in judged[:2])
    return Verdict(True, f"{len(judged)} runs, such as {counts}")


def _used_last(seen: Seen, runs: Sequence[Seen]) -> str:
    """Return the result that was used last, in this run or before: where nothing runs, the old result is still in use."""
    sequence = [run for run in runs if (run.round, run.repeat) == (seen.round, seen.repeat) and run.number <= seen.number]
    users = [run for run in sequence if run.attempts.get("use")]
    last = max(users, key=lambda run: run.number, default=None)
    return last.timeline.attempts["use"][-1].token if last else "nothing"


CHECKS: Final[Mapping[str, Check]] = {
    judge.__name__: Check(needs, judge)
    for judge, needs in (
        (unchanged_is_not_computed_again, ("warm",)),
        (changed_input_is_seen, ("changed_input",)),
        (changed_body_is_seen, ("changed_body",)),
        (changed_helper_is_seen, ("changed_helper",)),
        (changed_helper_is_seen_by_file, ("by_file_again", "by_file_changed_helper")),
        (expired_is_computed_again, ("expired",)),
        (spoiled_is_computed_again, ("deleted", "corrupted")),
        (two_at_once_compute_once, ("two_at_once",)),
        (unhashable_input_is_computed, ("unhashable", "unhashable_again")),
    )
}
