"""The scenario `retries`: how late a retry comes where an engine looks in a loop, and which waits are judged."""

from __future__ import annotations

from math import ceil
from typing import cast

import pytest
from small_runs import made_up_record, recorded

from bench.derive import results
from bench.derive.measured import measure
from bench.events.timeline import Attempt, Timeline
from bench.plan.setup import Setup
from bench.scenarios import SCENARIOS, Capacity, Case, Seen
from bench.store.records import TrialRecord
from bench.store.rows import Results
from contract.workload import Workload

RETRIES = SCENARIOS["retries"]

SETUPS = {tool: Setup(tool, "service", "stock", "usual", "a process per task") for tool in ("airflow", "plain", "prefect")}


def case_of(name: str, delay_s: float = 0.5) -> Case:
    """Return the case of that name."""
    cases = RETRIES.cases(RETRIES.parse({"delay_s": delay_s}), Capacity(2, 2, 1000.0))
    return next(case for case in cases if case.name == name)


def looped(case: Case, phase_s: float, period_s: float = 1.0) -> Timeline:
    """Return a run in an engine that starts what is due when it looks, once in a period; a body takes 0.1 s."""
    work = cast("Workload", case.work)
    ends: dict[str, float] = {}
    timeline = Timeline(0, state="succeeded")
    for node in work.nodes:
        due = max((ends[above] for above in node.after), default=0.0)
        faults = node.fault.attempts if node.fault else 0
        for number in range(faults + 1):
            began = phase_s + period_s * ceil((due - phase_s) / period_s)
            ended = began + 0.1
            failed = number < faults
            token = "" if failed else work.tokens[node.id]
            attempt = Attempt(int(began * 1e9), int(ended * 1e9), token=token, error="planned" if failed else "")
            timeline.attempts.setdefault(node.id, []).append(attempt)
            due = ended + node.retry.asked_s[number] if failed and node.retry else ended
        ends[node.id] = ended
    timeline.settled = int(1e9 * (max(ends.values()) + 1))
    return timeline


def derived(case: Case, phases_s: dict[str, float]) -> Results:
    """Return what is derived of a run of each tool, whose loop begins at that moment."""
    record = made_up_record(cases=recorded(case), scenarios={"retries": RETRIES.version})
    trials = [
        TrialRecord(
            id=tool, scenario="retries", workload=case.name, setup=SETUPS[tool], start=tool, round=1, repeat=1, end="over"
        )
        for tool in phases_s
    ]
    timelines = {tool: looped(case, phase) for tool, phase in phases_s.items()}
    return results.derive(measure(record, trials, [], lambda trial: timelines[trial])).results


def late_ms(name: str, delay_s: float, phase_s: float = 0.3) -> float:
    """Return how late the retries of a graph are said to come."""
    rows = derived(case_of(name, delay_s), {"airflow": phase_s}).estimates
    (late,) = (row.median for row in rows if row.metric == "delay_error_ms")
    assert late is not None
    return late


@pytest.mark.parametrize("delay_s", [0.1, 0.25, 0.5, 0.75, 0.9, 1.0])
@pytest.mark.parametrize("phase_s", [0.0, 0.37, 0.8])
def test_the_wait_that_we_ask_for_does_not_decide_how_late_a_retry_is(delay_s: float, phase_s: float) -> None:
    """A loop of a second is half a second late on average, whatever the wait and the phase."""
    assert late_ms("retries_spread", delay_s, phase_s) == pytest.approx(500, abs=1000 / 12 + 1)


def test_equal_waits_meet_a_loop_in_one_phase() -> None:
    """So their lateness is that of the wait that was chosen: the mean over spread waits is needed."""
    assert late_ms("retries_recovers", 0.85) < 100
    assert late_ms("retries_recovers", 0.05) > 800


def test_no_wait_is_divided() -> None:
    """The wait that was asked for, and the phase of a loop, are in each of them."""
    for name in ("retries_spread", "retries_recovers", "retries_backoff"):
        its = derived(case_of(name), {"airflow": 0.1, "plain": 0.5, "prefect": 0.7})
        assert {row.metric for row in its.estimates} >= {"attempts", "delay_error_ms"}
        assert {row.metric for row in its.ratios} == {"attempts"}


def test_each_of_the_spread_waits_is_judged() -> None:
    """One task that is tried again too early fails the check, though the others wait for longer than they have to."""

    def verdict(*early: str) -> bool | None:
        case = case_of("retries_spread")
        timeline = looped(case, 0.0)
        for node in early:
            failed, again = timeline.attempts[node]
            timeline.attempts[node] = [failed, Attempt((failed.ended or 0) + 200_000_000, again.ended, token=again.token)]
        seen = Seen(trial="1", asked=case, round=1, repeat=1, timeline=timeline, facts={})
        judged = RETRIES.checks["constant_waits_are_kept"].judge([seen], [])
        return judged.passed if judged else None

    assert verdict() is True
    assert verdict("n0") is verdict("n5") is False
