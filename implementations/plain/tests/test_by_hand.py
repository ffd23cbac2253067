"""The graphs by hand do what the interpreter makes of the same graphs as data."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from churn_plain.adapter import by_hand, shapes
from contract import steps
from contract.body import FinalFault
from contract.by_hand import CHAIN, FLAKY, INDEPENDENT, REFUSED, TRAINING
from contract.events import Trial
from contract.workload import Workload
from contract_testing import bodies_in, events_of


@pytest.mark.parametrize(
    ("workload", "run"),
    [
        (CHAIN, by_hand.chain),
        (INDEPENDENT, by_hand.independent),
        (TRAINING, by_hand.training),
        (FLAKY, by_hand.flaky),
    ],
    ids=lambda each: each.name if isinstance(each, Workload) else "",
)
def test_both_do_the_same(
    workload: Workload, run: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same tasks run, get the same from their parents, and return what is expected."""
    (tmp_path / "hand").mkdir()
    (tmp_path / "data").mkdir()
    hand, data = Trial("hand", str(tmp_path / "hand")), Trial("data", str(tmp_path / "data"))
    monkeypatch.setenv(steps.VARIABLE, str(tmp_path / "current.json"))
    steps.announce(tmp_path / "current.json", hand, {})
    run()
    with ThreadPoolExecutor(2) as pool:
        shapes.run(workload, data, pool)
    assert bodies_in(events_of(hand.events)) == bodies_in(events_of(data.events))
    assert {node: token for kind, node, token in bodies_in(events_of(hand.events)) if kind == "finished"} == workload.tokens


def test_a_final_error_is_tried_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever calls the pipeline gets it."""
    monkeypatch.setenv(steps.VARIABLE, str(tmp_path / "current.json"))
    steps.announce(tmp_path / "current.json", Trial(REFUSED.name, str(tmp_path)), {})
    with pytest.raises(FinalFault):
        by_hand.refused()
    assert [event["kind"] for event in events_of(tmp_path)] == ["started", "failed"]
