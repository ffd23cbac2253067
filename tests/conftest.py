"""What the tests share: orchbench as a user calls it, a world with fakes in it, and engines of every kind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.orchestrators import Orchestrator, Subject, discover

ROOT = Path(__file__).parent.parent
ORCHBENCH = Path(sys.executable).with_name("orchbench")

os.environ["ORCHBENCH_NO_MLFLOW"] = "1"  # a new store takes seconds, and the tests make many runs


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def orchbench(tmp_path: Path) -> Callable[..., Done]:
    """Call orchbench in an empty folder."""

    def call(*arguments: object, cwd: Path = tmp_path, timeout: float = 300) -> Done:
        argv = [str(ORCHBENCH), *map(str, arguments)]
        done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False)
        return Done(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="session")
def fakes(tmp_path_factory: pytest.TempPathFactory) -> Orchestrator:
    """The folder of the faulty adapters, with an interpreter that finds them."""
    folder = tmp_path_factory.mktemp("world") / "faulty"
    shutil.copytree(ROOT / "tests" / "fakes", folder)
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}/src" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return discover(folder.parent)["faulty"]


def subjects_of(orchestrator: Orchestrator) -> list[Subject]:
    """Return each of its deployments, as they come."""
    return [
        Subject(orchestrator.name, each.tier, each.name, "stock", each.isolation, each.lanes)
        for each in orchestrator.deployments
    ]
