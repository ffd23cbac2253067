"""Compare finds a planted slowdown of a real tool, and finds nothing between two runs of the same code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Done

pytestmark = pytest.mark.alone

SUITE = """
name = "regression"
about = "For tests."
[[blocks]]
scenario = "overhead"
tier = "library"
rounds = 8
repeat = 2
limit_s = 60
[blocks.options]
sizes = { chain = [1, 40] }
"""

PLANT = """
import time
from contract import body

honest = body.run

def slower(node, trial, inputs):
    end = time.perf_counter() + {seconds}
    while time.perf_counter() < end:
        pass
    return honest(node, trial, inputs)

body.run = slower
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the harness whose Prefect environment is the real one, but can be tampered with."""
    world = tmp_path_factory.mktemp("world")
    shutil.copytree(ROOT / "bench", world / "bench")
    shutil.copy(ROOT / "uv.lock", world)
    (world / "suite.toml").write_text(SUITE)
    tampered = world / "implementations" / "prefect"
    python = tampered / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / "implementations/prefect" / name, tampered)
    real = ROOT / "implementations/prefect/.venv/bin/python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{tampered}/plant" exec "{real}" "$@"\n')
    python.chmod(0o755)
    return world


def orchbench(world: Path, *arguments: str) -> Done:
    """Call the copy."""
    argv = [sys.executable, "-m", "bench", *arguments]
    done = subprocess.run(
        argv, cwd=world, env=os.environ | {"PYTHONPATH": str(world)}, capture_output=True, text=True, check=False
    )
    return Done(done.returncode, done.stdout, done.stderr)


def per_task_ms(run: Path) -> float:
    """Return the slope of the chain."""
    rows = json.loads((run / "results.json").read_text())["estimates"]
    return float(next(row["median"] for row in rows if row["metric"] == "per_task_ms" and row["workload"] == "chain"))


def test_a_planted_slowdown_of_prefect_is_found(world: Path) -> None:
    """20 % more per Prefect task turns the exit code to 1, and the tool is named."""
    done = orchbench(world, "run", "--suite", "suite.toml", "--out", "before")
    assert done.code == 0, done.err
    plant = world / "implementations/prefect/plant"
    plant.mkdir()
    seconds = 0.2 * per_task_ms(world / "before") / 1000
    (plant / "sitecustomize.py").write_text(PLANT.format(seconds=seconds))
    assert orchbench(world, "run", "--suite", "suite.toml", "--out", "slower").code == 0
    slower = orchbench(world, "compare", "before", "slower")
    assert slower.code == 1, slower.out
    assert "slower prefect/flow_call (library, stock)" in slower.out


def test_the_same_code_twice_is_no_regression(tmp_path: Path) -> None:
    """Two runs of plain Python, a minute's worth of noise apart, compare with exit code 0."""
    (tmp_path / "suite.toml").write_text(SUITE)
    for name in ("before", "again"):
        done = orchbench(ROOT, "run", "--suite", f"{tmp_path}/suite.toml", "--on", "plain", "--out", f"{tmp_path}/{name}")
        assert done.code == 0, done.err
    same = orchbench(ROOT, "compare", f"{tmp_path}/before", f"{tmp_path}/again")
    assert same.code == 0, same.out + same.err
