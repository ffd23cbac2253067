"""What is deployed, as files below DAGSTER_HOME: the adapter writes them, and the code location is made of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churn_dagster.adapter import catalogue, settings
from contract.adapter import Setting
from contract.editions import FIRST
from contract.workload import Workload


@dataclass(frozen=True)
class Location:
    """The files below one home."""

    home: Path

    @property
    def caching(self) -> Path:
        """The source of the pipeline `cached`, which may have been edited."""
        return self.home / "caching.py"

    def prepare(self, changed: Sequence[Setting]) -> None:
        """Write how jobs are executed; what an engine before has deployed here stays."""
        self._workloads.mkdir(exist_ok=True)
        for file, of_pipelines in ((self._executor, False), (self._executor_of_pipelines, True)):
            file.write_text(json.dumps(settings.executor_config(changed, of_pipelines=of_pipelines)))

    def add(self, workloads: Sequence[Workload]) -> None:
        """Put workloads beside those that are there."""
        for workload in workloads:
            (self._workloads / f"{workload.name}.json").write_text(workload.to_json())

    def add_pipelines(self, names: Sequence[str]) -> None:
        """Put pipelines beside those that are there."""
        self._pipelines.write_text(json.dumps(sorted({*self.pipelines(), *names})))
        if "cached" in names:
            self.edit(FIRST)

    def edit(self, editions: Mapping[str, int]) -> None:
        """Edit the source of the pipeline `cached`."""
        catalogue.check_editions(editions)
        catalogue.write_caching(self.home, editions)

    def workloads(self) -> list[str]:
        """Return the names of the workloads."""
        return [file.stem for file in sorted(self._workloads.glob("*.json"))]

    def workload(self, name: str) -> Workload:
        """Read a workload."""
        return Workload.from_json((self._workloads / f"{name}.json").read_text())

    def pipelines(self) -> list[str]:
        """Return the names of the pipelines."""
        return list(json.loads(self._pipelines.read_text())) if self._pipelines.exists() else []

    def executor(self, *, of_pipelines: bool) -> dict[str, Any]:
        """Return the config of the default executor: that of the workloads' jobs, or that of the pipelines'."""
        config = json.loads((self._executor_of_pipelines if of_pipelines else self._executor).read_text())
        return dict(config)

    @property
    def _workloads(self) -> Path:
        return self.home / "workloads"

    @property
    def _pipelines(self) -> Path:
        return self.home / "pipelines.json"

    @property
    def _executor(self) -> Path:
        return self.home / "executor.json"

    @property
    def _executor_of_pipelines(self) -> Path:
        return self.home / "executor-of-pipelines.json"
