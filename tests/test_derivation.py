"""From the records and events of runs to numbers: what each one takes into account, and which of them stand for a tool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import pytest
from small_runs import made_up_record, recorded

from bench.derive import results
from bench.derive.measured import measure
from bench.events.timeline import Attempt, Timeline
from bench.events.verification import expected_of
from bench.plan.setup import Setup
from bench.store.records import TrialRecord
from bench.store.rows import Estimate, Ratio, Results
from contract.pipeline import STEPS, Pipeline
from contract.workload import Node, Workload

S = 1_000_000_000

Row = TypeVar("Row", Estimate, Ratio)

CHAIN = Workload("chain_2", (Node("n0"), Node("n1", after=("n0",))))
SERVE = Setup("prefect", "service", "stock", "serve", "a process per run")
WORKER = Setup("prefect", "service", "stock", "worker", "a process per run", default=False)
AIRFLOW = Setup("airflow", "service", "stock", "local_executor", "a process per task")


def derived(scenario: str, work: Workload | Pipeline, runs: Sequence[tuple[Setup, Timeline | None]]) -> Results:
    """Return what is derived of runs of the work; one without a timeline has crashed."""
    record = made_up_record(cases=recorded(work), scenarios={scenario: 1})
    timelines = {str(number): timeline for number, (_, timeline) in enumerate(runs)}
    trials = [
        TrialRecord(
            id=str(number), scenario=scenario, workload=work.name, setup=subject, start="1", round=1, repeat=number,
            end="over" if timeline else "crashed", because=None if timeline else "it fell over",
        )
        for number, (subject, timeline) in enumerate(runs)
    ]  # fmt: skip
    return results.derive(measure(record, trials, [], lambda trial: timelines[trial] or Timeline())).results


def took(seconds: float, waited: float = 1.0) -> Timeline:
    """Return a run of two empty tasks, with so long between them, that waited for so long before the first."""
    begins = {"n0": waited, "n1": waited + seconds}
    attempts = {name: [Attempt(int(at * S), int(at * S), token=CHAIN.tokens[name])] for name, at in begins.items()}
    return Timeline(0, int((waited + seconds + 1) * S), "succeeded", attempts=attempts)


def number(rows: Sequence[Row], metric: str, setup: Setup = AIRFLOW) -> Row:
    """Return the row of a setup's metric."""
    (row,) = (row for row in rows if (row.metric, row.setup) == (metric, setup))
    return row


def one_after_another(work: Pipeline, waited: int) -> Timeline:
    """Return a run whose bodies take two seconds each, three seconds apart, after so many seconds of waiting."""
    timeline = Timeline(0, state="succeeded")
    now = waited * S
    for step, times in expected_of(work).attempts.items():
        errors = ["planned"] * (times - 1) + [""]
        timeline.attempts[step] = [
            Attempt(now + 5 * i * S, now + (5 * i + 2) * S, error=each) for i, each in enumerate(errors)
        ]
        now += 5 * times * S
    timeline.settled = now
    return timeline


def test_time_between_steps_begins_with_the_first() -> None:
    """The wait before it, which a poll draws, is a number of its own; beside another step no time is between steps."""
    infer = Pipeline("infer", "infer")
    rows = derived("churn", infer, [(AIRFLOW, one_after_another(infer, 7))]).estimates
    steps = len(STEPS["infer"])
    wanted = {
        "submit_to_first_s": 7,
        "first_to_last_s": 5 * steps - 3,
        "makespan_s": 7 + 5 * steps - 3,
        "between_steps_s": 3 * (steps - 1),
        "finish_lag_s": 3,
    }
    assert {metric: number(rows, metric).median for metric in wanted} == pytest.approx(wanted)


def test_what_the_instrument_adds_is_divided_by_nothing() -> None:
    """The end of a run is noticed late, by more than a fast tool takes: it is a number, and in no ratio."""
    its = derived("overhead", CHAIN, [(SERVE, took(5.5)), (AIRFLOW, took(1000.0))])
    assert number(its.estimates, "finish_lag_s").median == pytest.approx(1)
    assert {row.metric for row in its.ratios} == {"first_to_last_s", "transition_ms"}


def test_the_usual_deployment_stands_for_its_tool() -> None:
    """Also where another one is faster; and ratios are taken against the best of those that stand for their tools."""
    its = derived("overhead", CHAIN, [(SERVE, took(5.5)), (WORKER, took(5.0)), (AIRFLOW, took(1000.0))])
    usual = {each: number(its.estimates, "first_to_last_s", each).usual for each in (SERVE, WORKER, AIRFLOW)}
    assert usual == {SERVE: True, WORKER: False, AIRFLOW: True}
    ratios = {row.setup: row for row in its.ratios if row.metric == "first_to_last_s"}
    assert {row.against_deployment for row in ratios.values()} == {"serve"}
    assert {who: row.ratio for who, row in ratios.items()} == pytest.approx({WORKER: 5 / 5.5, AIRFLOW: 1000 / 5.5})


def test_another_deployment_stands_for_a_tool_whose_usual_one_has_no_number() -> None:
    """A tool does not fall out of a comparison because one of its deployments did."""
    its = derived("overhead", CHAIN, [(SERVE, None), (WORKER, took(5.0)), (AIRFLOW, took(1000.0))])
    assert number(its.estimates, "first_to_last_s", WORKER).usual
    assert not number(its.estimates, "first_to_last_s", SERVE).usual
    assert number(its.ratios, "first_to_last_s").against_deployment == "worker"


def test_a_failure_costs_what_comes_after_the_first_step_began() -> None:
    """Two runs that wait for a poll, one longer than the other, differ by that too: it is no cost of the failure."""
    cases = [
        (Pipeline("steps_again", "train"), 9),
        (Pipeline("steps_faulty", "train", faults={"train_random_forest": 1}), 1),
    ]
    record = made_up_record(cases=recorded(*(work for work, _ in cases)), scenarios={"granularity": 1})
    trials = [
        TrialRecord(
            id=work.name,
            scenario="granularity",
            workload=work.name,
            setup=AIRFLOW,
            start="1",
            round=1,
            repeat=1,
            end="over",
        )
        for work, _ in cases
    ]
    timelines = {work.name: one_after_another(work, waited) for work, waited in cases}
    rows = results.derive(measure(record, trials, [], timelines.__getitem__)).results.estimates
    assert number(rows, "retry_cost_s").median == pytest.approx(5)
