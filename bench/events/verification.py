"""Whether a run did the work that it was asked for: only verified work is measured."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from bench.events.timeline import Attempt, Timeline, max_concurrency
from contract.pipeline import ONE_TASK, STEPS, Pipeline
from contract.workload import Workload

CHECKS: Mapping[str, str] = {
    "every_body_ran_once": "each body ran as often as the planned faults ask for, and no event is missing",
    "order_respected": "no body began before the bodies it waits for had ended",
    "work_verified": "each body received the tokens of the bodies before it, and ended with the right token",
    "settled_after_last_body": "the tool called the run successful only after the last body had ended",
    "width_respected": "never more bodies at once than the width allows",
}
"""What is verified of every run; a run that fails one of the checks did other work, and yields no timing."""

REFUSAL: Final = ("GateFailed: ",)
"""How the error of a step begins that refused by design."""

PLANNED: Final = ("PlannedFault: ", "FinalFault: ")


class Expectation(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is expected of a run beyond what the work itself says."""

    may_skip: tuple[str, ...] = ()
    """The steps whose result an earlier run may have left in a cache."""
    fails_at: str = ""
    """The step that refuses, so that the run must fail and nothing after it may run."""
    more_tries: dict[str, int] = {}
    """How often steps are tried once more because of something outside the work, such as a source that fails."""
    is_cancelled: bool = False
    """Whether the run ends because it is cancelled: bodies may be cut off then, and others never begin."""
    is_open: bool = False
    """Whether any end is an answer; the checks of the scenario then judge what the tool did."""


AS_ASKED: Final = Expectation()


@dataclass(frozen=True)
class Expected:
    """What has to be seen of a run, be it of a workload or of a pipeline."""

    after: Mapping[str, tuple[str, ...]]
    """Which bodies each body waits for."""
    attempts: Mapping[str, int]
    tokens: Mapping[str, str] = field(default_factory=dict)
    may_skip: tuple[str, ...] = ()
    fails_at: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The bodies whose last attempt must fail, and how the errors may begin."""
    is_cancelled: bool = False
    """Whether all of this is only expected as far as the run came until it was cancelled."""

    @property
    def state(self) -> str:
        """Return what the tool has to call the run in the end."""
        if self.is_cancelled:
            return "cancelled"
        return "failed" if self.fails_at else "succeeded"

    def parents(self, name: str, ran: Collection[str]) -> Iterator[str]:
        """Yield the bodies that a body had to wait for; a skipped one is replaced by those that it waits for."""
        for parent in self.after[name]:
            if parent in ran:
                yield parent
            else:
                yield from self.parents(parent, ran)


def steps_of(work: Pipeline, expectation: Expectation = AS_ASKED) -> Mapping[str, tuple[str, ...]]:
    """Return the steps of a pipeline that have to run, and which steps each of them waits for."""
    every = STEPS[work.pipeline]
    if not expectation.fails_at:
        return every
    names = list(every)
    return {name: every[name] for name in names[: names.index(expectation.fails_at) + 1]}


def expected_of(work: Workload | Pipeline, expectation: Expectation = AS_ASKED, runs: int = 1) -> Expected:
    """Return what has to be seen of so many runs of the work, taken together."""
    whole = _of_pipeline(work, expectation, runs) if isinstance(work, Pipeline) else _of_workload(work, runs)
    return replace(whole, is_cancelled=expectation.is_cancelled)


def _of_pipeline(work: Pipeline, expectation: Expectation, runs: int) -> Expected:
    steps = steps_of(work, expectation)
    names = list(steps)

    def failures(name: str) -> int:
        # Where all steps are one task, what fails runs again from the first step on.
        again = names[names.index(name) :] if work.pipeline in ONE_TASK else [name]
        return expectation.more_tries.get(name, 0) + sum(work.faults.get(each, 0) for each in again)

    return Expected(
        steps,
        {name: runs + failures(name) for name in names},
        may_skip=expectation.may_skip,
        fails_at={expectation.fails_at: REFUSAL} if expectation.fails_at else {},
    )


def _of_workload(work: Workload, runs: int) -> Expected:
    attempts: dict[str, int] = {}
    failing: dict[str, tuple[str, ...]] = {}
    for node in work.nodes:
        # Below a failure nothing runs; beside it everything does.
        if all(parent in attempts and parent not in failing for parent in node.after):
            tries = 1 + (node.retry.times if node.retry else 0)
            failures = node.fault.attempts if node.fault else 0
            attempts[node.id] = 1 if node.fault and node.fault.final else min(failures + 1, tries)
            if failures >= attempts[node.id]:
                failing[node.id] = PLANNED
    done = {node.id: work.tokens[node.id] for node in work.nodes if node.id in attempts and node.id not in failing}
    after = {node.id: node.after for node in work.nodes if node.id in attempts}
    return Expected(after, {name: runs * times for name, times in attempts.items()}, done, fails_at=failing)


def verify(
    timeline: Timeline, work: Workload | Pipeline, width: int, expectation: Expectation = AS_ASKED, runs: int = 1
) -> dict[str, str]:
    """Return what is wrong with a trial of so many runs, by check; nothing, when the trial did what was asked for."""
    if expectation.is_open:
        return {}
    if timeline.are_told_apart:
        return _verify_each(timeline.runs, work, width, expectation, runs)
    # Bodies that do not say which run they belong to cannot be put in order.
    wrong = _verify(timeline, expected_of(work, expectation, runs), work, in_order=runs == 1)
    _verify_width(timeline, width * runs, wrong)
    return wrong


def _verify_each(
    timelines: Mapping[str, Timeline], work: Workload | Pipeline, width: int, expectation: Expectation, runs: int
) -> dict[str, str]:
    """Hold each of several runs to what is asked of one; the first of them that went wrong is named."""
    wrong: dict[str, str] = {}
    if len(timelines) != runs:
        wrong["every_body_ran_once"] = f"{len(timelines)} runs have left a trace, not {runs}"
    for name, timeline in timelines.items():
        of_run = _verify(timeline, expected_of(work, expectation), work, in_order=True)
        _verify_width(timeline, width, of_run)
        wrong = {check: f"run {name}: {why}" for check, why in of_run.items()} | wrong
    return wrong


def _verify(timeline: Timeline, expected: Expected, work: Workload | Pipeline, *, in_order: bool) -> dict[str, str]:
    wrong: dict[str, str] = {}
    _verify_attempts(timeline, expected, wrong)
    if wrong:
        return wrong
    if in_order:
        _verify_order(timeline, expected, wrong)
    for name, token in expected.tokens.items():
        if expected.is_cancelled and timeline.first_success(name) is None:
            continue  # it was cut off, or never began
        if timeline.attempts[name][-1].token != token:
            wrong["work_verified"] = f"{name} ended with {timeline.attempts[name][-1].token!r}"
    if isinstance(work, Pipeline):
        _verify_passed(timeline, expected, wrong)
    # How long a cancelled body lives on is no matter of verification: scenarios measure it.
    last = max(timeline.last_start, timeline.cancelling or 0) if expected.is_cancelled else timeline.last_end
    if timeline.settled is None or timeline.settled < last:
        what = "the cancel, or before the last body began" if expected.is_cancelled else "the last body had ended"
        wrong["settled_after_last_body"] = f"the tool called the run over before {what}"
    elif timeline.state != expected.state:
        wrong["settled_after_last_body"] = f"the tool calls it {timeline.state or 'nothing'}, not {expected.state}"
    return wrong


def _verify_width(timeline: Timeline, width: int, wrong: dict[str, str]) -> None:
    if "every_body_ran_once" not in wrong and (most := max_concurrency(timeline)) > width:
        wrong["width_respected"] = f"{most} bodies at once, where {width} may"


def _verify_order(timeline: Timeline, expected: Expected, wrong: dict[str, str]) -> None:
    must_run = expected.after.keys() - set(expected.may_skip)
    for name, attempts in timeline.attempts.items():
        for parent in expected.parents(name, timeline.attempts.keys() | must_run):
            done = timeline.first_success(parent)
            # Where all steps are one task, a failure makes the parent run again, after the child's first try. Then the
            # child has to run again too, unless the run is cancelled before.
            is_stale = not expected.is_cancelled and timeline.start(name) < timeline.end(parent)
            if done is None or attempts[0].started < done or is_stale:
                wrong["order_respected"] = f"{name} began before {parent} had ended"


def _verify_passed(timeline: Timeline, expected: Expected, wrong: dict[str, str]) -> None:
    """A step that says what it got must have got what the step before says that it made."""
    for name, attempts in timeline.attempts.items():
        for parent in expected.parents(name, timeline.attempts.keys()):
            made, got = timeline.attempts[parent][-1].token, attempts[-1].token
            if made and got and made != got:
                wrong["work_verified"] = f"{parent} made {made}, and {name} got {got}"


def _verify_attempts(timeline: Timeline, expected: Expected, wrong: dict[str, str]) -> None:
    if timeline.submitted is None:
        wrong["every_body_ran_once"] = "the event `submitted` is missing"
    if expected.is_cancelled and timeline.cancelling is None:
        wrong["every_body_ran_once"] = "the event `cancelling` is missing"
    if unknown := timeline.attempts.keys() - expected.after.keys():
        wrong["every_body_ran_once"] = f"a body ran that should not have: {min(unknown)}"
    for name, times in expected.attempts.items():
        attempts = timeline.attempts.get(name, [])
        if name in expected.may_skip and not attempts:
            continue
        if expected.is_cancelled and _is_cut(attempts, times, timeline.cancelling or 0):
            continue
        _verify_body(name, attempts, expected, wrong)


def _verify_body(name: str, attempts: Sequence[Attempt], expected: Expected, wrong: dict[str, str]) -> None:
    times = expected.attempts[name]
    if len(attempts) != times and not (name in expected.may_skip and len(attempts) < times):
        errors = "; ".join(each.error for each in attempts if each.error)
        miscount = f"{name} ran {len(attempts)} times, not {times}"
        wrong["every_body_ran_once"] = f"{miscount} ({errors})" if errors else miscount
    elif any(attempt.ended is None for attempt in attempts):
        wrong["every_body_ran_once"] = f"the end of {name} is missing"
    elif name in expected.fails_at:
        if not attempts[-1].error.startswith(expected.fails_at[name]):
            wrong["work_verified"] = f"{name}: {attempts[-1].error or 'it did not fail'}"
    elif attempts[-1].error:
        wrong["work_verified"] = f"{name}: {attempts[-1].error}"


def _is_cut(attempts: Sequence[Attempt], times: int, cancelling: int) -> bool:
    """Whether so many attempts were to be made, and the cancel came before the last of them was over."""
    if not attempts:
        return True
    *before, last = attempts
    if len(attempts) > times or any(each.ended is None for each in before):
        return False
    was_over = last.ended is not None and last.ended <= cancelling
    return not was_over or (len(attempts) < times and bool(last.error))
