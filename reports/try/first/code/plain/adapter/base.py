"""What the engines of both tiers do alike, whatever a run is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from churn_plain.adapter import catalogue
from churn_plain.adapter.settings import VERSIONS
from contract.adapter import Adapter, Setup, Started
from contract.editions import FIRST
from contract.pipeline import Pipeline
from contract.workload import Workload


class Plain(Adapter):
    """The pipelines are modules that a run imports; of the one that is edited, the home has a copy."""

    def start(self, setup: Setup) -> Started:
        self._home, self._width = setup.home, setup.width
        return Started(VERSIONS, ())

    def unsupported(self, work: Workload | Pipeline, runs_at_once: int = 1) -> str:
        return catalogue.unsupported(work)

    def deploy_pipelines(self, pipelines_: Sequence[str]) -> None:
        self.edit(FIRST)

    def edit(self, editions: Mapping[str, int]) -> None:
        self._caching = catalogue.write_caching(self._home, editions)

    def kept_files(self) -> Sequence[Path]:
        return catalogue.kept_files()
