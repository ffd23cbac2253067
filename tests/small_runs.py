"""Runs that take seconds: suites for them, finished ones to look at, and what spoils their files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from conftest import orchbench_in
from jsonschema import Draft202012Validator

from bench.base.origin import Host
from bench.scenarios.kit.case import Case, RecordedCase, Work
from bench.store.records import RunRecord
from bench.store.rows import Results
from bench.store.schema import schema_of


def block(scenario: str, **more: Any) -> dict[str, Any]:
    """Return a block of a suite: one run of each workload at the library tier, unless something else is said."""
    return {"scenario": scenario, "tier": "library", "rounds": 1, "repeat": 1, "limit_s": 30} | more


def suite_of(*blocks: Mapping[str, Any], name: str = "small") -> str:
    """Return the TOML of a suite of such blocks."""
    lines = [f'name = "{name}"', 'about = "For tests."']
    for each in blocks:
        lines += ["[[blocks]]", *(f"{key} = {_toml(value)}" for key, value in each.items())]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(its)}" for key, its in value.items()) + " }"
    return json.dumps(value)  # TOML writes strings, numbers, truth and lists as JSON does


def finished_run(folder: Path, suite: str, *arguments: object) -> Path:
    """Measure plain Python by the suite, in that folder, and return the run's own."""
    (folder / "suite.toml").write_text(suite)
    argv = ["run", "--suite", "suite.toml", "--on", "plain", "--out", "run", *arguments]
    done = orchbench_in(folder, *argv, timeout=300)
    assert done.code == 0, done.err
    return folder / "run"


def made_up_record(**more: Any) -> RunRecord:
    """Return what run.json would hold of a run that nobody made."""
    record: dict[str, Any] = {
        "id": "made-up", "suite": {}, "seed": 1, "orchestrators": [], "scenarios": {}, "width": 2, "cpu_rounds_per_s": 1.0,
        "trials_planned": 0, "plan": "", "host": Host(),
    }  # fmt: skip
    return RunRecord(**(record | more))


def recorded(*asked: Work | Case) -> dict[str, RecordedCase]:
    """Return what run.json keeps of the cases, or of work that is simply done once."""
    cases = [each if isinstance(each, Case) else Case(each) for each in asked]
    return {case.name: case.recorded() for case in cases}


def record_of(run: Path) -> dict[str, Any]:
    """Return run.json."""
    record: dict[str, Any] = json.loads((run / "run.json").read_text())
    return record


def results_of(run: Path) -> dict[str, Any]:
    """Return results.json, which is held to its schema whenever a test looks at one."""
    results: dict[str, Any] = json.loads((run / "results.json").read_text())
    validator("results").validate(results)
    return results


def read_results(run: Path) -> Results:
    """Return what results.json holds, as its readers in the harness have it."""
    return Results.of(results_of(run))


@cache
def validator(file: str) -> Draft202012Validator:
    """Return what holds a file of a run to its schema."""
    return Draft202012Validator(schema_of(file))


def samples_of(run: Path) -> list[dict[str, str]]:
    """Return the rows of samples.csv."""
    with (run / "samples.csv").open() as file:
        return list(csv.DictReader(file))


@contextmanager
def edited(path: Path) -> Iterator[Any]:
    """Hand out what a JSON file holds, and write down what became of it."""
    document = json.loads(path.read_text())
    yield document
    path.write_text(json.dumps(document))


def events_of(log: Path) -> list[dict[str, Any]]:
    """Return the events of a log, in its order."""
    return [json.loads(line) for line in log.read_text().splitlines()]


def stretch(log: Path, began: int, factor: float) -> None:
    """Let everything in a log of events happen so many times as long behind that moment."""
    events = [
        event | {"t": began + int((event["t"] - began) * factor)} if event["t"] > began else event
        for event in events_of(log)
    ]
    log.write_text("".join(json.dumps(event) + "\n" for event in events))
