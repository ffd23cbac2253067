"""A tool may refuse a run, which is an answer; what else goes wrong with a submission is an error of the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.events.timeline import read
from bench.events.verification import verify
from bench.plan.setup import setups_of
from bench.plan.tools import Tool
from bench.run import conformance
from bench.run.channel import EngineError
from bench.run.conformance import SHORT, WIDTH


def test_a_refusal_is_how_the_run_ended(fakes: Tool, tmp_path: Path) -> None:
    """The record has the tool's words, the work counts as not done, and the engine takes other work."""
    setup = next(each for each in setups_of(fakes) if each.deployment == "refuses")
    with conformance.started(fakes, setup, tmp_path / "start") as candidate:
        for _ in range(2):
            scene, timeline = candidate.run(SHORT)
            assert [(run.state, run.id, run.last_error) for run in scene.runs] == [("refused", "", "not today")]
            assert timeline == read(Path(scene.trial.events))
            assert verify(timeline, SHORT, WIDTH)


def test_an_error_is_no_refusal(fakes: Tool, tmp_path: Path) -> None:
    """The run has no end, and whoever asked for it hears of the error."""
    setup = next(each for each in setups_of(fakes) if each.deployment == "falls_over_a_submission")
    with conformance.started(fakes, setup, tmp_path / "start") as candidate, pytest.raises(EngineError):
        candidate.run(SHORT)
