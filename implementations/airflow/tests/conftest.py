"""Keeps Airflow, which makes a home for itself when it is imported, away from the user's; has engines for the tests."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from contract import steps
from contract.adapter import Adapter, Reported, Setup, State
from contract.events import FinishedBodies, Trial
from contract.workload import Workload
from contract_testing import events_of

_HOME = tempfile.TemporaryDirectory(prefix="airflow-home-")
os.environ |= {
    "AIRFLOW_HOME": _HOME.name,
    "AIRFLOW__CORE__DAGS_FOLDER": str(Path(__file__).parents[1] / "src" / "churn_airflow" / "pipelines"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}

LIMIT_S = 180.0


@dataclass(frozen=True)
class Ran:
    """A run that is over."""

    state: State
    events: list[dict[str, Any]]
    reported: Reported

    @property
    def tries(self) -> Mapping[str, int]:
        """How often each body has begun, by the event log."""
        return Counter(event["node"] for event in self.events if event["kind"] == "started")

    @property
    def said(self) -> Mapping[str, str]:
        """What the steps have said at their end."""
        return {event["node"]: event["data"]["token"] for event in self.events if event.get("data", {}).get("token")}

    def waits(self, node: str) -> list[float]:
        """Return the seconds between each failure of the body and the next try."""
        times = {
            kind: [event["t"] for event in self.events if (event["node"], event["kind"]) == (node, kind)]
            for kind in ("started", "failed")
        }
        return [(then - failed) / 1e9 for failed, then in zip(times["failed"], times["started"][1:], strict=False)]


class Engine:
    """An adapter, as the harness uses it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = count(1)
        (folder / "engine").mkdir()

    def up(self, adapter: type[Adapter], tier: str = "library") -> Engine:
        """Start it, or start it again on the home that it has."""
        self.adapter = adapter()
        self._patch = patch = pytest.MonkeyPatch()
        # An engine knows where its DAGs are; the variable is for the other tests of this process.
        patch.delenv("AIRFLOW__CORE__DAGS_FOLDER")
        patch.setenv("AIRFLOW_HOME", os.environ["AIRFLOW_HOME"])
        patch.setenv(steps.VARIABLE, str(self.folder / "current.json"))
        patch.setenv("CHURN_HOME", str(self.folder / "churn"))
        self.adapter.start(Setup(tier, "", "stock", 2, self.folder / "engine"))
        return self

    def down(self) -> None:
        """Stop it."""
        self.adapter.stop()
        self._patch.undo()

    def deploy(self, *workloads: Workload) -> None:
        """Deploy workloads."""
        self.adapter.deploy(workloads)

    def run(self, workload: Workload) -> Ran:
        """Run a workload that has been deployed."""
        trial = self._trial()
        run = self.adapter.submit(workload.name, trial)
        return self._over(run, trial, len(workload.nodes))

    def run_at_once(self, workload: Workload, runs: int) -> list[Ran]:
        """Run a workload that has been deployed, so many times at the same moment."""
        trials = [self._trial() for _ in range(runs)]
        submitted = [self.adapter.submit(workload.name, trial) for trial in trials]
        return [self._over(run, trial, len(workload.nodes)) for run, trial in zip(submitted, trials, strict=True)]

    def run_pipeline(self, pipeline: str, faults: Mapping[str, int] | None = None, **parameters: Any) -> Ran:
        """Run a pipeline that has been deployed; the named steps fail as often as is said."""
        trial = self._trial()
        steps.announce(self.folder / "current.json", trial, faults or {})
        run = self.adapter.submit_pipeline(pipeline, parameters, trial)
        return self._over(run, trial, 1)

    def _trial(self) -> Trial:
        folder = self.folder / f"trial{next(self._numbers)}"
        folder.mkdir()
        return Trial(folder.name, str(folder))

    def _over(self, run: str, trial: Trial, bodies: int) -> Ran:
        finished = FinishedBodies(trial)
        state = self.adapter.wait(run, lambda: finished() >= bodies, LIMIT_S)
        return Ran(state, events_of(trial.events), self.adapter.reported(run))
