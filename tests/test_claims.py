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

from bench.claims.known import Known
from bench.claims.ledger import LEDGER, read
from bench.claims.settle import Settled, settle
from bench.plan import suite
from bench.plan.tools import discover
from bench.store.folder import RunFolder
from bench.store.rows import Check, Estimate, Results

SAMPLE = RunFolder(ROOT / "reports" / "sample")

OURS = read(LEDGER, Known(SAMPLE.results()))
"""The claims that orchbench comes with. Only what holds for any claim is asked of them."""

pytestmark = pytest.mark.xdist_group("claims")  # the golden run is derived once

FAST = """
[fast]
claim = "A graph of ten tasks is done within a minute."
source = "this test"
tools = ["Prefect"]
scenario = "overhead"
number = { metric = "makespan_s", workload = "chain_10", at_most = 60 }
expected = true
"""

IN_TURN = """
[in_turn]
claim = "Tasks take turns."
source = "this test"
tools = ["prefect"]
scenario = "parallelism"
check = { name = "tasks_overlap", holds_if = ["fail", "unsupported"] }
expected = ["calls"]
"""

NO_CACHE = """
[no_cache]
claim = "There is no cache."
source = "this test"
scenario = "caching"
check = { name = "unchanged_is_not_computed_again", holds_if = ["by_hand", "unsupported"] }
"""

CACHE = """
[cache]
claim = "There is a cache."
source = "this test"
tools = ["Dagster"]
scenario = "caching"
check = { name = "unchanged_is_not_computed_again", holds_if = ["native"] }
expected = true
"""

GATE = """
[gate]
claim = "A gate keeps a bad model out."
source = "this test"
scenario = "churn"
check = { name = "gate_keeps_bad_model_out", holds_if = ["native"] }
"""

SMALL = """
[small]
claim = "No large frame arrives."
source = "this test"
tools = ["Airflow"]
scenario = "payload"
number = { metric = "largest_ok_mb", workload = "value", at_most = 0.05, needs = "value_1000kb" }
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


@pytest.fixture
def settled(results: Results, tmp_path: Path) -> Callable[..., Settled]:
    """Settle a ledger of one claim, by the golden run or by other results."""

    def settled(text: str, by: Results = results) -> Settled:
        [its] = settle(read(ledger(tmp_path, text), Known(results)), by)
        return its

    return settled


def ledger(folder: Path, text: str) -> Path:
    """Write a ledger."""
    path = folder / "mine.toml"
    path.write_text(text)
    return path


def with_checks(results: Results, change: Callable[[Check], Mapping[str, Any]]) -> Results:
    """Return the results with changes in the rows of checks."""
    checks = [msgspec.structs.replace(row, **change(row)) for row in results.checks]
    return msgspec.structs.replace(results, checks=checks)


def with_estimates(results: Results, change: Callable[[Estimate], Mapping[str, Any]]) -> Results:
    """Return the results with changes in the rows of estimates."""
    estimates = [msgspec.structs.replace(row, **change(row)) for row in results.estimates]
    return msgspec.structs.replace(results, estimates=estimates)


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


# The verdicts ----------------------------------------------------------------------------------------------------------


def test_it_is_said_which_deployments_differ(settled: Callable[..., Settled]) -> None:
    """Each stands with what it says."""
    its = settled(IN_TURN)
    said = {answer.setup.name: answer.holds for answer in its.answers}
    assert its.verdict == "depends on the deployment" and not its.surprises
    assert said == {
        "prefect/calls": True,
        "prefect/flow_call": False,
        "prefect/process_pool": False,
        "prefect/serve, tuned": False,
    }
    assert [name for name in said if name not in its.because] == []


PLACES = [
    {"orchestrator": tool, "tier": tier, "deployment": f"{tool} {tier}"}
    for tool in ("prefect", "dagster")
    for tier in ("library", "service")
]

PROFILES = [{"orchestrator": tool, "profile": profile} for tool in ("prefect", "dagster") for profile in ("stock", "tuned")]


@pytest.mark.parametrize(
    ("places", "failing", "verdict"),
    [
        (PLACES, {"orchestrator": "prefect"}, "depends on the tool"),
        (PLACES, {"tier": "service"}, "depends on whether it runs from a script or on its servers"),
        (PLACES, {"deployment": "dagster service"}, "depends on the deployment"),
        ([{"profile": "stock"}, {"profile": "tuned"}], {"profile": "tuned"}, "depends on the settings"),
        ([{"database": "sqlite"}, {"database": "postgres"}], {"database": "postgres"}, "depends on the database"),
        ([PLACES[0], PLACES[2], PLACES[2] | {"profile": "tuned"}], {"profile": "tuned"}, "depends on the settings"),
        (PROFILES, {"orchestrator": "dagster", "profile": "tuned"}, "depends on the setup"),
        (PLACES, {"orchestrator": "nobody"}, "does not hold"),
        (PLACES, {}, "holds"),
    ],
)
def test_a_verdict_says_what_differs(
    places: Sequence[Mapping[str, str]],
    failing: Mapping[str, str],
    verdict: str,
    results: Results,
    settled: Callable[..., Settled],
) -> None:
    """It is the coarsest part of a setup that tells all that say yes from all that say no."""
    row = next(row for row in results.checks if row.check == "unchanged_is_not_computed_again")
    setups = [msgspec.structs.replace(row.setup, **place) for place in places]

    def checked(place: Mapping[str, str], number: int) -> Check:
        fails = failing.items() <= place.items()
        return msgspec.structs.replace(
            row, setup=setups[number], verdict="unsupported" if fails else "pass", means="native", because="made up"
        )

    made_up = msgspec.structs.replace(results, checks=[checked(place, number) for number, place in enumerate(places)])
    assert settled(NO_CACHE, made_up).verdict == verdict


def test_setups_of_two_tiers_are_told_apart(results: Results, settled: Callable[..., Settled]) -> None:
    """Two deployments may have the same name, and neither hides the evidence of the other."""
    rows = [row for row in results.checks if row.check == "unchanged_is_not_computed_again"]
    row = next(row for row in rows if row.setup.orchestrator == "dagster")
    same = [
        msgspec.structs.replace(row, setup=msgspec.structs.replace(row.setup, deployment="same", tier=tier))
        for tier in ("library", "service")
    ]
    its = settled(CACHE, msgspec.structs.replace(results, checks=same))
    assert [row.setup.full_name for row in same if row.setup.full_name not in its.because] == []


def test_a_check_that_flips_flips_the_verdict(results: Results, settled: Callable[..., Settled]) -> None:
    """In one setup it makes the verdict depend on what differs, in all of them it turns it round."""

    def failing(*deployments: str) -> Settled:
        def change(row: Check) -> Mapping[str, Any]:
            is_it = row.check == "unchanged_is_not_computed_again" and row.setup.deployment in deployments
            return {"verdict": "fail", "because": "made to fail"} if is_it else {}

        return settled(CACHE, with_checks(results, change))

    assert failing().verdict == "holds" and not failing().surprises
    assert failing("multiprocess").verdict not in {"holds", "does not hold", "not measured"}
    assert [each.setup.deployment for each in failing("multiprocess").surprises] == ["multiprocess"]
    both = failing("multiprocess", "in_process")
    assert both.verdict == "does not hold" and "made to fail" in both.because


def test_by_what_means_a_check_passed_counts(results: Results, settled: Callable[..., Settled]) -> None:
    """A cache that the tool has is another answer than one that is written by hand."""
    assert settled(NO_CACHE).verdict == "depends on the tool"
    assert settled(NO_CACHE, with_checks(results, lambda _: {"means": "native"})).verdict == "does not hold"


SURE = {"n": 5, "starts": 5}


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        (SURE | {"median": 2.0, "low": 1.0, "high": 3.0}, "holds"),
        (SURE | {"median": 58.0, "low": 57.0, "high": 59.0}, "holds"),
        (SURE | {"median": 70.0, "low": 61.0, "high": 80.0}, "does not hold"),
        (SURE | {"median": 59.0, "low": 50.0, "high": 80.0}, "not measured"),
        # A single run, and few of them, tell only what is far from the limit; so do many in one engine start.
        ({"n": 1, "starts": 1, "median": 29.0, "low": None, "high": None}, "holds"),
        ({"n": 1, "starts": 1, "median": 58.0, "low": None, "high": None}, "not measured"),
        ({"n": 1, "starts": 1, "median": 62.0, "low": None, "high": None}, "not measured"),
        ({"n": 1, "starts": 1, "median": 121.0, "low": None, "high": None}, "does not hold"),
        ({"n": 4, "starts": 4, "median": 58.0, "low": 57.0, "high": 59.0}, "not measured"),
        ({"n": 20, "starts": 1, "median": 58.0, "low": 57.0, "high": 59.0}, "not measured"),
        ({"n": 20, "starts": 1, "median": 28.0, "low": 27.0, "high": 29.0}, "holds"),
        # Without an engine start, nothing has run: it was looked at.
        ({"n": 1, "starts": 0, "median": 59.0, "low": None, "high": None}, "holds"),
        # A count has no noise of a clock.
        ({"n": 1, "starts": 1, "unit": "runs", "median": 61.0, "low": None, "high": None}, "does not hold"),
        ({"n": 0, "starts": 0, "median": None, "low": None, "high": None, "missing_because": "lost"}, "not measured"),
    ],
)
def test_a_number_settles_with_all_of_its_uncertainty(
    numbers: Mapping[str, Any], verdict: str, results: Results, settled: Callable[..., Settled]
) -> None:
    """One that is missing, or that may lie on either side of the limit, settles nothing."""
    changed = with_estimates(results, lambda row: numbers if row.workload == "chain_10" else {})
    assert settled(FAST, changed).verdict == verdict


@pytest.mark.parametrize(
    ("median", "verdict"), [(9.0, "holds"), (-9.0, "holds"), (-15.0, "not measured"), (-41.0, "does not hold")]
)
def test_a_single_run_may_be_below_zero(
    median: float, verdict: str, results: Results, settled: Callable[..., Settled]
) -> None:
    """Far from the limit is far from it on either side of zero."""
    one = {"n": 1, "starts": 1, "median": median, "low": None, "high": None}
    changed = with_estimates(results, lambda row: one if row.workload == "chain_10" else {})
    assert settled(FAST.replace("at_most = 60", "at_least = -20, at_most = 20"), changed).verdict == verdict


def test_the_evidence_says_of_how_many_runs_it_is(results: Results, settled: Callable[..., Settled]) -> None:
    """A single run is shown as one, and so is a single engine start."""

    def because(**numbers: Any) -> str:
        return settled(FAST, with_estimates(results, lambda row: numbers if row.workload == "chain_10" else {})).because

    assert "n=1" in because(n=1, starts=1, median=2.0, low=None, high=None)
    assert "n=3" in because(n=3, starts=3, median=2.0, low=1.5, high=2.5)
    many = {"n": 9, "median": 2.0, "low": 1.5, "high": 2.5}
    assert because(starts=1, **many) != because(starts=9, **many)


def test_what_was_not_tried_settles_nothing(results: Results, settled: Callable[..., Settled]) -> None:
    """That no larger frame arrived is a limit of the tool only where a larger one was sent."""
    changed = with_estimates(results, lambda row: {"median": 0.001} if row.metric == "largest_ok_mb" else {})
    assert settled(SMALL.replace("value_1000kb", "value_100kb"), changed).verdict == "holds"
    assert settled(SMALL, changed).verdict == "not measured"


def test_a_failure_for_want_of_sound_runs_is_no_evidence(results: Results, settled: Callable[..., Settled]) -> None:
    """In the golden run, features came from the cache of another scenario: no gate is to blame for that."""
    said = {(answer.setup.orchestrator, answer.holds) for answer in settled(GATE).answers}
    assert said == {("airflow", None), ("prefect", None), ("dagster", True)}
    sound = with_checks(results, lambda row: {"verdict": "pass"} if row.check == "every_body_ran_once" else {})
    assert settled(GATE, sound).verdict == "depends on the tool"


# The command -----------------------------------------------------------------------------------------------------------


def test_the_table_has_every_claim(orchbench_here: Call) -> None:
    """Of a run of an older schema too."""
    done = orchbench_here("claims", SAMPLE.path)
    assert (done.code, done.err) == (0, "")
    # A cell goes over several lines: its first words stand in one.
    assert [each.claim for each in OURS.values() if " ".join(each.claim.split()[:4]) not in done.out] == []


def test_the_table_names_tools_as_readers_do(golden: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """Whatever the ledger calls them."""
    named = ledger(tmp_path, FAST.replace("Prefect", "prefect"))
    assert "Prefect" in orchbench_here("claims", golden, "--ledger", named).out


def test_a_claim_on_all_tools_names_those_that_were_seen(golden: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """In the golden run only Dagster's runs can tell of the gate: the others may say something else."""
    call = ("claims", golden, "--ledger", ledger(tmp_path, GATE))
    named = [name for name in ("Airflow", "Dagster", "Prefect") if name in orchbench_here(*call).out]
    [its] = json.loads(orchbench_here(*call, "--json").out)
    assert (its["verdict"], its["seen"], named) == ("holds", ["dagster"], ["Dagster"])


def test_strict_fails_where_a_verdict_is_another(golden: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """What is not as expected is named in either case."""
    for expected, code in ((True, 0), (False, 1)):
        mine = ledger(tmp_path, FAST.replace("expected = true", f"expected = {str(expected).lower()}"))
        done = orchbench_here("claims", golden, "--ledger", mine, "--strict")
        assert (done.code, "fast" in done.err) == (code, bool(code))
        assert orchbench_here("claims", golden, "--ledger", mine).code == 0


def test_the_verdict_is_that_of_the_file(golden: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """It is derived anew each time, from results.json."""
    run = tmp_path / "run"
    shutil.copytree(golden, run)
    mine = ledger(tmp_path, NO_CACHE)

    def verdict() -> Any:
        [its] = json.loads(orchbench_here("claims", run, "--ledger", mine, "--json").out)
        return its["verdict"]

    assert verdict() == "depends on the tool"
    with edited(run / "results.json") as document:
        for row in document["checks"]:
            row["means"] = "native"
    assert verdict() == "does not hold"


def test_a_folder_that_is_no_run_is_one_line(tmp_path: Path, orchbench_here: Call) -> None:
    """It names the folder, and does not send the reader to `report`, which could make nothing of it either."""
    said = refusal(orchbench_here("claims", tmp_path / "nothing"))
    assert "nothing" in said and "orchbench report" not in said
