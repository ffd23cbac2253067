"""The graphs by hand do what the interpreter makes of the same graphs as data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import pytest

from churn_dagster.adapter import by_hand, shapes
from contract import steps
from contract.by_hand import CHAIN, FLAKY, INDEPENDENT, REFUSED, TRAINING
from contract.events import Trial
from contract.workload import Workload
from contract_testing import bodies_in, events_of


@pytest.fixture
def trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sequence[Trial]:
    """Two trials with a folder each; the first is the one that graphs by hand log to."""
    hand, data = (Trial(name, str(tmp_path / name)) for name in ("hand", "data"))
    for trial in (hand, data):
        Path(trial.events).mkdir()
    monkeypatch.setenv(steps.VARIABLE, str(tmp_path / "current.json"))
    steps.announce(tmp_path / "current.json", hand, {})
    return hand, data


@pytest.mark.parametrize("workload", [CHAIN, INDEPENDENT, TRAINING, FLAKY], ids=lambda workload: workload.name)
def test_both_do_the_same(workload: Workload, trials: Sequence[Trial]) -> None:
    """The same tasks run, get the same from their parents, and return what is expected."""
    hand, data = trials
    with dg.DagsterInstance.ephemeral() as instance:
        by_hand.defs.resolve_job_def(workload.name).execute_in_process(instance=instance)
        shapes.job(workload).execute_in_process(shapes.run_config(data), instance)
    assert bodies_in(events_of(hand.events)) == bodies_in(events_of(data.events))
    assert {node: token for kind, node, token in bodies_in(events_of(hand.events)) if kind == "finished"} == workload.tokens


def test_a_final_error_is_tried_once(trials: Sequence[Trial]) -> None:
    """The run fails after one try, in both ways."""
    hand, data = trials
    with dg.DagsterInstance.ephemeral() as instance:
        runs = [
            by_hand.defs.resolve_job_def(REFUSED.name).execute_in_process(instance=instance, raise_on_error=False),
            shapes.job(REFUSED).execute_in_process(shapes.run_config(data), instance, raise_on_error=False),
        ]
    assert [run.success for run in runs] == [False, False]
    for trial in (hand, data):
        assert [event["kind"] for event in events_of(trial.events)] == ["started", "failed"]
