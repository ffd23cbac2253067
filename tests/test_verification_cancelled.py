"""Verification of cancelled runs: what a cancel may do to a run passes, and nothing else does."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from drawn_runs import CANCELLED, FAILED, SUCCEEDED, Body, Seen, changed, drawn, legal_run, runs
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.events.verification import AS_ASKED, Expectation
from contract.workload import Node, Workload

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
