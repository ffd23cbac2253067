"""One engine of the library tier for all tests: its start takes ten seconds, and Prefect reads its settings but once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from churn_prefect.adapter import library
from churn_prefect.adapter.library import AsyncFlowCall, Calls, FlowCall, ProcessPool
from contract import steps
from contract.adapter import Setup, State
from contract.events import Trial
from contract.pipeline import STEPS
from contract_testing import events_of


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlowCall]:
    """A real API server, and flows called in this process."""
    home = tmp_path_factory.mktemp("prefect")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.delenv(steps.VARIABLE, raising=False)
        engine = FlowCall()
        try:
            engine.start(Setup("library", "flow_call", "stock", 2, home))
            engine.deploy_pipelines(list(STEPS))
            yield engine
        finally:
            from prefect.logging.handlers import APILogHandler

            # What is left of the log would otherwise keep this process for over a minute: it is sent again and again.
            APILogHandler().flush()
            engine.stop()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a churn home of its own."""
    monkeypatch.setenv("CHURN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path / "home"


@pytest.fixture
def other(engine: FlowCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], FlowCall]:
    """Start an engine of another deployment on the server that is there: Prefect reads its settings but once."""
    monkeypatch.setattr(library, "Server", lambda _: engine._engine)  # noqa: SLF001
    kinds = {"async_flow_call": AsyncFlowCall, "calls": Calls, "process_pool": ProcessPool}

    def start(deployment: str) -> FlowCall:
        started = kinds[deployment]()
        started.start(Setup("library", deployment, "stock", 2, tmp_path))
        return started

    return start


def run(engine: FlowCall, pipeline: str, parameters: dict[str, Any], name: str = "run") -> State:
    """Run a pipeline through the adapter, and wait for its end."""
    return engine.wait(engine.submit_pipeline(pipeline, parameters, Trial(name, "")), lambda: False, 60)


def watched(folder: Path, monkeypatch: pytest.MonkeyPatch, **faults: int) -> Callable[[], list[Any]]:
    """Have the next run's steps logged in the folder, and fail as often as planned; return what reads the log."""
    folder.mkdir(exist_ok=True)
    monkeypatch.setenv(steps.VARIABLE, str(folder / "current.json"))
    steps.announce(folder / "current.json", Trial(folder.name, str(folder)), faults)
    return lambda: events_of(folder)
