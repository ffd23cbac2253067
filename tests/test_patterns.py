"""Every check of every pattern can fail: a fault that is planted in the plain adapter is caught by the check for it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import ROOT, stand_in
from small_runs import block, suite_of

from bench.export.publish import publish
from bench.plan import planning
from bench.plan.plan import Plan
from bench.plan.suite import Suite
from bench.plan.tools import Deployment, Tool, discover
from bench.run import session
from bench.scenarios import SCENARIOS
from bench.scenarios.caching.cases import NEEDS
from bench.store.folder import RunFolder

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
    "retries_once_too_often": (
        "retries",
        "tried_as_often_as_needed",
        "and [234] were needed",
    ),
    "does_not_wait": ("retries", "constant_waits_are_kept", "s were asked for"),
    "retries_what_is_final": ("retries", "final_error_is_tried_once", "it was tried 2 times"),
    "runs_a_neighbour_again": ("retries", "nothing_else_runs_again", "beside, which did not fail, ran 2 times"),
    "goes_on_below_a_failure": (
        "retries",
        "nothing_below_a_failure_runs",
        "below ran, although what it waits for had failed",
    ),
    "keeps_nothing": ("caching", "unchanged_is_not_computed_again", "the body ran, although nothing had changed"),
    "looks_at_the_code_alone": ("caching", "changed_input_is_seen", "is used in the place of"),
    "does_not_look_at_the_code": ("caching", "changed_body_is_seen", "is used in the place of"),
    "looks_at_the_body_alone": ("caching", "changed_helper_is_seen", "is used in the place of"),
    "never_forgets": ("caching", "expired_is_computed_again", "although the result was too old"),
    "falls_over_a_broken_file": ("caching", "spoiled_is_computed_again", "corrupted: the tool calls the run failed"),
    "refuses_what_cannot_be_hashed": ("caching", "unhashable_input_is_computed", "the tool calls the run failed"),
    "does_not_lock": ("caching", "two_at_once_compute_once", "the body ran 2 times"),
    "runs_one_after_another": ("parallelism", "tasks_overlap", "1 at once, where 2 were asked for"),
    "exceeds_the_width": ("parallelism", "width_respected", "[34] bodies at once, where 2 may"),
    "reports_other_tries": ("retries", "own_records_agree", "says that faulty was tried 7 times"),
    "reports_other_times": ("parallelism", "own_records_overlap_too", "says that 4 ran at once, and 2 did"),
    "hands_on_a_truncated_frame": ("payload", "arrives_as_it_was_made", "was made, and"),
    "loses_the_frame_without_a_word": ("payload", "says_what_it_cannot_pass", "no frame arrived"),
    "believes_every_parameter": ("parameters", "unknown_name_is_refused", "as if nothing had been said"),
    "ignores_what_is_overridden": ("parameters", "overrides_arrive", "max_depth should be"),
    "runs_twice_what_is_shared": ("composition", "shared_part_runs_once", "clean ran 2 times"),
    "tries_everything_again": ("granularity", "only_what_failed_runs_again", "ran again too"),
}
"""Each fault, with the scenario and the check that catch it, and what the check says it saw (a regular expression)."""

ALSO_CAUGHT_BY = {
    "does_not_wait": {"sequences_of_waits_are_kept"},
    "looks_at_the_body_alone": {"changed_helper_is_seen_by_file"},
    "believes_every_parameter": {"wrong_type_is_refused", "out_of_range_is_refused"},
    "tries_everything_again": {"models_are_trained_at_once"},
}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Tool:
    """The plain adapter's environment, with the faults to be planted."""
    folder = tmp_path_factory.mktemp("world") / "plain_faulty"
    stand_in(folder / ".venv", discover()["plain"].python, FOLDER)
    deployments = tuple(Deployment(name, "library", "one process, a pool of threads") for name in FAULTS)
    return Tool("faulty", folder, "faulty_patterns", deployments)


class Quiet:
    """A watcher that nobody looks at."""

    def starting(self, *_: object) -> None: ...
    def ended(self, *_: object) -> None: ...
    def lost(self, *_: object) -> None: ...


def cases_for(scenario: str, checks: Iterable[str]) -> set[str]:
    """Return the cases that the checks need, with those that they build on; of a check of any case, all (none is named)."""
    known = SCENARIOS[scenario].checks
    needs = [set(known[check].needs) if check in known else set() for check in checks]
    if not all(needs):
        return set()
    cases = set().union(*needs)
    while more := {NEEDS[case] for case in cases if case in NEEDS} - cases:
        cases |= more
    return cases


def only(planned: Plan, cases: Collection[str]) -> Plan:
    """Return the plan without other cases; all of it, if none is named."""
    starts = [
        replace(start, trials=tuple(trial for trial in start.trials if not cases or trial.case.name in cases))
        for start in planned.starts
    ]
    return Plan(tuple(starts))


def verdicts(
    faulty: Tool, fault: str, scenario: str, folder: Path, checks: Iterable[str] = ()
) -> dict[str, tuple[str, str]]:
    """Run what the checks need with the fault planted, or all, and return the verdict of each, with its evidence."""
    planted = block(scenario, options=OPTIONS[scenario], skip=[each for each in FAULTS if each != fault])
    suite = msgspec.toml.decode(suite_of(planted), type=Suite)
    run = session.begin(RunFolder(folder), planning.Choice(suite, [faulty], seed=1))
    run = replace(run, plan=only(run.plan, cases_for(scenario, checks)))
    session.carry_out(run, Quiet(), publish)
    return {row.check: (row.verdict, row.because) for row in RunFolder(folder).results().checks}


@pytest.mark.parametrize("scenario", OPTIONS)
def test_what_is_right_passes(scenario: str, faulty: Tool, tmp_path: Path) -> None:
    """Without a fault every check passes."""
    found = verdicts(faulty, "honest", scenario, tmp_path / "run")
    assert SCENARIOS[scenario].checks.keys() - found.keys() <= {"own_records_overlap_too"}  # plain Python keeps no records
    assert {check: row for check, row in found.items() if row[0] != "pass"} == {}


@pytest.mark.parametrize("fault", CAUGHT_BY)
def test_a_planted_fault_is_caught(fault: str, faulty: Tool, tmp_path: Path) -> None:
    """The check that is there for the fault fails, and says that it has seen just that."""
    scenario, check, says = CAUGHT_BY[fault]
    also = ALSO_CAUGHT_BY.get(fault, set())
    found = verdicts(faulty, fault, scenario, tmp_path / "run", {check} | also)
    verdict, because = found[check]
    assert verdict == "fail" and re.search(says, because), because
    for other in also:
        assert found[other][0] == "fail"


def test_no_check_is_without_its_fault() -> None:
    """For each check of each pattern there is a fault that it catches."""
    caught = {check for _, check, _ in CAUGHT_BY.values()} | {check for more in ALSO_CAUGHT_BY.values() for check in more}
    caught |= {"failure_reaches_the_parent"}  # by goes_on_below_a_failure, which it has a test of its own for
    elsewhere = {"churn"}  # made-up runs with a fault each: test_churn.py
    assert caught >= {check for name, scenario in SCENARIOS.items() if name not in elsewhere for check in scenario.checks}
    assert set(FAULTS) == {"honest", *CAUGHT_BY}


def test_a_failure_that_does_not_reach_the_parent_is_caught(faulty: Tool, tmp_path: Path) -> None:
    """What goes on below a failure inside a group is seen from outside."""
    check = "failure_reaches_the_parent"
    found = verdicts(faulty, "goes_on_below_a_failure", "composition", tmp_path / "run", {check})
    verdict, because = found[check]
    assert verdict == "fail" and "ran, although what it waits for had failed" in because, because


SUITE = suite_of(
    block("overhead", options={"sizes": {"chain": [1]}}),
    block("retries", joins=True),
    block("caching", joins=True, repeat=2),
    block("parallelism", tier="service", joins=True, widths=[1, 2]),
)


def test_what_joins_runs_behind_its_hosts_in_the_same_engines() -> None:
    """No start is made for what finds one; every run is there, once, under a name of its own, and in order."""
    known = discover()
    suite = msgspec.toml.decode(SUITE, type=Suite)
    planned = planning.make(planning.Choice(suite, list(known.values()), 1), 1e6)
    ids = [trial.id for trial in planned.trials]
    assert len(ids) == len(set(ids))
    shared = [start for start in planned.starts if start.setup.tier == "library" and start.setup.default]
    assert {len([start for start in shared if start.setup.orchestrator == tool]) for tool in ("airflow", "prefect")} == {1}
    for start in shared:
        scenarios = list(dict.fromkeys(trial.scenario for trial in start.trials))
        assert scenarios == ["overhead", "retries", "caching"]
        assert [warmup.scenario for warmup in start.warmups][-1] == "caching"
    assert {start.width for start in planned.starts if start.setup.tier == "service"} == {1, 2}
