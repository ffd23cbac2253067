"""Every check of every pattern can fail: a fault that is planted in the plain adapter is caught by the check for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import ROOT

from bench import run as runs
from bench.orchestrators import Deployment, Orchestrator, discover
from bench.scenarios import SCENARIOS
from bench.store import RunFolder
from bench.suite import Suite

FOLDER = ROOT / "tests" / "pattern_fakes" / "src"
FAULTS = re.findall(r"^    (\w+),$", (FOLDER / "faulty_patterns.py").read_text().partition("FAULTS = (")[2], re.MULTILINE)

OPTIONS: dict[str, dict[str, Any]] = {
    "retries": {"delay_s": 0.1, "backoff_tries": 1},
    "caching": {},
    "parallelism": {"kinds": ["sleeping"], "task_s": 0.1},
    "payload": {"sizes_kb": [1], "ways": ["file"]},
    "parameters": {},
    "composition": {"depths": [0, 1]},
    "granularity": {"rows": 400, "n_estimators": 5},
}

CAUGHT_BY = {
    "retries_once_too_often": ("retries", "tried_as_often_as_needed"),
    "does_not_wait": ("retries", "waits_are_kept"),
    "retries_what_is_final": ("retries", "final_error_is_tried_once"),
    "runs_a_neighbour_again": ("retries", "nothing_else_runs_again"),
    "goes_on_below_a_failure": ("retries", "nothing_below_a_failure_runs"),
    "keeps_nothing": ("caching", "unchanged_is_not_computed_again"),
    "looks_at_the_code_alone": ("caching", "changed_input_is_seen"),
    "does_not_look_at_the_code": ("caching", "changed_body_is_seen"),
    "looks_at_the_body_alone": ("caching", "changed_helper_is_seen"),
    "never_forgets": ("caching", "expired_is_computed_again"),
    "falls_over_a_broken_file": ("caching", "spoiled_is_computed_again"),
    "refuses_what_cannot_be_hashed": ("caching", "unhashable_input_is_computed"),
    "honest": ("caching", "two_at_once_compute_once"),  # the few lines of plain Python have no lock
    "runs_one_after_another": ("parallelism", "tasks_overlap"),
    "exceeds_the_width": ("parallelism", "width_respected"),
    "hands_on_a_truncated_frame": ("payload", "arrives_as_it_was_made"),
    "loses_the_frame_without_a_word": ("payload", "says_what_it_cannot_pass"),
    "believes_every_parameter": ("parameters", "unknown_name_is_refused"),
    "ignores_what_is_overridden": ("parameters", "overrides_arrive"),
    "runs_twice_what_is_shared": ("composition", "shared_part_runs_once"),
    "tries_everything_again": ("granularity", "only_what_failed_runs_again"),
}
ALSO_CAUGHT_BY = {
    "believes_every_parameter": {"wrong_type_is_refused", "out_of_range_is_refused"},
    "tries_everything_again": {"models_are_trained_at_once"},
}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Orchestrator:
    """The plain adapter's environment, with the faults to be planted."""
    folder = tmp_path_factory.mktemp("world") / "plain_faulty"
    plain = discover()["plain"]
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    # Not on the PYTHONPATH alone: -P, which the harness calls its helpers with, does not go with it.
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{FOLDER}" exec "{plain.python}" "$@"\n')
    python.chmod(0o755)
    deployments = tuple(Deployment(name, "library", "one process, a pool of threads") for name in FAULTS)
    return Orchestrator("faulty", folder, "faulty_patterns", deployments)


class Quiet:
    """A watcher that nobody looks at."""

    def starting(self, *_: object) -> None: ...
    def ended(self, *_: object) -> None: ...
    def lost(self, *_: object) -> None: ...


def verdicts(faulty: Orchestrator, fault: str, scenario: str, folder: Path) -> dict[str, str]:
    """Run the scenario with the fault planted, and return the verdict of each check."""
    block = {
        "scenario": scenario,
        "tier": "library",
        "rounds": 1,
        "repeat": 1,
        "limit_s": 30,
        "options": OPTIONS[scenario],
        "skip": [each for each in FAULTS if each != fault],
    }
    suite = msgspec.convert({"name": "planted", "about": "For tests.", "blocks": [block]}, Suite)
    run = runs.begin(RunFolder(folder), suite, [faulty], seed=1)
    runs.carry_out(run, Quiet())
    return {row["check"]: row["verdict"] for row in RunFolder(folder).results()["checks"]}


@pytest.mark.parametrize("scenario", OPTIONS)
def test_what_is_right_passes(scenario: str, faulty: Orchestrator, tmp_path: Path) -> None:
    """Without a fault every check passes, but for the one thing that the few lines by hand do not do."""
    found = verdicts(faulty, "honest", scenario, tmp_path / "run")
    assert SCENARIOS[scenario].checks.keys() <= found.keys()
    failed = {check for check, verdict in found.items() if verdict != "pass"}
    assert failed == ({"two_at_once_compute_once"} if scenario == "caching" else set())


@pytest.mark.parametrize("fault", [name for name in CAUGHT_BY if name != "honest"])
def test_a_planted_fault_is_caught(fault: str, faulty: Orchestrator, tmp_path: Path) -> None:
    """The check that is there for the fault fails, and others of the scenario fail only if they see the same fault."""
    scenario, check = CAUGHT_BY[fault]
    found = verdicts(faulty, fault, scenario, tmp_path / "run")
    assert found[check] == "fail"
    for other in ALSO_CAUGHT_BY.get(fault, ()):
        assert found[other] == "fail"


def test_no_check_is_without_its_fault() -> None:
    """For each check of each pattern there is a fault that it catches."""
    caught = {check for _, check in CAUGHT_BY.values()} | {check for more in ALSO_CAUGHT_BY.values() for check in more}
    caught |= {"failure_reaches_the_parent"}  # by goes_on_below_a_failure, which it has a test of its own for
    assert caught >= {check for scenario in OPTIONS for check in SCENARIOS[scenario].checks}
    assert set(FAULTS) == set(CAUGHT_BY)


def test_a_failure_that_does_not_reach_the_parent_is_caught(faulty: Orchestrator, tmp_path: Path) -> None:
    """What goes on below a failure inside a group is seen from outside."""
    found = verdicts(faulty, "goes_on_below_a_failure", "composition", tmp_path / "run")
    assert found["failure_reaches_the_parent"] == "fail"
