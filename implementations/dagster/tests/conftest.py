"""One engine of the library tier for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from churn_dagster.library import InProcess
from contract import steps
from contract.adapter import Setup


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """Jobs executed in this process, and a persistent instance that records them."""
    home = tmp_path_factory.mktemp("dagster")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home))
        patch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")
        patch.delenv(steps.VARIABLE, raising=False)
        engine = InProcess()
        try:
            engine.start(Setup("library", "in_process", "stock", 2, home))
            engine.deploy_pipelines()
            yield engine
        finally:
            engine.stop()
