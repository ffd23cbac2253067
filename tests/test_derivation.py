"""From the records and events of runs to numbers: what each one takes into account, and which of them stand for a tool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, cast

import msgspec
import pytest
from small_runs import made_up_record, recorded

from bench.derive import engines, results
from bench.derive.measured import measure
from bench.events.log import Data
from bench.events.timeline import Attempt, Timeline
from bench.events.verification import expected_of
from bench.plan.setup import Setup
from bench.scenarios import METRICS, SCENARIOS, Capacity
from bench.store.records import Reported, RunOfTrial, StartRecord, TrialRecord
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


def test_where_a_task_was_tried_again_the_records_say_nothing_of_its_first_start() -> None:
    """They have the last try, so that the start of the first task would be told too late."""
    record = made_up_record(cases=recorded(CHAIN), scenarios={"overhead": 1})
    for tries, is_told in ((1, True), (2, False)):
        said = Reported(submitted=0.0, tasks={"n0": (1.0, 2.0), "n1": (3.0, 4.0)}, attempts={"n0": tries, "n1": 1})
        trial = TrialRecord(
            id="0", scenario="overhead", workload=CHAIN.name, setup=AIRFLOW, start="1", round=1, repeat=0, end="over",
            runs=[RunOfTrial(reported=said)],
        )  # fmt: skip
        rows = results.derive(measure(record, [trial], [], lambda _: took(1.0))).results.estimates
        assert any(row.metric == "reported_submit_to_first_s" for row in rows) == is_told


def test_the_way_into_nested_pipelines_and_the_way_out_are_told_apart() -> None:
    """A tool may wait for something else on either, and on neither in proportion to the levels."""
    its = SCENARIOS["composition"]
    cases = [case for case in its.cases(its.parse({}), Capacity(2, 2, 1.0)) if "depth" in case.axes]
    timelines: dict[str, Timeline] = {}
    for case, into, out in zip(cases, (0.5, 2.0, 2.5, 3.0), (0.5, 1.0, 4.0, 9.0), strict=True):
        work = cast("Workload", case.work)
        last = len(work.nodes) - 1
        steps = [0.25 + into * (place == 1) + out * (place == last) for place in range(last + 1)]
        begins = {node.id: round(sum(steps[: place + 1]) * S) for place, node in enumerate(work.nodes)}
        attempts = {name: [Attempt(at, at, token=work.tokens[name])] for name, at in begins.items()}
        timelines[case.name] = Timeline(0, int(20 * S), "succeeded", attempts=attempts)
    trials = [
        TrialRecord(
            id=case.name, scenario="composition", workload=case.name, axes=dict(case.axes), setup=AIRFLOW, start="1",
            round=1, repeat=0, end="over",
        )
        for case in cases
    ]  # fmt: skip
    record = made_up_record(cases=recorded(*cases), scenarios={"composition": its.version})
    rows = results.derive(measure(record, trials, [], timelines.__getitem__)).results.estimates
    for metric, seconds in (("entering_s", [0.5, 2.0, 2.5, 3.0]), ("leaving_s", [0.5, 1.0, 4.0, 9.0])):
        found = {row.workload: row.median for row in rows if row.metric == metric}
        assert found == {case.name: pytest.approx(0.25 + each) for case, each in zip(cases, seconds, strict=True)}


def test_memory_is_told_of_the_first_run_of_an_engine_only() -> None:
    """What a run before has left in memory is not the frame's."""
    its = SCENARIOS["payload"]
    cases = [case for case in its.cases(its.parse({"sizes_kb": [1]}), Capacity(2, 2, 1.0)) if case.is_watched]
    trials = [
        TrialRecord(
            id=f"{start}-{case.name}", number=place, scenario="payload", workload=case.name, axes=dict(case.axes),
            setup=AIRFLOW, start=start, round=1, repeat=0, end="over",
        )
        for start, own in (("1", cases[:1]), ("2", cases[1:]))
        for place, case in enumerate(own)
    ]  # fmt: skip
    record = made_up_record(cases=recorded(*cases), scenarios={"payload": its.version})
    passed = {step: [Attempt(at, at + 1, token="the frame")] for step, at in (("make", S), ("take", 2 * S))}
    ran = Timeline(0, 3 * S, "succeeded", attempts=passed, samples=[Data(pss=5_000_000)])
    rows = results.derive(measure(record, trials, [], lambda _: ran)).results.estimates
    found = [next(row for row in rows if (row.workload, row.metric) == (case.name, "peak_pss_mb")) for case in cases]
    assert [row.median for row in found] == [5.0, 5.0, None]
    assert found[2].missing_because == METRICS["peak_pss_mb"].lack


def test_an_engine_is_as_ready_as_where_it_has_the_least_to_serve() -> None:
    """What has to be loaded first is no part of what the tool takes: only starts that are alike are put together.

    A start that came up at the third try says so by its name.
    """
    record = made_up_record(cases=recorded(CHAIN), scenarios={"overhead": 1})
    seconds = {"1": 9.0, "2": 2.0, "3": 4.0}
    starts = [
        StartRecord(
            id=f"{name}-stock-3" if name == "2" else name,
            setup=AIRFLOW,
            start_s=took_s,
            deploy_s=1.0,
            versions={},
            settings=[],
            listening=[],
        )
        for name, took_s in seconds.items()
    ]
    more = {name: [CHAIN.name, *(["train"] if name == "1" else [])] for name in seconds}
    trials = [
        TrialRecord(
            id=f"{name}-{work}",
            scenario="overhead",
            workload=work,
            setup=AIRFLOW,
            start=start.id,
            round=1,
            repeat=0,
            end="over",
        )
        for start, (name, works) in zip(starts, more.items(), strict=True)
        for work in works
    ]
    cases = recorded(CHAIN, Pipeline("train", "train"))
    (engine,) = engines.engines(starts, trials, msgspec.structs.replace(record, cases=cases))
    assert (engine.starts, engine.ready_s, engine.served, engine.failed) == (2, 4.0, 1, 2)


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
