"""What the event log says of a failure: enough to find its cause in a run that cannot be made again."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_runs import events_of

from contract.events import Trial
from contract.steps import VARIABLE, announce, step


def failure(folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, cause: Exception | None) -> str:
    """Let a step fail, and return what its event says."""
    announce(folder / "current", Trial("trial", str(folder)), {})
    monkeypatch.setenv(VARIABLE, str(folder / "current"))
    with pytest.raises(type(error)), step("train"):
        raise error from cause
    (log,) = folder.glob("events-*.jsonl")
    return str(events_of(log)[-1]["data"]["error"])


def test_a_failure_is_named_with_what_it_came_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that wraps an error may leave out what it has met."""
    said = failure(tmp_path, monkeypatch, RuntimeError("it cannot be written"), SystemError("a race"))
    assert said == "RuntimeError: it cannot be written (from SystemError: a race)"


def test_a_failure_without_a_cause_is_named_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is added where nothing is known."""
    assert failure(tmp_path, monkeypatch, RuntimeError("planted"), None) == "RuntimeError: planted"


def test_an_error_that_is_its_own_cause_is_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python allows it, and the event must not be lost over it."""
    error = ValueError("round and round")
    assert failure(tmp_path, monkeypatch, error, error).startswith("ValueError: round and round")
