"""The scenario churn: its checks can fail, the reader's own customers are used or refused, and all comes to results.json."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import ORCHBENCH, Call, refusal
from small_runs import block, record_of, results_of, suite_of

from bench.events.timeline import Attempt, Timeline
from bench.events.verification import Expectation, verify
from bench.plan.tools import discover
from bench.scenarios.churn.scenario import CHECKS
from bench.scenarios.kit.case import Case, RecordedCase
from bench.scenarios.kit.check import Seen
from contract.pipeline import STEPS, Pipeline

ONCE = dict.fromkeys(STEPS["train"], 1)
MLFLOW = {
    "mlflow_runs": ["gradient_boosting", "logistic_regression", "random_forest"],
    "versions": ["m version 1 @champion"],
}
PREDICTED = {"predictions": "a" * 64, "rows": 10}

SUITE = suite_of(
    block("churn", reference_starts=1, limit_s=100, skip=["processes"], options={"rows": 600, "n_estimators": 10})
)


def seen(
    case: str, attempts: Mapping[str, int] = ONCE, facts: Mapping[str, Any] = MLFLOW, problem: str | None = None
) -> Seen:
    """Return a run as a check sees it."""
    ran = Timeline(attempts={name: [Attempt(1, 2)] * times for name, times in attempts.items()})
    return Seen(f"001.001-tool-{case}", Case(Pipeline(case, "train")), 1, 1, ran, facts, problem)


def without(step: str) -> dict[str, int]:
    """Return one attempt of each step but one."""
    return {name: times for name, times in ONCE.items() if name != step}


GOOD = {
    "same_predictions": [seen("infer", {}, PREDICTED)],
    "gate_keeps_bad_model_out": [seen("train"), seen("train_refused", without("register"), MLFLOW | {"versions": []})],
    "retries_leave_no_duplicates": [seen("train_faulty", ONCE | {"load": 3})],
    "features_not_computed_again": [seen("train_other_trees", without("features"))],
    "changed_split_computes_features": [seen("train_other_split")],
}

BAD = {
    "other predictions": ("same_predictions", [seen("infer", {}, PREDICTED | {"predictions": "b" * 64})]),
    "no predictions": ("same_predictions", [seen("infer", {}, {})]),
    "the gate let it pass": ("gate_keeps_bad_model_out", [seen("train"), seen("train_refused")]),
    "registered in another way": ("gate_keeps_bad_model_out", [seen("train"), seen("train_refused", without("register"))]),
    "a good model is kept out too": (
        "gate_keeps_bad_model_out",
        [
            seen("train", ONCE, MLFLOW | {"versions": []}),
            seen("train_refused", without("register"), MLFLOW | {"versions": []}),
        ],
    ),
    "a duplicate MLflow run": (
        "retries_leave_no_duplicates",
        [seen("train_faulty", ONCE, MLFLOW | {"mlflow_runs": ["random_forest", *MLFLOW["mlflow_runs"]]})],
    ),
    "a lost MLflow run": ("retries_leave_no_duplicates", [seen("train_faulty", ONCE, {"mlflow_runs": ["random_forest"]})]),
    "features again": ("features_not_computed_again", [seen("train_other_trees")]),
    "stale features": ("changed_split_computes_features", [seen("train_other_split", without("features"))]),
    "one of two was lost": ("retries_leave_no_duplicates", [seen("train_faulty"), seen("train_faulty", problem="timeout")]),
    "one of two registered a bad model": (
        "gate_keeps_bad_model_out",
        [
            seen("train"),
            seen("train_refused", without("register"), MLFLOW | {"versions": []}),
            seen("train_refused", ONCE, MLFLOW, "a body ran that should not have: register"),
        ],
    ),
    "the inference failed": ("same_predictions", [seen("infer", {}, PREDICTED), seen("infer", {}, {}, "crashed")]),
}


@pytest.mark.parametrize("check", CHECKS)
def test_each_check_passes_what_is_right(check: str) -> None:
    """A run as it should be passes, and the verdict names its evidence."""
    verdict = CHECKS[check].judge(GOOD[check], [seen("infer", {}, PREDICTED)])
    assert verdict is not None
    assert verdict.passed, verdict.because
    assert "001.001-tool" in verdict.because


@pytest.mark.parametrize("fault", BAD)
def test_each_check_catches_its_fault(fault: str) -> None:
    """A planted fault fails the check that is there for it."""
    check, runs = BAD[fault]
    verdict = CHECKS[check].judge(runs, [seen("infer", {}, PREDICTED)])
    assert verdict is not None
    assert not verdict.passed


def test_a_lost_run_is_no_observation() -> None:
    """Only what was seen can be called unsupported; and without plain Python there is nothing to compare with."""
    lost = CHECKS["features_not_computed_again"].judge([seen("train_other_trees", problem="crashed")], [])
    assert lost is not None
    assert (lost.passed, lost.observed) == (False, False)
    assert CHECKS["same_predictions"].judge([seen("infer", {}, PREDICTED)], []) is None


def ran(case: Case) -> Timeline:
    """Return a run of the pipeline in which everything went as planned, one step after another."""
    timeline = Timeline(submitted=0, state=case.expected.state)
    now = 1
    for step, times in case.expected.attempts.items():
        errors = ["planned"] * (times - 1) + ["GateFailed: no" if step in case.expected.fails_at else ""]
        timeline.attempts[step] = [Attempt(now + 2 * i, now + 2 * i + 1, error=error) for i, error in enumerate(errors)]
        now += 2 * times
    timeline.settled = now
    return timeline


def wrong(timeline: Timeline, case: Case) -> dict[str, str]:
    """Return what is wrong with a run of the case."""
    return verify(timeline, case.work, 2, case.expectation)


TRAIN = Case(Pipeline("train", "train", faults={"train_random_forest": 1}), expectation=Expectation(more_tries={"load": 1}))


def test_a_pipeline_that_did_what_it_should_is_verified() -> None:
    """Faults, a refusal and a skipped step are right when they were asked for; a run keeps what was asked."""
    refused = Case(Pipeline("r", "train"), expectation=Expectation(fails_at="gate", may_skip=("features",)))
    for case in (TRAIN, refused, Case(Pipeline("infer", "infer"))):
        kept = msgspec.json.decode(msgspec.json.encode(case.recorded()), type=RecordedCase)
        assert kept.at({}) == case
        assert wrong(ran(case), case) == {}
    skipped = ran(refused)
    del skipped.attempts["features"]
    assert wrong(skipped, refused) == {}


def fault_drops_a_step(timeline: Timeline) -> None:  # noqa: D103
    del timeline.attempts["features"]


def fault_does_not_retry(timeline: Timeline) -> None:  # noqa: D103
    timeline.attempts["load"].pop(0)


def fault_runs_a_step_early(timeline: Timeline) -> None:  # noqa: D103
    timeline.attempts["register"][0].started = 2


def fault_calls_a_failure_a_success(timeline: Timeline) -> None:  # noqa: D103
    timeline.state = "failed"


def fault_runs_models_before_validation(timeline: Timeline) -> None:  # noqa: D103
    del timeline.attempts["features"]
    timeline.attempts["validate"][0].ended = timeline.settled


def fault_runs_too_many_at_once(timeline: Timeline) -> None:  # noqa: D103
    for step in STEPS["train"]["select"]:
        timeline.attempts[step] = [Attempt(20, 21)] * len(timeline.attempts[step])


@pytest.mark.parametrize(
    "fault",
    [
        fault_drops_a_step,
        fault_does_not_retry,
        fault_runs_a_step_early,
        fault_calls_a_failure_a_success,
        fault_runs_models_before_validation,
        fault_runs_too_many_at_once,
    ],
)
def test_a_pipeline_that_did_otherwise_is_caught(fault: Callable[[Timeline], None]) -> None:
    """A planted fault is seen, so that the run yields no timing."""
    timeline = ran(TRAIN)
    fault(timeline)
    assert wrong(timeline, TRAIN) != {}


def customers(path: Path, rows: int = 5000) -> list[list[str]]:
    """Write a table of customers as a course reader would make it: each column drawn by itself."""
    drawn = random.Random(7)
    header = "customer_id,recency_days,frequency,monetary_value,avg_order_value,days_since_signup,total_orders"
    table = [[*header.split(","), "support_tickets", "age", "churned"]]
    for number in range(rows):
        recency = drawn.randint(0, 365)
        churned = int(drawn.random() < 0.1 + 0.6 * recency / 365)
        amounts = [f"{drawn.uniform(0, 900):.2f}", f"{drawn.uniform(5, 90):.2f}"]
        counts = [drawn.randint(30, 900), drawn.randint(0, 40), drawn.randint(0, 9), drawn.randint(18, 80), churned]
        table.append([f"{number}", f"{recency}", f"{drawn.randint(0, 20)}", *amounts, *map(str, counts)])
    path.write_text("\n".join(",".join(row) for row in table) + "\n")
    return table


def test_all_come_to_the_same_result_on_the_reader_s_own_customers(orchbench: Call, tmp_path: Path) -> None:
    """With --data every tool has a verdict for every check, no number is missing, and the run names the file."""
    customers(tmp_path / "customers.csv")
    (tmp_path / "pipelines.toml").write_text(SUITE)
    done = orchbench("run", "--suite", "pipelines.toml", "--data", "customers.csv", "--out", "run", timeout=600)
    assert done.code == 0, done.err
    results = results_of(tmp_path / "run")
    verdicts = {(row["orchestrator"], row["check"]): row["verdict"] for row in results["checks"]}
    assert verdicts.keys() >= {(tool, check) for tool in discover() for check in CHECKS}
    not_passed = {who: verdict for who, verdict in verdicts.items() if verdict != "pass"}
    assert not_passed == {
        ("dagster", "features_not_computed_again"): "fail",
    }, results["checks"]
    assert [row for row in results["estimates"] if row["median"] is None] == []
    assert {"makespan_s", "between_steps_s", "features_s"} <= {row["metric"] for row in results["estimates"]}
    assert record_of(tmp_path / "run")["data"]["file"] == "customers.csv"


@pytest.mark.slow("it trains twice; what a stopped run leaves is tested in test_interruption.py, too")
def test_an_interrupted_sequence_is_built_anew(orchbench: Call, tmp_path: Path) -> None:
    """Stopped after training, a run is gone on with: what the later runs build on is made again, uncounted."""
    (tmp_path / "pipelines.toml").write_text(SUITE)
    argv = [str(ORCHBENCH), "run", "--suite", "pipelines.toml", "--on", "plain", "--out", "run"]
    with subprocess.Popen(argv, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as harness:
        while not list(tmp_path.glob("run/trials/*-plain-train/trial.json")):
            assert harness.poll() is None
            time.sleep(0.01)
        harness.send_signal(signal.SIGINT)
    assert not list(tmp_path.glob("run/trials/*-infer_files/trial.json"))
    done = orchbench("run", "--resume", "run")
    assert done.code == 0, done.err
    results = results_of(tmp_path / "run")
    assert {row["verdict"] for row in results["checks"]} == {"pass"}, results["checks"]
    assert {row["n"] for row in results["estimates"] if row["metric"] == "makespan_s"} == {1}
    assert list(tmp_path.glob("run/trials/*-again-*-plain-train/trial.json"))


BROKEN = {
    "empty": "",
    "only a header": "customer_id,age\n",
    "not a table": "\x00\x01\x02",
    "semicolons": "customer_id;age\n1;2\n",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_broken_customers_are_refused_before_anything_is_started(orchbench: Call, tmp_path: Path, content: str) -> None:
    """One line, exit code 2, and no run folder; every kind of broken row is tested beside the core."""
    (tmp_path / "customers.csv").write_text(content)
    done = orchbench("run", "--scenario", "churn", "--on", "plain", "--data", "customers.csv", "--out", "run")
    assert refusal(done).startswith("--data customers.csv: ")
    assert not (tmp_path / "run").exists()


def test_data_without_the_scenario_is_refused(orchbench: Call, tmp_path: Path) -> None:
    """Customers are of no use to another scenario, and the message says so."""
    customers(tmp_path / "customers.csv", 50)
    done = orchbench("run", "--scenario", "overhead", "--on", "plain", "--data", "customers.csv", "--out", "run")
    assert (done.code, "churn" in done.err, (tmp_path / "run").exists()) == (2, True, False)
