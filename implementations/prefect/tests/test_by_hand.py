"""The graphs by hand do what the interpreter makes of the same graphs as data."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from churn_prefect.adapter.library import FlowCall
from contract import steps
from contract.adapter import State
from contract.body import FinalFault
from contract.by_hand import CHAIN, FLAKY, INDEPENDENT, REFUSED, TRAINING
from contract.events import Trial
from contract.workload import Workload
from contract_testing import bodies_in, events_of


@pytest.mark.parametrize("workload", [CHAIN, INDEPENDENT, TRAINING, FLAKY], ids=lambda each: each.name)
def test_both_do_the_same(engine: FlowCall, workload: Workload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same tasks run, get the same from their parents, and return what is expected."""
    hand, data = in_both_ways(engine, workload, State.SUCCEEDED, tmp_path, monkeypatch)
    assert bodies_in(hand) == bodies_in(data)
    assert {node: token for kind, node, token in bodies_in(hand) if kind == "finished"} == workload.tokens


def test_a_final_error_is_tried_once(engine: FlowCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both runs fail at the first attempt, and whoever calls the flow gets the error."""
    for events in in_both_ways(engine, REFUSED, State.FAILED, tmp_path, monkeypatch):
        assert [event["kind"] for event in events] == ["started", "failed"]


def in_both_ways(
    engine: FlowCall, workload: Workload, end: State, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[Any], list[Any]]:
    """Run the graph by hand and as data, where both have to come to that end; return the events of the bodies."""
    from churn_prefect.adapter import by_hand  # once the engine has set Prefect's environment

    hand, data = Trial("hand", str(folder / "hand")), Trial("data", str(folder / "data"))
    for trial in (hand, data):
        Path(trial.events).mkdir()
    monkeypatch.setenv(steps.VARIABLE, str(folder / "current.json"))
    steps.announce(folder / "current.json", hand, {})
    with nullcontext() if end is State.SUCCEEDED else pytest.raises(FinalFault):
        getattr(by_hand, workload.name)()
    engine.deploy([workload])
    assert engine.wait(engine.submit(workload.name, data), lambda: False, 60) is end
    return events_of(hand.events), events_of(data.events)
