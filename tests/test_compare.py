"""Compare finds a planted slowdown of a real tool, and finds nothing between two runs of the same code."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import ROOT, call, copied_orchbench, stand_in
from small_runs import block, results_of, suite_of

pytestmark = pytest.mark.alone

SUITE = suite_of(block("overhead", rounds=8, repeat=2, limit_s=60, options={"sizes": {"chain": [1, 40]}}))

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
    stand_in(tampered / ".venv", ROOT / "implementations/prefect/.venv/bin/python", tampered / "plant")
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / "implementations/prefect" / name, tampered)
    return world


def per_task_ms(run: Path) -> float:
    """Return the slope of the chain."""
    rows = results_of(run)["estimates"]
    return float(next(row["median"] for row in rows if row["metric"] == "per_task_ms" and row["workload"] == "chain"))


def test_a_planted_slowdown_of_prefect_is_found(world: Path) -> None:
    """20 % more per Prefect task turns the exit code to 1, and the tool is named."""
    done = copied_orchbench(world, "run", "--suite", "suite.toml", "--out", "before")
    assert done.code == 0, done.err
    plant = world / "implementations/prefect/plant"
    plant.mkdir()
    seconds = 0.2 * per_task_ms(world / "before") / 1000
    (plant / "sitecustomize.py").write_text(PLANT.format(seconds=seconds))
    assert copied_orchbench(world, "run", "--suite", "suite.toml", "--out", "slower").code == 0
    slower = copied_orchbench(world, "compare", "before", "slower")
    assert slower.code == 1, slower.out
    assert "slower prefect/flow_call (library, stock)" in slower.out


def test_the_same_code_is_no_regression(tmp_path: Path) -> None:
    """Plain Python measured in turns with itself, as a pull request is with its base, compares with exit code 0."""
    (tmp_path / "suite.toml").write_text(SUITE)
    done = call(ROOT / ".github/interleave.sh", ROOT, ROOT, "suite.toml", 8, "out", "--on", "plain", cwd=tmp_path)
    assert done.code == 0, (tmp_path / "out/compare.md").read_text() + done.err
