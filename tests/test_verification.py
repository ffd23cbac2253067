"""Verification: whatever an engine may do with a graph passes, and each damage to what was seen of it is named."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
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


@given(runs())
def test_a_legal_run_passes(run: Seen) -> None:
    """Any order, any overlap within the width, any retries, and failures that were asked for."""
    assert run.wrong() == {}


@given(runs(), st.data())
def test_a_lost_event_is_named(run: Seen, data: st.DataObject) -> None:
    """The beginning or the end of any body, or the submission."""
    lines = [(t, kind, body.node) for body in run.bodies for t, kind, _ in body.lines]
    lost = data.draw(st.sampled_from([(0, "submitted", ""), *lines]))
    assert "every_body_ran_once" in replace(run, lost=lost).wrong()


@given(runs(), st.data())
def test_swapped_tokens_are_named(run: Seen, data: st.DataObject) -> None:
    """Two bodies that ended with each other's tokens did each other's work."""
    one = drawn(data, [body for body in run.bodies if body.token])
    other = drawn(data, [body for body in run.bodies if body.token not in {"", one.token}])
    swapped = changed(changed(run, one, replace(one, token=other.token)), other, replace(other, token=one.token))
    assert "work_verified" in swapped.wrong()


@given(runs(), st.data())
def test_a_body_that_ran_once_more_is_named(run: Seen, data: st.DataObject) -> None:
    """After all others, so that nothing else is wrong with it."""
    again = drawn(data, run.bodies)
    more = replace(again, began=run.settled, ended=run.settled + 1)
    seen = replace(run, bodies=(*run.bodies, more), settled=run.settled + 1)
    assert seen.wrong().keys() == {"every_body_ran_once"}


@given(runs(), st.data())
def test_a_body_that_nobody_asked_for_is_named(run: Seen, data: st.DataObject) -> None:
    """Below a failure, or of no node at all."""
    ran = {body.node for body in run.bodies}
    node = data.draw(st.sampled_from(["stranger", *(node.id for node in run.work.nodes if node.id not in ran)]))
    more = Body(node, 1, run.settled, run.settled + 1, run.work.tokens.get(node, ""))
    assert "every_body_ran_once" in replace(run, bodies=(*run.bodies, more), settled=run.settled + 1).wrong()


@settings(max_examples=150)
@given(runs(), st.data())
def test_a_body_that_began_too_early_is_named(run: Seen, data: st.DataObject) -> None:
    """The first try of a node, before the end of what it waits for."""
    after = {node.id: node.after for node in run.work.nodes}
    first = {body.node: body for body in reversed(run.bodies)}
    early = drawn(data, [body for body in first.values() if after[body.node]])
    parent = data.draw(st.sampled_from(after[early.node]))
    end = max(body.ended for body in run.bodies if body.node == parent)
    # In a process of its own: where it now overlaps another body, their events are not to be taken for each other's.
    assert "order_respected" in changed(run, early, replace(early, began=end - 1, process=9)).wrong()


@given(runs())
def test_too_many_at_once_are_named(run: Seen) -> None:
    """One body more than the width allows."""
    most = run.most_at_once
    assume(most > 1)
    assert run.wrong(width=most) == {}
    assert run.wrong(width=most - 1).keys() == {"width_respected"}


@given(runs())
def test_an_early_end_is_named(run: Seen) -> None:
    """The tool called it over while the last body still ran."""
    early = replace(run, settled=max(body.ended for body in run.bodies) - 1)
    assert early.wrong().keys() == {"settled_after_last_body"}


@pytest.mark.parametrize("state", [SUCCEEDED, FAILED, ""])
@given(run=runs())
def test_a_wrong_outcome_is_named(state: str, run: Seen) -> None:
    """A failure that the tool calls a success, or the other way round, or nothing at all."""
    assert (replace(run, state=state).wrong().keys() == {"settled_after_last_body"}) == (state != run.state)


# Several runs ----------------------------------------------------------------------------------------------------------


@st.composite
def several_runs(draw: st.DrawFn) -> list[Seen]:
    """Any two to four runs of one graph that its tool is right to call successful."""
    work, width = draw(graphs()), draw(st.integers(1, 3))
    chance = draw(st.randoms(use_true_random=False))
    runs = [legal_run(work, width, chance) for _ in range(draw(st.integers(2, 4)))]
    assume(runs[0].state == SUCCEEDED)
    return runs


def wrong_of(runs: Sequence[Seen], asked: int = 0) -> dict[str, str]:
    """Return what is wrong with a trial of those runs, each of whose events says which it is of."""
    events = [
        event | {"run": str(number), "pid": 10 * number + event["pid"]}
        for number, run in enumerate(runs, 1)
        for event in run.events
    ]
    return verify(logged(events), runs[0].work, runs[0].width, runs=asked or len(runs))


@given(several_runs())
def test_several_legal_runs_pass(runs: list[Seen]) -> None:
    """Their bodies are not mixed up, and the width is that of each."""
    assert wrong_of(runs) == {}


@given(several_runs())
def test_a_run_that_left_no_trace_is_named(runs: list[Seen]) -> None:
    """Each of those that were asked for has to be there."""
    assert "every_body_ran_once" in wrong_of(runs, asked=len(runs) + 1)


@given(several_runs(), st.data())
def test_what_is_wrong_with_one_of_several_is_named(runs: list[Seen], data: st.DataObject) -> None:
    """A body that was lost, did other work, or ended after the run: any of the runs is looked at."""
    number = data.draw(st.integers(0, len(runs) - 1))
    body = drawn(data, [each for each in runs[number].bodies if each.token])
    damaged = {
        "every_body_ran_once": replace(runs[number], lost=(body.ended, "finished", body.node)),
        "work_verified": changed(runs[number], body, replace(body, token="forged")),
        "settled_after_last_body": replace(runs[number], settled=max(each.ended for each in runs[number].bodies) - 1),
    }
    for check, run in damaged.items():
        assert check in wrong_of([*runs[:number], run, *runs[number + 1 :]])


@given(st.integers(2, 5), st.integers(2, 4))
def test_a_run_that_is_too_wide_is_named(width: int, runs: int) -> None:
    """Although all runs together may have as many bodies at once."""
    work = Workload("wide", tuple(Node(f"n{number}") for number in range(width)))
    bodies = [Body(node.id, place, 1, 2, work.tokens[node.id]) for place, node in enumerate(work.nodes, 1)]
    wide = Seen(work, width, tuple(bodies), 3, SUCCEEDED)
    assert wrong_of([wide] * runs) == {}
    assert wrong_of([replace(wide, width=width - 1)] * runs).keys() == {"width_respected"}


# Runs that are cancelled -----------------------------------------------------------------------------------------------

IS_CANCELLED = Expectation(is_cancelled=True)


@st.composite
def cancelled_runs(draw: st.DrawFn) -> Seen:
    """Any run that is cancelled at any moment: what was over by then stays, and of the rest any part may still be seen."""
    whole, chance = draw(runs()), draw(st.randoms(use_true_random=False))
    cancelling = chance.randint(1, whole.settled)
    settled = cancelling + chance.randint(0, 4)
    after = {node.id: node.after for node in whole.work.nodes}
    bodies: list[Body] = []
    ended_well: set[str] = set()
    cut_off: set[str] = set()
    for body in whole.bodies:
        if body.node in cut_off or not ended_well.issuperset(after[body.node]) or body.began > settled:
            continue
        if body.began > cancelling and chance.random() < 0.5:
            cut_off.add(body.node)
            continue
        seen = body
        if body.ended > cancelling:
            seen = chance.choice([body, replace(body, is_cut_off=True), replace(body, token="", error="SystemExit: 143")])
        if seen.token and not seen.is_cut_off:
            ended_well.add(body.node)
        elif seen is not body:
            cut_off.add(body.node)
        bodies.append(seen)
    return replace(
        whole, bodies=tuple(bodies), settled=settled, state=CANCELLED, cancelling=cancelling, expectation=IS_CANCELLED
    )


def over(run: Seen) -> list[Body]:
    """Return the bodies that were over when the run was cancelled."""
    return [body for body in run.bodies if not body.is_cut_off and body.ended <= run.cancelling]


@settings(max_examples=150)
@given(cancelled_runs())
def test_a_cancelled_run_passes_where_one_is_expected(run: Seen) -> None:
    """Whatever was cut off, went on to its end, or never began."""
    assert run.wrong() == {}


@given(cancelled_runs())
def test_a_cancelled_run_is_no_other(run: Seen) -> None:
    """Where nobody expects that it is cancelled, its outcome is wrong, however far it came."""
    assert replace(run, expectation=AS_ASKED).wrong() != {}


@given(runs(), st.data())
def test_a_run_that_is_not_cancelled_is_named(run: Seen, data: st.DataObject) -> None:
    """It came to its own end, although it was to be cancelled; or nobody told the tool to cancel it."""
    late = replace(run, cancelling=data.draw(st.integers(1, run.settled)), expectation=IS_CANCELLED)
    assert late.wrong().keys() == {"settled_after_last_body"}
    assert replace(late, state=CANCELLED, cancelling=0).wrong().keys() == {"every_body_ran_once"}


@pytest.mark.parametrize("state", [SUCCEEDED, FAILED, ""])
@given(run=cancelled_runs())
def test_a_wrong_word_for_a_cancelled_run_is_named(state: str, run: Seen) -> None:
    """A tool that calls it a success or a failure, or nothing at all."""
    assert replace(run, state=state).wrong().keys() == {"settled_after_last_body"}


@given(cancelled_runs(), st.integers(1, 3))
def test_a_body_that_begins_after_the_cancel_is_done_is_named(run: Seen, later: int) -> None:
    """The tool has called the run cancelled by then."""
    possible = [node for node in run.work.nodes if not node.after and node.id not in {body.node for body in run.bodies}]
    assume(possible)
    began = run.settled + later
    more = Body(possible[0].id, 9, began, began + 1, run.work.tokens[possible[0].id], is_cut_off=True)
    assert replace(run, bodies=(*run.bodies, more)).wrong().keys() == {"settled_after_last_body"}


@given(cancelled_runs())
def test_an_end_before_the_cancel_is_named(run: Seen) -> None:
    """A tool that calls a run cancelled before anybody told it to cancel."""
    assert replace(run, settled=run.cancelling - 1).wrong().keys() == {"settled_after_last_body"}


@given(cancelled_runs(), st.data())
def test_a_body_below_one_that_was_cut_off_is_named(run: Seen, data: st.DataObject) -> None:
    """A cancel is no reason to begin a body before those that it waits for have ended well."""
    ended_well = {body.node for body in run.bodies if body.token and not body.is_cut_off}
    may_run = {body.node for body in legal_run(run.work, 1, random.Random(0)).bodies}
    below = [node for node in run.work.nodes if node.id in may_run and not ended_well.issuperset(node.after)]
    assume(below)
    node = data.draw(st.sampled_from(below))
    early = Body(node.id, 9, run.cancelling, run.cancelling + 1, is_cut_off=True)
    assert "order_respected" in replace(run, bodies=(*run.bodies, early)).wrong()


@given(cancelled_runs(), st.data())
def test_what_was_over_before_the_cancel_is_held_to_the_usual(run: Seen, data: st.DataObject) -> None:
    """Its token, and an error that nobody asked for."""
    body = drawn(data, [each for each in over(run) if each.token])
    assert "work_verified" in changed(run, body, replace(body, token="forged")).wrong()
    assert changed(run, body, replace(body, token="", error="ValueError: nobody asked for it")).wrong()


@given(cancelled_runs(), st.data())
def test_a_body_that_ran_too_often_before_the_cancel_is_named(run: Seen, data: st.DataObject) -> None:
    """A body that had ended well is not begun again."""
    again = drawn(data, [each for each in over(run) if each.token])
    more = replace(again, began=run.cancelling, ended=run.cancelling + 1, process=9)
    assert "every_body_ran_once" in replace(run, bodies=(*run.bodies, more)).wrong()


@given(cancelled_runs(), st.data())
def test_a_lost_event_of_a_cancelled_run_is_named(run: Seen, data: st.DataObject) -> None:
    """The submission, the cancel, and the beginning of a body that another one has waited for."""
    waited_for = {
        parent for node in run.work.nodes if node.id in {body.node for body in run.bodies} for parent in node.after
    }
    begun = [(body.began, "started", body.node) for body in run.bodies if body.token and body.node in waited_for]
    lost = data.draw(st.sampled_from([(0, "submitted", ""), (run.cancelling, "cancelling", ""), *begun]))
    assert replace(run, lost=lost).wrong()


@given(st.integers(2, 5), st.integers(6, 9))
def test_bodies_that_were_cut_off_were_busy_at_once(busy: int, cancelling: int) -> None:
    """Until the cancel, which alone ends a body without a word."""
    work = Workload("busy", tuple(Node(f"n{number}") for number in range(busy)))
    bodies = tuple(Body(node.id, place, place, place + 9, is_cut_off=True) for place, node in enumerate(work.nodes, 1))
    run = Seen(work, busy, bodies, cancelling, CANCELLED, cancelling=cancelling, expectation=IS_CANCELLED)
    assert run.wrong() == {}
    assert run.wrong(width=busy - 1).keys() == {"width_respected"}
