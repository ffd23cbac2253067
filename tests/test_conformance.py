"""Every adapter keeps every rule, and every fake that breaks one is caught by the rule it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conformance import RULES, Candidate, broken_rules
from conftest import setups_of

import bench.run.engine
from bench.plan.setup import Setup
from bench.plan.tools import Tool, discover

REAL = [(orchestrator, setup) for orchestrator in discover().values() for setup in setups_of(orchestrator)]


def _one_engine_for_all_rules(label: str) -> pytest.MarkDecorator:
    # All rules of a setup in one worker of pytest-xdist: two would start two engines.
    return pytest.mark.xdist_group(label)


@pytest.fixture(
    scope="class",
    params=[pytest.param(each, id=each[1].label, marks=_one_engine_for_all_rules(each[1].label)) for each in REAL],
)
def candidate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Candidate]:
    """Start one engine for all rules."""
    orchestrator, setup = request.param
    candidate = Candidate(orchestrator, setup, tmp_path_factory.mktemp(setup.label) / "start")
    try:
        yield candidate.up()
    finally:
        candidate.engine.kill()


class TestConformance:
    """The rules, against the real tools."""

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__.removeprefix("rule_"))
    def test_it_keeps_the_rule(self, candidate: Candidate, rule: Callable[[Candidate], None]) -> None:
        """The rule holds for the adapter."""
        rule(candidate)


WORK = "each_graph_does_its_work"
CAUGHT_BY = {
    "honest": set[str](),
    "drops_an_edge": {WORK},
    "forges_tokens": {WORK},
    "ignores_order": {WORK},
    "runs_a_node_twice": {WORK},
    "succeeds_too_early": {WORK},
    "loses_an_event": {WORK},
    "exceeds_the_width": {WORK},
    "hides_failures": {"a_failure_is_a_failure"},
    "retries_without_being_asked": {"a_failure_is_a_failure"},
    "never_stops": {"it_stops_without_a_trace"},
    "leaves_a_process": {"it_stops_without_a_trace"},
    "listens_everywhere": {"it_listens_on_loopback_only"},
    "crashes": {WORK},
}


@pytest.mark.parametrize("name", CAUGHT_BY)
def test_a_fake_is_caught(name: str, fakes: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A faulty adapter breaks at least the rule that it was made to break; the honest one breaks none."""
    monkeypatch.setattr(bench.run.engine, "STOP_LIMIT_S", 3.0)
    setup = next(each for each in setups_of(fakes) if each.deployment == name)
    broken = broken_rules(Candidate(fakes, setup, tmp_path / "start"))
    assert CAUGHT_BY[name] <= broken.keys()
    assert bool(broken) == (name != "honest"), broken


def test_every_fake_is_tried(fakes: Tool) -> None:
    """No fake is left out of the table above."""
    assert {each.name for each in fakes.deployments} == CAUGHT_BY.keys()


def test_every_deployment_is_tried() -> None:
    """Each tool's are, at each of its tiers; a tool may have several, as Prefect has at its service tier."""
    found = {(setup.orchestrator, setup.tier, setup.deployment) for _, setup in REAL}
    assert found == {(name, each.tier, each.name) for name, tool in discover().items() for each in tool.deployments}
    services: list[Setup] = [each for _, each in REAL if (each.orchestrator, each.tier) == ("prefect", "service")]
    assert {each.deployment for each in services} == {"serve", "worker"}
