"""Runs as they might be seen: any that a graph allows, and any damage to what was logged of one."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from bench.events.timeline import Timeline, read
from bench.events.verification import AS_ASKED, Expectation, verify
from contract.workload import Fault, Node, Retry, Workload

SUCCEEDED, FAILED, CANCELLED = "succeeded", "failed", "cancelled"


@dataclass(frozen=True)
class Body:
    """One execution of a node's body, in a process of its own that does nothing else meanwhile."""

    node: str
    process: int
    began: int
    ended: int
    token: str = ""
    error: str = ""
    is_cut_off: bool = False
    """Whether its process was killed, so that it logged no end."""

    @property
    def lines(self) -> list[tuple[int, str, dict[str, str]]]:
        """Return what it logged: when, what, and with which data."""
        end = ("failed", {"error": self.error}) if self.error else ("finished", {"token": self.token})
        return [(self.began, "started", {}), *([] if self.is_cut_off else [(self.ended, *end)])]


@dataclass(frozen=True)
class Seen:
    """What was seen of a run; some of it may be lost."""

    work: Workload
    width: int
    bodies: tuple[Body, ...]
    settled: int
    state: str
    lost: tuple[int, str, str] = (0, "", "")
    """The event that nobody logged: its time, kind and node."""
    cancelling: int = 0
    """When the tool was told to cancel the run; 0, if it was not."""
    expectation: Expectation = AS_ASKED

    @property
    def events(self) -> list[dict[str, Any]]:
        """Return what was logged of it, the earliest first."""
        events = [(0, 0, "submitted", "", {}), (0, self.settled, "settled", "", {"state": self.state})]
        events += [(0, self.cancelling, "cancelling", "", {})] if self.cancelling else []
        events += [(body.process, t, kind, body.node, data) for body in self.bodies for t, kind, data in body.lines]
        return [
            {"t": t, "kind": kind, "node": node, "trial": "1", "pid": process, "tid": process, "data": data}
            for process, t, kind, node, data in sorted(events, key=lambda event: event[1])
            if (t, kind, node) != self.lost
        ]

    def wrong(self, width: int | None = None) -> dict[str, str]:
        """Write the logs, read them, and return what is wrong with them."""
        return verify(logged(self.events), self.work, width or self.width, self.expectation)

    @property
    def most_at_once(self) -> int:
        """How many bodies ran at one moment."""
        return max(sum(one.began <= body.began < one.ended for one in self.bodies) for body in self.bodies)


def logged(events: Sequence[dict[str, Any]]) -> Timeline:
    """Return what a reader of the logs sees; each process has a log."""
    with tempfile.TemporaryDirectory() as folder:
        for event in events:
            with Path(folder, f"events-{event['pid']}.jsonl").open("a") as log:
                log.write(json.dumps(event) + "\n")
        return read(Path(folder))


@st.composite
def graphs(draw: st.DrawFn) -> Workload:
    """Any graph of up to seven nodes, some of which fail, once or for good, and may be tried again."""
    nodes: list[Node] = []
    for number in range(draw(st.integers(1, 7))):
        parents = draw(st.lists(st.sampled_from([node.id for node in nodes]), unique=True, max_size=3)) if nodes else []
        retry = draw(st.none() | st.builds(Retry, st.integers(0, 3)))
        fault = draw(st.none() | st.builds(Fault, st.integers(0, 2), st.booleans()))
        nodes.append(Node(f"n{number}", after=tuple(parents), retry=retry, fault=fault))
    return Workload("any", tuple(nodes))


@st.composite
def runs(draw: st.DrawFn, work: st.SearchStrategy[Workload] | None = None) -> Seen:
    """Any run that an engine may make of a graph, on so many lanes, in any order that the graph allows."""
    graph, width = draw(work or graphs()), draw(st.integers(1, 3))
    return legal_run(graph, width, draw(st.randoms(use_true_random=False)))


def legal_run(work: Workload, width: int, chance: random.Random) -> Seen:
    """Run each node on a lane that is free, behind all that it waits for; below a failure nothing runs."""
    bodies: list[Body] = []
    free = [1] * width
    done: dict[str, int] = {}
    waiting = list(work.nodes)
    while ready := [node for node in waiting if all(parent in done for parent in node.after)]:
        node = chance.choice(ready)
        waiting.remove(node)
        lane = chance.randrange(width)
        now = max([free[lane], *(done[parent] for parent in node.after)]) + chance.randint(0, 2)
        failures, final = (node.fault.attempts, node.fault.final) if node.fault else (0, False)
        for attempt in range(1 + (node.retry.times if node.retry else 0)):
            body = Body(node.id, lane + 1, now, now + chance.randint(1, 5))
            now = body.ended + chance.randint(0, 2)
            if attempt >= failures:
                bodies.append(replace(body, token=work.tokens[node.id]))
                done[node.id] = body.ended
                break
            bodies.append(replace(body, error="FinalFault: planned" if final else "PlannedFault: planned"))
            if final:
                break
        free[lane] = now
    end = max(body.ended for body in bodies)
    state = SUCCEEDED if len(done) == len(work.nodes) else FAILED
    return Seen(work, width, tuple(bodies), end + chance.randint(0, 2), state)


def changed(run: Seen, body: Body, now: Body) -> Seen:
    """Return what would have been seen if that body had been another."""
    return replace(run, bodies=tuple(now if each is body else each for each in run.bodies))


def drawn(data: st.DataObject, bodies: Sequence[Body]) -> Body:
    """Return any of the bodies; without one there is nothing to damage."""
    assume(bodies)
    return data.draw(st.sampled_from(bodies))
