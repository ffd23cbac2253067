"""The ledger: what stands in ours is measured by a suite, and a mistake in that of a reader is one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from conftest import Call, refusal
from ledgers import FAST, IN_TURN, OURS, SAMPLE, ledger, with_checks, with_estimates

from bench.claims.known import Known
from bench.claims.ledger import LEDGER, read
from bench.claims.settle import Settled, settle
from bench.plan import suite
from bench.plan.tools import discover
from bench.store.rows import Results

pytestmark = pytest.mark.xdist_group("claims")  # the golden run is derived once


# The ledger that orchbench comes with ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OURS)
def test_the_suite_that_is_proposed_measures_a_claim(name: str) -> None:
    """A reader whose run lacks the rows is sent to it."""
    claim, blocks = OURS[name], suite.load("full", discover()).blocks
    assert any(block.scenario == claim.scenario and claim.tier in {"", block.tier} for block in blocks)


def test_our_ledger_needs_no_run() -> None:
    """All that it names is in the checkout, so that a new run of any tool can be asked."""
    nothing = Results(run="none", estimates=[], ratios=[], controls=[], checks=[])
    assert read(LEDGER, Known(nothing)) == OURS


@pytest.mark.parametrize("its", settle(OURS, SAMPLE.results()), ids=lambda its: its.name)
def test_the_sample_says_what_is_expected(its: Settled) -> None:
    """A claim that nobody has measured yet expects nothing."""
    assert list(its.surprises) == []
    assert its.claim.expected is None or its.verdict != "not measured", its.because


@pytest.mark.parametrize("name", OURS)
def test_a_lost_run_turns_no_verdict_round(name: str) -> None:
    """A setup that said one thing says the same, or nothing."""
    lost = with_checks(SAMPLE.results(), lambda row: {"verdict": "fail"} if row.check == "comes_to_its_end" else {})
    [before], [after] = settle({name: OURS[name]}, SAMPLE.results()), settle({name: OURS[name]}, lost)
    said = {answer.setup: answer.holds for answer in before.answers}
    assert [answer for answer in after.answers if answer.holds not in {said[answer.setup], None}] == []


@pytest.mark.parametrize("its", settle(OURS, Results(run="", estimates=[], ratios=[], controls=[], checks=[])))
def test_what_a_run_does_not_hold_is_not_measured(its: Settled) -> None:
    """And the command that measures it is named."""
    assert its.verdict == "not measured" and not its.surprises
    assert f"orchbench run --suite full --scenario {its.claim.scenario}" in its.because


# A ledger of a reader --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('metric = "makespan_s"', 'metric = "makespam_s"'),
        ('metric = "makespan_s"', 'metric = "largest_ok_mb"'),
        ('workload = "chain_10"', 'workload = "chian_10"'),
        ("at_most = 60", 'at_most = 60, needs = "chian_10"'),
        ('tools = ["Prefect"]', 'tools = ["Perfect"]'),
        ('tools = ["Prefect"]', 'tools = ["Prefect"]\ndeployments = ["sevre"]'),
        ('tools = ["Prefect"]', 'tools = ["Prefect"]\ndeployments = ["local_executor"]'),
        ('tools = ["Prefect"]', 'tools = ["Prefect"]\ntier = "library"\ndeployments = ["serve"]'),
        ("expected = true", 'expected = ["sevre"]'),
        ('scenario = "overhead"', 'scenario = "overheat"'),
        ('scenario = "overhead"', 'scenario = "overhead"\ntier = "cellar"'),
        ("at_most = 60", "at_most = 60, at_lest = 2"),
        (", at_most = 60", ""),
        ("at_most = 60", "at_most = 60, at_least = 61"),
        ("number = {", "number = { nothing = {} ,"),
        ('source = "this test"', ""),
        ('source = "this test"', 'source = ""'),
        ("expected = true", 'check = { name = "comes_to_its_end", holds_if = ["native"] }'),
        ("number = {", "other = {"),
        ("[fast]", "[fast"),
    ],
)
def test_a_mistake_in_a_ledger_is_one_line(
    right: str, wrong: str, golden: Path, tmp_path: Path, orchbench_here: Call
) -> None:
    """It names the file, and without the mistake there is none."""
    assert right in FAST
    assert orchbench_here("claims", golden, "--ledger", ledger(tmp_path, FAST)).code == 0
    said = refusal(orchbench_here("claims", golden, "--ledger", ledger(tmp_path, FAST.replace(right, wrong))))
    assert "mine.toml" in said


def test_an_empty_ledger_is_a_mistake(golden: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """Nothing would be settled by it."""
    assert "mine.toml" in refusal(orchbench_here("claims", golden, "--ledger", ledger(tmp_path, "")))


def test_a_misspelt_check_is_named(golden: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """With the claim, and with the checks that the scenario has."""
    mistaken = ledger(tmp_path, FAST + IN_TURN.replace("tasks_overlap", "tasks_overlaps"))
    said = refusal(orchbench_here("claims", golden, "--ledger", mistaken))
    assert [word for word in ("in_turn", "'tasks_overlaps'", "own_records_overlap_too") if word not in said] == []


def test_a_claim_is_one_table(golden: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """One that orchbench never heard of is settled beside the others."""
    text = LEDGER.read_text() + FAST
    done = orchbench_here("claims", golden, "--ledger", ledger(tmp_path, text), "--json")
    assert done.code == 0, done.err
    *others, last = json.loads(done.out)
    assert [each["name"] for each in others] == list(OURS)
    assert (last["name"], last["verdict"], last["as_expected"]) == ("fast", "holds", True)
    assert {(each["orchestrator"], each["holds"]) for each in last["answers"]} == {("prefect", True)}


@pytest.mark.parametrize("name", ["airflow", "Airflow", "Apache Airflow"])
def test_a_tool_may_be_called_as_readers_call_it(name: str, settled: Callable[..., Settled]) -> None:
    """By the folder, or by the names that the folder gives."""
    its = settled(FAST.replace("Prefect", name))
    assert {answer.setup.orchestrator for answer in its.answers} == {"airflow"}


def test_a_run_may_have_tools_and_workloads_of_its_own(results: Results, tmp_path: Path) -> None:
    """What the run has was measured, whether it is in this checkout or not."""
    own = with_estimates(results, lambda row: {"setup": msgspec.structs.replace(row.setup, orchestrator="My Tool")})
    [its] = settle(read(ledger(tmp_path, FAST.replace("Prefect", "My Tool")), Known(own)), own)
    assert its.verdict == "holds"
