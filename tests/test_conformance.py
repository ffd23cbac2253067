"""Every adapter keeps every rule, and every fake that breaks one is caught by the rule it breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Call

from bench.plan.setup import Setup, setups_of
from bench.plan.tools import Tool, discover
from bench.run import conformance, engine
from bench.run.conformance import RULES, Candidate, Rule
from bench.run.procedures import cancel_in_the_middle

REAL = [(tool, setup) for tool in discover().values() for setup in setups_of(tool)]


def _marks(setup: Setup) -> list[pytest.MarkDecorator]:
    # All rules of a setup in one worker of pytest-xdist: two would start two engines.
    one_engine = pytest.mark.xdist_group(setup.label)
    return [one_engine] if setup.default else [one_engine, pytest.mark.slow("one more engine of the tool")]


@pytest.fixture(
    scope="class",
    params=[pytest.param(each, id=each[1].label, marks=_marks(each[1])) for each in REAL],
)
def candidate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Candidate]:
    """Start one engine for all rules."""
    tool, setup = request.param
    with conformance.started(tool, setup, tmp_path_factory.mktemp(setup.label) / "start") as candidate:
        yield candidate


MAY_LACK = {
    "process": {"a_killed_service_can_be_started_again", "its_own_records_agree"},
    "serve_processes": {"a_cancelled_run_is_gone"},
}
"""What deployments on servers have no way to do; plain Python's has no service, and keeps no records."""


class TestConformance:
    """The rules, against the real tools."""

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
    def test_it_keeps_the_rule(self, candidate: Candidate, rule: Rule) -> None:
        """The rule holds for the adapter, or the tool says why it has no way to keep it."""
        finding = conformance.find(rule, candidate)
        assert finding.verdict in {"holds", "unsupported"} and finding.because, finding
        if candidate.setup.tier == "service":
            may_lack = MAY_LACK.get(candidate.setup.deployment, ())
            assert finding.verdict == "holds" or finding.rule in may_lack, finding


WORK = "each_graph_does_its_work"
FAILURE = "a_failure_is_a_failure"
APART = "tasks_are_as_far_apart_as_it_says"
STOP = "it_stops_without_a_trace"
CANCEL = "a_cancelled_run_is_gone"
RESTART = "a_killed_service_can_be_started_again"
CAUGHT_BY = {
    "honest": set[str](),
    "separate": set[str](),
    "drops_an_edge": {WORK},
    "forges_tokens": {WORK},
    "ignores_order": {WORK},
    "runs_a_node_twice": {WORK},
    "succeeds_too_early": {WORK},
    "loses_an_event": {WORK},
    "exceeds_the_width": {WORK},
    "claims_a_process_per_task": {APART},
    "claims_a_pool": {APART},
    "hides_its_processes": {APART},
    "hides_failures": {FAILURE},
    "retries_without_being_asked": {FAILURE},
    "never_stops": {STOP},
    "leaves_a_process": {STOP},
    "leaves_a_busy_body": {STOP},
    "listens_everywhere": {"it_listens_on_loopback_only"},
    "crashes": {WORK},
    "refuses": {WORK},
    "falls_over_a_submission": {WORK},
    "cancels_by_name_only": {CANCEL},
    "ignores_a_cancel": {CANCEL},
    "forgets_its_runs": {RESTART},
    "is_not_back_after_a_restart": {RESTART},
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for seconds where real engines may take minutes."""
    monkeypatch.setattr(engine, "STOP_LIMIT_S", 3.0)
    monkeypatch.setattr(conformance, "LIMIT_S", 5.0)
    monkeypatch.setattr(cancel_in_the_middle, "GONE_LIMIT_S", 1.0)


def setup_of(fakes: Tool, name: str) -> Setup:
    """Return the setup of one of the fakes."""
    return next(each for each in setups_of(fakes) if each.deployment == name)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", [name for name, rules in CAUGHT_BY.items() if rules])
def test_a_fake_is_caught(name: str, fakes: Tool, tmp_path: Path) -> None:
    """A faulty adapter breaks the rules that it was made to break."""
    with conformance.started(fakes, setup_of(fakes, name), tmp_path / "start") as candidate:
        found = [conformance.find(rule, candidate) for rule in RULES if rule.__name__ in CAUGHT_BY[name]]
    assert {each.rule for each in found if each.verdict == "broken"} == CAUGHT_BY[name], found


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", [name for name, rules in CAUGHT_BY.items() if not rules])
def test_an_honest_fake_breaks_no_rule(name: str, fakes: Tool, tmp_path: Path) -> None:
    """Whatever catches the others is no fault of how the fakes are made."""
    found = list(conformance.findings(fakes, setup_of(fakes, name), tmp_path / "start"))
    assert [each for each in found if each.verdict == "broken"] == []


def test_every_fake_is_tried(fakes: Tool) -> None:
    """No fake is left out of the table above, and a fake is caught by each rule but three."""
    assert {each.name for each in fakes.deployments} == CAUGHT_BY.keys()
    others = {"a_workload_can_come_later", "its_own_records_agree", "a_run_past_its_limit_is_given_up"}
    assert {rule.__name__ for rule in RULES} - others == set[str]().union(*CAUGHT_BY.values())


def test_the_command_says_what_is_broken(fakes: Tool, orchbench: Call, tmp_path: Path) -> None:
    """`conform` tries a folder, prints a verdict with the evidence for each rule, and fails if one is broken."""
    (tmp_path / "faulty").symlink_to(fakes.folder)
    good = orchbench("conform", "faulty", "--deployment", "separate", "--json")
    assert good.code == 0, good
    verdicts = {row["rule"]: row["verdict"] for row in json.loads(good.out)}
    assert verdicts.keys() == {rule.__name__ for rule in RULES} and "broken" not in verdicts.values()
    bad = orchbench("conform", fakes.folder, "--deployment", "drops_an_edge")
    assert bad.code == 1
    assert [line for line in bad.out.splitlines() if line.startswith("broken")]


def test_every_deployment_is_tried() -> None:
    """Each tool's are, at each of its tiers; a tool may have several, as Prefect has at its service tier."""
    found = {(setup.orchestrator, setup.tier, setup.deployment) for _, setup in REAL}
    assert found == {(name, each.tier, each.name) for name, tool in discover().items() for each in tool.deployments}
    services: list[Setup] = [each for _, each in REAL if (each.orchestrator, each.tier) == ("prefect", "service")]
    assert {each.deployment for each in services} >= {"serve", "worker"}
