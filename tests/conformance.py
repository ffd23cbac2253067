"""What every adapter must do. Each rule takes a started engine and asserts one thing; test_conformance.py applies them.

To add a tool: a folder in implementations/, and these rules must hold for it. Nothing else changes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from bench.derive.checks import is_loopback
from bench.events.timeline import Timeline, read, verify
from bench.plan.setup import Setup
from bench.plan.tools import Tool
from bench.run.engine import Engine, EngineError
from bench.scenarios.kit import graphs
from contract.events import Trial
from contract.workload import Fault, Node, Retry, Workload

WIDTH = 2
SLOW = 60.0

DIAMOND = Workload(
    "diamond",
    (
        Node("first"),
        *(Node(f"middle{i}", "sleep", ("first",), {"seconds": 0.1}) for i in range(3)),
        Node("last", "sleep", tuple(f"middle{i}" for i in range(3)), {"seconds": 0.5}),
    ),
)
SCATTERED = graphs.shaped("scattered", 9)
RETRIED = Workload(
    "retried", (Node("a"), Node("b", after=("a",), retry=Retry(2, 0.1), fault=Fault(2)), Node("c", after=("b",)))
)
FAILING = Workload("failing", (Node("a", fault=Fault(1)), Node("b", after=("a",))))
ENDLESS = Workload("endless", (Node("a", "sleep", (), {"seconds": 3600}),))
LATER = graphs.shaped("chain", 3)


class Candidate:
    """An engine under test."""

    def __init__(self, orchestrator: Tool, setup: Setup, folder: Path) -> None:
        """Name it."""
        self.setup = setup
        self._folder = folder
        (folder / "home").mkdir(parents=True)
        self.engine = Engine(orchestrator, setup, WIDTH, folder, f"sqlite:///{folder}/mlflow.db")
        self._numbers = count(1)

    def up(self) -> Candidate:
        """Start it, with some workloads."""
        self.engine.start()
        self.engine.deploy([DIAMOND, SCATTERED, RETRIED, FAILING, ENDLESS])
        return self

    def run(self, workload: Workload, limit_s: float = SLOW) -> tuple[dict[str, Any], Timeline]:
        """Make one run of it."""
        folder = self._folder / f"trial-{next(self._numbers)}"
        folder.mkdir()
        answer = self.engine.run(workload.name, Trial(folder.name, str(folder)), limit_s, {})
        return answer, read(folder)


def rule_each_graph_does_its_work(candidate: Candidate) -> None:
    """Every body runs once, behind its parents, with their tokens, within the width, before the tool says success."""
    for workload in (DIAMOND, SCATTERED):
        answer, timeline = candidate.run(workload)
        assert (answer["state"], verify(timeline, workload, WIDTH)) == ("succeeded", {})


def rule_a_retry_survives_its_faults(candidate: Candidate) -> None:
    """A node that fails twice and may be retried twice runs three times, and its neighbours once."""
    answer, timeline = candidate.run(RETRIED)
    assert (answer["state"], verify(timeline, RETRIED, WIDTH)) == ("succeeded", {})


def rule_a_failure_is_a_failure(candidate: Candidate) -> None:
    """A body that raises is not tried again, nothing below it runs, and the run is called failed."""
    answer, timeline = candidate.run(FAILING)
    assert (answer["state"], {node: len(each) for node, each in timeline.attempts.items()}) == ("failed", {"a": 1})


def rule_a_workload_can_come_later(candidate: Candidate) -> None:
    """A workload that is deployed while the engine runs can be submitted at once."""
    candidate.engine.deploy([LATER])
    answer, timeline = candidate.run(LATER)
    assert (answer["state"], verify(timeline, LATER, WIDTH)) == ("succeeded", {})


def rule_its_own_records_agree(candidate: Candidate) -> None:
    """Where the tool records when tasks ran, each of its intervals holds the body's own, within a second."""
    answer, timeline = candidate.run(SCATTERED)
    reported = candidate.engine.reported(answer["run"])
    for node, (start, end) in reported["tasks"].items():
        began, ended = (t / 1e9 + answer["clock_offset"] for t in (timeline.start(node), timeline.end(node)))
        assert start - 1 < began <= ended < end + 1, (node, start - began, end - ended)
    assert set(reported["tasks"]) in ({node.id for node in SCATTERED.nodes}, set())


def rule_a_run_past_its_limit_is_given_up(candidate: Candidate) -> None:
    """A run that takes longer than its limit comes back as a time-out, and not after minutes."""
    before = time.monotonic()
    answer, _ = candidate.run(ENDLESS, limit_s=1)
    assert answer["state"] == "timeout"
    assert time.monotonic() - before < 45


def rule_it_listens_on_loopback_only(candidate: Candidate) -> None:
    """Nothing outside this machine can reach it."""
    assert [address for address in candidate.engine.listening() if not is_loopback(address)] == []


def rule_it_stops_without_a_trace(candidate: Candidate) -> None:
    """Its own stop ends every process that it started, though a run still goes on. (This rule comes last.)"""
    assert candidate.engine.stop() == []


RULES: tuple[Callable[[Candidate], None], ...] = (
    rule_each_graph_does_its_work,
    rule_a_retry_survives_its_faults,
    rule_a_failure_is_a_failure,
    rule_a_workload_can_come_later,
    rule_its_own_records_agree,
    rule_it_listens_on_loopback_only,
    rule_a_run_past_its_limit_is_given_up,
    rule_it_stops_without_a_trace,
)


def broken_rules(candidate: Candidate) -> dict[str, str]:
    """Return the rules that do not hold for it, each with the reason."""
    broken: dict[str, str] = {}
    candidate.up()
    for rule in RULES:
        try:
            rule(candidate)
        except (AssertionError, EngineError) as error:
            broken[rule.__name__.removeprefix("rule_")] = str(error).partition("\n")[0]
    candidate.engine.kill()
    return broken
