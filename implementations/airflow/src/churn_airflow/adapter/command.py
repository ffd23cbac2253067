"""Airflow's command line: a home is set up and its servers are started by it, as the documentation has it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


def argv(*words: str) -> list[str]:
    """Return how a command is called."""
    return [sys.executable, "-m", "airflow", *words]


def environment(home: Path) -> Mapping[str, str]:
    """Return what a command finds its home by."""
    return os.environ | {"AIRFLOW_HOME": str(home)}


def call(home: Path, *words: str) -> None:
    """Call a command on a home, to its end."""
    subprocess.run(argv(*words), env=environment(home), stdin=subprocess.DEVNULL, check=True)  # noqa: S603
