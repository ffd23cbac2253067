"""One engine of the library tier for all tests, and a way to see what a run of it did."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from churn_dagster.adapter.library import InProcess
from contract import steps
from contract.adapter import Adapter, Reported, Setup, State
from contract.events import Trial
from contract.pipeline import STEPS
from contract_testing import events_of

SMALL = {"rows": 400, "n_estimators": 10, "tracking": "files"}
"""Parameters that are quick to train with; the models are what they are."""


@pytest.fixture(scope="session", autouse=True)
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what the engines put into the environment from everything else."""
    # Started in the background of a shell the tests ignore SIGINT; Dagster then ignores SIGTERM too, also in its helpers.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(tmp_path_factory.mktemp("dagster")))
        patch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")
        patch.setenv("CHURN_HOME", str(tmp_path_factory.mktemp("churn")))
        patch.delenv(steps.VARIABLE, raising=False)
        yield


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """Jobs executed in this process, and a persistent instance that records them."""
    engine = InProcess()
    try:
        engine.start(Setup("library", "in_process", "stock", 2, tmp_path_factory.mktemp("engine")))
        engine.deploy_pipelines(list(STEPS))
        yield engine
    finally:
        engine.stop()


@dataclass(frozen=True)
class Run:
    """What a run of a pipeline did."""

    state: State
    reported: Reported
    started: Mapping[str, int]
    """How often each step began."""
    says: Mapping[str, str]
    """What each step has said of its work."""


Perform = Callable[..., Run]


@pytest.fixture
def perform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Perform:
    """Return a function that sees a run of a pipeline through."""
    current = tmp_path / "current.json"
    # Servers that a test starts inherit it.
    monkeypatch.setenv(steps.VARIABLE, str(current))

    def perform(
        engine: Adapter, pipeline: str, parameters: Mapping[str, Any], faults: Mapping[str, int] | None = None
    ) -> Run:
        folder = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        trial = Trial(folder.name, str(folder))
        steps.announce(current, trial, faults or {})
        run = engine.submit_pipeline(pipeline, parameters, trial)
        state = engine.wait(run, lambda: True, 120)
        events = events_of(folder)
        started = Counter(event["node"] for event in events if event["kind"] == "started")
        says = {event["node"]: event["data"]["token"] for event in events if "token" in event.get("data", {})}
        return Run(state, engine.reported(run), started, says)

    return perform
