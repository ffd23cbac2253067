"""What every adapter must do: each rule takes a started engine, and says what it saw, or what is broken.

To add a tool: a folder in implementations/, for which these rules hold. Nothing else changes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final, Literal

from bench.derive.checks import is_loopback
from bench.events.timeline import Timeline, read
from bench.events.verification import AS_ASKED, Expectation, verify
from bench.plan.setup import Setup
from bench.plan.tools import Tool
from bench.run import footprint, isolation
from bench.run.channel import EngineError, UnsupportedWork
from bench.run.engine import Engine, Place
from bench.run.procedures import Scene, TooLong, cancel_in_the_middle, kill_and_restart
from bench.run.procedures.cancel_in_the_middle import is_alive
from bench.run.procedures.scene import LOOK_S
from bench.scenarios import Case
from bench.scenarios.kit.graphs import shaped
from bench.scenarios.kit.procedures import CancelInTheMiddle, KillAndRestart
from contract.events import Trial
from contract.workload import Fault, Node, Retry, Workload

WIDTH: Final = 2
LIMIT_S: Final = 120.0
GIVEN_UP_S: Final = 45.0
"""How long it may take until a run that is cancelled is over."""

DIAMOND: Final = Workload(
    "diamond",
    (
        Node("first"),
        *(Node(f"middle{i}", "sleep", ("first",), {"seconds": 0.1}) for i in range(3)),
        Node("last", "sleep", tuple(f"middle{i}" for i in range(3)), {"seconds": 0.5}),
    ),
)
SCATTERED: Final = shaped("scattered", 9)
RETRIED: Final = Workload(
    "retried", (Node("a"), Node("b", after=("a",), retry=Retry(2, 0.1), fault=Fault(2)), Node("c", after=("b",)))
)
FAILING: Final = Workload("failing", (Node("a", fault=Fault(1)), Node("b", after=("a",))))
ENDLESS: Final = Workload("endless", (Node("a", "sleep", (), {"seconds": 3600}),))
SHORT: Final = shaped("chain", 2)
LATER: Final = shaped("chain", 3)


class Broken(Exception):
    """The rule does not hold; the message says what was seen instead."""


class Candidate:
    """An engine under test."""

    def __init__(self, tool: Tool, setup: Setup, folder: Path) -> None:
        """Name the engine, whose files go to a new folder."""
        self.setup = setup
        self._folder = folder
        (folder / "home").mkdir(parents=True)
        self.engine = Engine(tool, setup, Place(folder, WIDTH, {}))
        self._numbers = count(1)
        self._endless: list[Path] = []
        """Where the events of the runs are that end only by force."""

    def up(self) -> None:
        """Start it, with some work."""
        self.engine.start()
        self.engine.deploy([DIAMOND, SCATTERED, RETRIED, FAILING, SHORT, ENDLESS])

    def scene(self, work: Workload, limit_s: float | None = None, expectation: Expectation = AS_ASKED) -> Scene:
        """Return a trial that is to be made of the work."""
        folder = self._folder / f"trial-{next(self._numbers)}"
        folder.mkdir()
        if work is ENDLESS:
            self._endless.append(folder)
        return Scene(self.engine, Case(work, expectation=expectation), Trial(folder.name, str(folder)), limit_s or LIMIT_S)

    def is_busy(self) -> bool:
        """Whether the body of an endless run is alive."""
        bodies = [body for folder in self._endless for body in read(folder, grows=True).bodies]
        return any(body.ended is None and is_alive(body.pid) for body in bodies)

    def run(self, work: Workload) -> tuple[Scene, Timeline]:
        """Make one run of it."""
        scene = self.scene(work)
        scene.see_through(scene.submit())
        return scene, read(Path(scene.trial.events))


def each_graph_does_its_work(candidate: Candidate) -> str:
    """Every body runs once, behind its parents, with their tokens, within the width, before the tool says success."""
    for work in (DIAMOND, SCATTERED, RETRIED):
        _, timeline = candidate.run(work)
        wrong = verify(timeline, work, WIDTH)
        _demand(not wrong, f"{work.name}: {wrong}")
    return "a diamond, a scattered graph, and one with a task that fails twice and is tried three times"


def a_failure_is_a_failure(candidate: Candidate) -> str:
    """A body that raises is not tried again, nothing below it runs, and the run is called failed."""
    scene, timeline = candidate.run(FAILING)
    state, tries = scene.runs[0].state, {node: len(attempts) for node, attempts in timeline.attempts.items()}
    _demand(state == "failed" and tries == {"a": 1}, f"the tool calls it {state}, and the bodies ran {tries}")
    return "one try, and the run is called failed"


def a_workload_can_come_later(candidate: Candidate) -> str:
    """What is deployed while the engine runs can be submitted at once."""
    candidate.engine.deploy([LATER])
    _, timeline = candidate.run(LATER)
    wrong = verify(timeline, LATER, WIDTH)
    _demand(not wrong, str(wrong))
    return "deployed beside the others, and run"


def its_own_records_agree(candidate: Candidate) -> str:
    """Where the tool records when tasks ran, each of these intervals holds the body's own, within a second."""
    scene, timeline = candidate.run(DIAMOND)
    (run,) = scene.runs
    _demand(not run.reported.missing_because, f"it has no records: {run.reported.missing_because}")
    tasks = run.reported.tasks
    for node, (start, end) in tasks.items():
        began, ended = (t / 1e9 + run.clock_offset for t in (timeline.start(node), timeline.end(node)))
        _demand(start - 1 < began <= ended < end + 1, f"{node}: {start - began:.3f} s, {end - ended:.3f} s beside the body")
    if not tasks:
        raise UnsupportedWork("it keeps no records of tasks")
    _demand(set(tasks) == {node.id for node in DIAMOND.nodes}, f"it has records of {sorted(tasks)}")
    return f"{len(tasks)} of {len(DIAMOND.nodes)} tasks have records"


def tasks_are_as_far_apart_as_it_says(candidate: Candidate) -> str:
    """The bodies of two runs have as many processes as `apart` of the deployment claims: no fewer, and no more."""
    apart = candidate.setup.apart
    runs = [candidate.run(DIAMOND)[1] for _ in range(2)]
    seen = isolation.counted(runs)
    _demand(isolation.is_so(apart, runs), f"`apart` is {apart!r}, so that {isolation.SAYS[apart]}; but {seen}")
    return f"{isolation.SAYS[apart]}: {seen}"


def it_listens_on_loopback_only(candidate: Candidate) -> str:
    """Nothing outside this machine can reach it."""
    addresses = footprint.listening(candidate.engine)
    reachable = [address for address in addresses if not is_loopback(address)]
    _demand(not reachable, f"it listens on {', '.join(reachable)}")
    return f"{len(addresses)} ports, all of them loopback" if addresses else "it listens on no port"


def a_killed_service_can_be_started_again(candidate: Candidate) -> str:
    """After a service was killed and started again the engine serves another run, and still knows the one before."""
    services = candidate.engine.services()
    if not services:
        candidate.engine.kill_service("any")  # says why there is none
        raise Broken("it has no service, and killed one")
    for service in services:
        scene = candidate.scene(SHORT)
        kill_and_restart.carry_out(scene, KillAndRestart(service))
        _demand(scene.facts["known_afterwards"] == "succeeded", f"without {service} the run before is lost")
        wrong = verify(read(Path(scene.trial.events)), SHORT, WIDTH, runs=2)
        _demand(not wrong, f"after {service} was started again: {wrong}")
    return f"each of {', '.join(services)}"


def a_cancelled_run_is_gone(candidate: Candidate) -> str:
    """A run that is cancelled while a body is busy is called cancelled, and the process of the body ends."""
    cancelled = Expectation(is_cancelled=True)
    scene = candidate.scene(ENDLESS, expectation=cancelled)
    before = time.monotonic()
    cancel_in_the_middle.carry_out(scene, CancelInTheMiddle("a"))
    wrong = verify(read(Path(scene.trial.events)), ENDLESS, WIDTH, cancelled)
    _demand(not wrong, str(wrong))
    _demand(scene.facts["gone_s"] is not None, "the process of the body still runs, half a minute later")
    _demand(time.monotonic() - before < LIMIT_S + GIVEN_UP_S, "it took minutes")
    return f"the process of the body was gone {scene.facts['gone_s']:.1f} s after the call"


def a_run_past_its_limit_is_given_up(candidate: Candidate) -> str:
    """A run that takes longer than the limit comes back as one that is too long, and not after minutes."""
    before = time.monotonic()
    scene = candidate.scene(ENDLESS, limit_s=1)
    try:
        state = scene.see_through(scene.submit())
    except TooLong:
        _demand(time.monotonic() - before < GIVEN_UP_S, f"only after {time.monotonic() - before:.0f} s")
        return f"given up after {time.monotonic() - before:.1f} s"
    raise Broken(f"the tool calls it {state}, and the body sleeps for an hour")


def it_stops_without_a_trace(candidate: Candidate) -> str:
    """Stopping in the middle of a body ends every process that was started. (This rule comes last.)"""
    # A tool that makes one run after another, and cannot cancel, is still busy with that of an earlier rule.
    scene = candidate.scene(ENDLESS)
    scene.accepted(scene.submit())
    deadline = time.monotonic() + LIMIT_S
    while not candidate.is_busy():
        _demand(time.monotonic() < deadline, f"no body had begun after {LIMIT_S:g} s")
        time.sleep(LOOK_S)
    left = candidate.engine.stop()
    _demand(not left, f"it left {left[:1]}")
    return "a body was busy, and no process is left"


RULES: Final = (
    each_graph_does_its_work,
    a_failure_is_a_failure,
    a_workload_can_come_later,
    its_own_records_agree,
    tasks_are_as_far_apart_as_it_says,
    it_listens_on_loopback_only,
    a_killed_service_can_be_started_again,
    a_cancelled_run_is_gone,
    a_run_past_its_limit_is_given_up,
    it_stops_without_a_trace,
)

Rule = Callable[[Candidate], str]


@dataclass(frozen=True)
class Finding:
    """A rule, whether it holds for an engine, and the evidence."""

    rule: str
    says: str
    verdict: Literal["holds", "broken", "unsupported"]
    because: str


def find(rule: Rule, candidate: Candidate) -> Finding:
    """Try one rule."""
    name, says = rule.__name__, str(rule.__doc__).partition("\n")[0]
    try:
        return Finding(name, says, "holds", rule(candidate))
    except UnsupportedWork as reason:
        return Finding(name, says, "unsupported", str(reason))
    except (Broken, EngineError, TooLong) as error:
        return Finding(name, says, "broken", str(error).partition("\n")[0])


@contextmanager
def started(tool: Tool, setup: Setup, folder: Path) -> Iterator[Candidate]:
    """Start an engine for all rules; nothing of it is left afterwards."""
    candidate = Candidate(tool, setup, folder)
    try:
        candidate.up()
        yield candidate
    finally:
        candidate.engine.kill()


def findings(tool: Tool, setup: Setup, folder: Path) -> Iterator[Finding]:
    """Try all rules, one after another, on one engine."""
    try:
        with started(tool, setup, folder) as candidate:
            for rule in RULES:
                yield find(rule, candidate)
    except (EngineError, UnsupportedWork) as error:
        yield Finding("it_starts", "The engine starts, and takes the work.", "broken", str(error))


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Broken(otherwise)
