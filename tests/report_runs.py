"""A run with its report, and what its report would be if more had been measured; both are made once for all tests."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from conftest import orchbench_in
from small_runs import block, edited, finished_run, suite_of

SUITE = suite_of(
    block(
        "overhead",
        rounds=2,
        repeat=2,
        reference_starts=3,
        limit_s=60,
        control=["plain"],
        options={"sizes": {"chain": [1, 10, 20], "fan_out": [4, 8]}, "sweep_ms": [2, 10]},
    ),
    block("retries", reference_starts=2, limit_s=60, options={"delay_s": 0.05, "backoff_tries": 2}),
    block("caching", reference_starts=7, limit_s=60, options={"cases": ["cold", "warm"]}),
    block("payload", reference_starts=2, limit_s=60, control=["plain"], options={"sizes_kb": [1, 100]}),
    block("overhead", tier="service", reference_starts=2, limit_s=60, options={"sizes": {"chain": [1, 3]}}),
)

WHO = (("airflow", "stock"), ("plain", "stock"), ("airflow", "tuned"))


AIRFLOW = {"title": "Apache Airflow", "called": "Airflow", "colour": {"light": "#b3431f", "dark": "#ff9068"}}


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real run of plain Python, with its report."""
    return finished_run(tmp_path_factory.mktemp("report"), SUITE, "--seed", "1")


@pytest.fixture(scope="session")
def mixed(run: Path) -> Path:
    """The same run as if two tools had been measured, one of them tuned too: one fails, the other cannot do something."""
    copy = run.parent / "mixed"
    shutil.copytree(run, copy)
    trials = {path: json.loads(path.read_text()) for path in copy.glob("trials/*/trial.json")}
    scenario = {trial["start"]: trial["scenario"] for trial in trials.values()}
    seen: Counter[tuple[str, ...]] = Counter()
    who: dict[str, tuple[str, str]] = {}
    for path in sorted(copy.glob("starts/*/start.json")):
        with edited(path) as start:
            its = start["setup"]
            place = scenario[start["id"]], its["deployment"], str(its["control"])
            # Three starts in a row are one's, because a control of fewer has no interval, and so no noise floor.
            its["orchestrator"], its["profile"] = who[start["id"]] = WHO[seen[place] // 3 % len(WHO)]
            seen[place] += 1
    for path, trial in trials.items():
        trial["setup"]["orchestrator"], trial["setup"]["profile"] = its = who[trial["start"]]
        if (its, trial["workload"]) == (("airflow", "stock"), "retries_sequence"):
            trial |= {"end": "crashed", "because": "made to fail"}
        if (its, trial["scenario"]) == (("plain", "stock"), "caching"):
            trial |= {"end": "unsupported", "because": "unsupported: made to be"}
        path.write_text(json.dumps(trial))
    with edited(copy / "run.json") as record:
        record["orchestrators"] = ["airflow", "plain"]
        record["tools"]["airflow"] = record["tools"]["plain"] | AIRFLOW
    done = orchbench_in(run.parent, "report", copy)
    assert done.code == 0, done.err
    return copy
