"""Claims: each is settled by the rows of a run, and another row makes another verdict."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import ROOT, Call, refusal
from golden import pack
from small_runs import edited, read_results

from bench.claims.ledger import LEDGER, Claim, read
from bench.claims.settle import Settled, settle
from bench.plan import suite
from bench.plan.tools import discover
from bench.store.folder import RunFolder
from bench.store.rows import Check, Estimate, Results

SAMPLE = ROOT / "reports" / "sample"

pytestmark = pytest.mark.xdist_group("claims")  # the golden run is derived once

NO_CACHE = "no_cache_of_results"
STALE_ONLY = "stale_only"
IN_TURN = "tasks_take_turns"

MADE_UP = """
[a_made_up_claim]
claim = "A graph of three tasks is done within a minute."
source = "this test"
tools = ["Prefect"]
scenario = "overhead"
number = { metric = "makespan_s", workload = "chain_3", at_most = 60 }
expected = true
"""


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is derived from the golden run."""
    folder = tmp_path_factory.mktemp("golden")
    pack.derive(pack.unpack(folder / "raw"), folder / "derived")
    return folder / "derived"


@pytest.fixture(scope="module")
def results(golden: Path) -> Results:
    """The same, as the harness has it."""
    return read_results(golden)


def settled(results: Results, ledger: Mapping[str, Claim] | None = None) -> dict[str, Settled]:
    """Settle the claims of a ledger, by name: ours, if no other is given."""
    return {each.name: each for each in settle(ledger or read(), results)}


def with_checks(results: Results, change: Callable[[Check], Mapping[str, Any]]) -> Results:
    """Return the results with changes in the rows of checks."""
    checks = [msgspec.structs.replace(row, **change(row)) for row in results.checks]
    return msgspec.structs.replace(results, checks=checks)


def with_estimates(results: Results, change: Callable[[Estimate], Mapping[str, Any]]) -> Results:
    """Return the results with changes in the rows of estimates."""
    estimates = [msgspec.structs.replace(row, **change(row)) for row in results.estimates]
    return msgspec.structs.replace(results, estimates=estimates)


def made_up(tmp_path: Path, text: str = MADE_UP) -> Path:
    """Write a ledger."""
    ledger = tmp_path / "mine.toml"
    ledger.write_text(text)
    return ledger


# The ledger ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", read().values(), ids=read())
def test_a_claim_names_what_exists(claim: Claim) -> None:
    """The tools and the deployments are those of the folders, and the suite that is proposed measures the scenario."""
    known = discover()
    assert set(claim.orchestrators) <= known.keys()
    deployments = {each.name for tool in known.values() for each in tool.deployments}
    expected = claim.expected if isinstance(claim.expected, list) else []
    assert {*claim.deployments, *expected} <= deployments
    blocks = suite.load("full", known).blocks
    assert any(block.scenario == claim.scenario and claim.tier in {"", block.tier} for block in blocks)


@pytest.mark.parametrize("name", read())
def test_the_sample_settles_every_claim(name: str) -> None:
    """No claim asks for a row that nothing yields, and the sample says what is expected."""
    its = settled(RunFolder(SAMPLE).results())[name]
    assert its.verdict != "not measured", its.because
    assert its.claim.expected is not None and list(its.surprises) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('metric = "makespan_s"', 'metric = "makespam_s"'),
        ('scenario = "overhead"', 'scenario = "overheat"'),
        ('scenario = "overhead"', 'scenario = "overhead"\ntier = "cellar"'),
        ("at_most = 60", "at_most = 60, at_lest = 2"),
        (", at_most = 60", ""),
        ("at_most = 60", "at_most = 60, at_least = 61"),
        ("number = {", "number = { nothing = {} ,"),
        ('source = "this test"', ""),
        ('source = "this test"', 'source = ""'),
        ("expected = true", 'check = { name = "comes_to_its_end", holds_if = ["native"] }'),
        (MADE_UP.splitlines()[-2], ""),
        (MADE_UP, ""),
        ("[a_made_up_claim]", "[a_made_up_claim"),
    ],
)
def test_a_mistake_in_a_ledger_is_one_line(
    right: str, wrong: str, golden: Path, tmp_path: Path, orchbench_here: Call
) -> None:
    """It names the file."""
    assert right in MADE_UP
    ledger = made_up(tmp_path, MADE_UP.replace(right, wrong))
    assert "mine.toml" in refusal(orchbench_here("claims", golden, "--ledger", ledger))


def test_a_misspelt_check_is_named(golden: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """With the claim, and with the checks that the scenario has."""
    text = LEDGER.read_text()
    assert '"tasks_overlap", holds_if = ["fail"' in text
    ledger = made_up(tmp_path, text.replace('"tasks_overlap", holds_if = ["fail"', '"tasks_overlaps", holds_if = ["fail"'))
    said = refusal(orchbench_here("claims", golden, "--ledger", ledger))
    assert [word for word in (IN_TURN, "'tasks_overlaps'", "own_records_overlap_too") if word not in said] == []


def test_a_claim_is_one_table(golden: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """One that orchbench never heard of is settled beside the others."""
    ledger = made_up(tmp_path, LEDGER.read_text() + MADE_UP)
    done = orchbench_here("claims", golden, "--ledger", ledger, "--json")
    assert done.code == 0, done.err
    *others, last = json.loads(done.out)
    assert [each["name"] for each in others] == list(read())
    assert (last["name"], last["verdict"], last["as_expected"]) == ("a_made_up_claim", "holds", True)
    assert {(each["orchestrator"], each["holds"]) for each in last["answers"]} == {("prefect", True)}


# The verdicts ----------------------------------------------------------------------------------------------------------


def test_the_golden_run_settles_claims(results: Results) -> None:
    """Each of the four verdicts is among them."""
    verdicts = {name: each.verdict for name, each in settled(results).items()}
    some = {NO_CACHE: "holds", "changed_code_is_seen": "does not hold", IN_TURN: "depends on the deployment"}
    assert {name: verdicts[name] for name in some} == some
    # It passed no frame of a megabyte.
    assert verdicts["xcom_carries_no_table"] == "not measured"


def test_it_is_said_which_deployments_differ(results: Results) -> None:
    """Each stands with what it says."""
    its = settled(results)[IN_TURN]
    said = {answer.setup.name: answer.holds for answer in its.answers}
    assert said == {
        "prefect/calls": True,
        "prefect/flow_call": False,
        "prefect/process_pool": False,
        "prefect/serve, tuned": False,
    }
    assert [name for name in said if name not in its.because] == []


def test_a_check_that_flips_flips_the_verdict(results: Results) -> None:
    """In one setup it makes the verdict depend on the deployment, in all of them it turns it round."""

    def failing(deployments: Sequence[str]) -> Settled:
        def change(row: Check) -> Mapping[str, Any]:
            is_it = row.check == "unchanged_is_not_computed_again" and row.setup.deployment in deployments
            return {"verdict": "fail", "because": "made to fail"} if is_it else {}

        return settled(with_checks(results, change))[STALE_ONLY]

    assert failing([]).verdict == "holds" and not failing([]).surprises
    assert failing(["multiprocess"]).verdict == "depends on the deployment"
    assert [each.setup.deployment for each in failing(["multiprocess"]).surprises] == ["multiprocess"]
    both = failing(["multiprocess", "in_process"])
    assert both.verdict == "does not hold" and "made to fail" in both.because


def test_by_what_means_a_check_passed_counts(results: Results) -> None:
    """A cache that the tool has is another answer than one that is written by hand."""
    assert settled(results)[NO_CACHE].verdict == "holds"
    assert settled(with_checks(results, lambda _: {"means": "native"}))[NO_CACHE].verdict == "does not hold"


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        ({"median": 2.0, "low": None, "high": None}, "holds"),
        ({"median": 61.0, "low": None, "high": None}, "does not hold"),
        ({"median": 2.0, "low": 1.0, "high": 3.0}, "holds"),
        ({"median": 70.0, "low": 61.0, "high": 80.0}, "does not hold"),
        ({"median": 59.0, "low": 50.0, "high": 80.0}, "not measured"),
        ({"median": None, "low": None, "high": None, "missing_because": "lost"}, "not measured"),
    ],
)
def test_a_number_settles_with_all_of_its_interval(
    numbers: Mapping[str, Any], verdict: str, results: Results, tmp_path: Path
) -> None:
    """One that is missing, or whose interval has the limit in it, settles nothing."""
    changed = with_estimates(results, lambda row: numbers if row.workload == "chain_3" else {})
    assert settled(changed, read(made_up(tmp_path)))["a_made_up_claim"].verdict == verdict


def test_what_was_not_tried_settles_nothing(results: Results, tmp_path: Path) -> None:
    """That no larger frame arrived is a limit of the tool only where a larger one was sent."""

    def verdict(needs: str) -> str:
        changed = with_estimates(results, lambda row: {"median": 0.001} if row.metric == "largest_ok_mb" else {})
        text = LEDGER.read_text()
        assert 'needs = "value_1000kb"' in text
        ledger = made_up(tmp_path, text.replace('needs = "value_1000kb"', f'needs = "{needs}"'))
        return settled(changed, read(ledger))["xcom_carries_no_table"].verdict

    assert verdict("value_100kb") == "holds"
    assert verdict("value_1000kb") == "not measured"


def test_a_failure_for_want_of_sound_runs_is_no_evidence(results: Results) -> None:
    """In the golden run, features came from the cache of another scenario: no gate is to blame for that."""
    its = settled(results)["gate_keeps_bad_model_out"]
    said = {(answer.setup.orchestrator, answer.holds) for answer in its.answers}
    assert said == {("airflow", None), ("prefect", None), ("dagster", True)}
    sound = with_checks(results, lambda row: {"verdict": "pass"} if row.check == "every_body_ran_once" else {})
    assert settled(sound)["gate_keeps_bad_model_out"].verdict == "depends on the deployment"


@pytest.mark.parametrize("name", read())
def test_what_a_run_does_not_hold_is_not_measured(name: str, results: Results) -> None:
    """And the command that measures it is named."""
    scenario = read()[name].scenario
    without = msgspec.structs.replace(
        results,
        checks=[row for row in results.checks if row.scenario != scenario],
        estimates=[row for row in results.estimates if row.scenario != scenario],
    )
    its = settled(without)[name]
    assert its.verdict == "not measured" and not its.surprises
    assert f"orchbench run --suite full --scenario {scenario}" in its.because


# The command -----------------------------------------------------------------------------------------------------------


def test_the_table_has_every_claim(orchbench_here: Call) -> None:
    """Of a run of an older schema too."""
    done = orchbench_here("claims", SAMPLE)
    assert (done.code, done.err) == (0, "")
    # A cell goes over several lines: its first words stand in one.
    assert [each.claim for each in read().values() if " ".join(each.claim.split()[:4]) not in done.out] == []


def test_strict_fails_where_a_verdict_is_another(golden: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """What is not as expected is named in either case."""
    for expected, code in ((True, 0), (False, 1)):
        ledger = made_up(tmp_path, MADE_UP.replace("expected = true", f"expected = {str(expected).lower()}"))
        done = orchbench_here("claims", golden, "--ledger", ledger, "--strict")
        assert (done.code, "a_made_up_claim" in done.err) == (code, bool(code))
        assert orchbench_here("claims", golden, "--ledger", ledger).code == 0


def test_the_verdict_is_that_of_the_file(golden: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """It is derived anew each time, from results.json."""
    run = tmp_path / "run"
    shutil.copytree(golden, run)

    def verdict() -> Any:
        claims = json.loads(orchbench_here("claims", run, "--json").out)
        return next(each["verdict"] for each in claims if each["name"] == NO_CACHE)

    assert verdict() == "holds"
    with edited(run / "results.json") as document:
        for row in document["checks"]:
            row["means"] = "native"
    assert verdict() == "does not hold"


def test_a_folder_without_results_is_one_line(tmp_path: Path, orchbench_here: Call) -> None:
    """It names the folder."""
    assert "nothing" in refusal(orchbench_here("claims", tmp_path / "nothing"))
