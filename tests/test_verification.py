"""Verification: whatever an engine may do with a graph passes, and each damage to what was seen of it is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from drawn_runs import FAILED, SUCCEEDED, Body, Seen, changed, drawn, graphs, legal_run, logged, runs
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.events.verification import verify
from contract.workload import Node, Workload


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
