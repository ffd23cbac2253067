"""One engine of the library tier for all tests: its start takes ten seconds, and Prefect reads its settings but once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from churn_prefect.library import FlowCall
from contract import steps
from contract.adapter import Setup


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
            engine.deploy_pipelines()
            yield engine
        finally:
            from prefect.logging.handlers import APILogHandler

            # What is left of the log would otherwise keep this process for over a minute: it is sent again and again.
            APILogHandler().flush()
            engine.stop()
