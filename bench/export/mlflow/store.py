"""Where a run is logged: a server, a database, or the run's own."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bench.base.text import masked_url
from bench.scenarios.churn import runs
from bench.store.folder import RunFolder

EXPERIMENT: Final = "orchbench"


@dataclass(frozen=True)
class Store:
    """A tracking server, a database, or the embedded one of the run."""

    uri: str
    embedded: bool = False

    @classmethod
    def choose(cls, folder: RunFolder, uri: str | None) -> Store:
        """Return the given one, or the one that MLflow's environment variable names, or the embedded one."""
        # That in which the churn pipelines of the run have recorded what they did.
        own = runs.store(folder.shared)
        given = cls(uri or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{own}")
        return replace(given, embedded=given.file == own)

    def __str__(self) -> str:
        """Return the URI without credentials."""
        return masked_url(self.uri)

    @property
    def file(self) -> Path | None:
        """The database's file, where no server is needed."""
        of_sqlite = re.match(r"sqlite(\+\w+)?:///([^?]+)", self.uri)
        return Path(of_sqlite[2]).resolve() if of_sqlite else None  # one file, however it is spelled

    @property
    def artifacts(self) -> Path | None:
        """Where files go, where no server knows: else MLflow would put them below whatever folder the process is in."""
        return self.file.parent / "orchbench-artifacts" if self.file else None
