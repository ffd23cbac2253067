"""A duel finds a planted slowdown of a real tool, and nothing between two checkouts of the same code."""

from __future__ import annotations

import shutil
import statistics
import sys
import timeit
from pathlib import Path

import pytest
from conftest import ROOT, checkout, orchbench_in, stand_in
from small_runs import block, results_of, suite_of

pytestmark = [pytest.mark.alone, pytest.mark.slow(reason="duels of 24 runs of 100 tasks a side")]

TASKS = 100

SUITE = suite_of(block("overhead", rounds=6, repeat=4, limit_s=60, options={"sizes": {"chain": [TASKS]}}))

PLANT = """
from contract import body

honest = body.run

def slower(node, trial, inputs):
    for _ in range({rounds}):
        pass
    return honest(node, trial, inputs)

body.run = slower
"""
"""Work and no wait: when the machine is slow, it is slower as well, so that its share stays what it is."""


@pytest.fixture
def slower(tmp_path: Path) -> Path:
    """A checkout in which every task of Prefect's takes a fifth longer."""
    (tmp_path / "suite.toml").write_text(SUITE)
    options = ("--suite", "suite.toml", "--on", "prefect", "--rounds", "1", "--repeat", "2", "--out", "run")
    assert orchbench_in(tmp_path, "run", *options).code == 0
    script = f'#!/bin/sh\nPYTHONPATH="{tmp_path}/slower" exec "{sys.executable}" -P -m bench "$@"\n'
    world = checkout(tmp_path / "slower", script)
    shutil.copytree(ROOT / "bench", world / "bench")
    shutil.copy(ROOT / "uv.lock", world)
    # Prefect's environment there is the real one, but tampered with.
    tampered = world / "implementations" / "prefect"
    stand_in(tampered / ".venv", ROOT / "implementations/prefect/.venv/bin/python", tampered / "plant")
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / "implementations/prefect" / name, tampered)
    (tampered / "plant").mkdir()
    # The loop competes with Prefect's own threads for the interpreter, and takes half as long again there.
    rounds = 0.2 / 1.5 * makespan_s(tmp_path / "run") / TASKS * rounds_per_s()
    (tampered / "plant" / "sitecustomize.py").write_text(PLANT.format(rounds=int(rounds)))
    return world


def rounds_per_s() -> float:
    """Return how often that loop goes round in a second, as a rule."""
    seconds = timeit.repeat("for _ in range(5000): pass", number=1, repeat=1000)
    return 5000 / statistics.median(seconds)


def makespan_s(run: Path) -> float:
    """Return how long the chain takes."""
    return float(next(row["median"] for row in results_of(run)["estimates"] if row["metric"] == "makespan_s"))


def test_a_planted_slowdown_of_prefect_is_found(slower: Path, tmp_path: Path) -> None:
    """20 % more per Prefect task turns the exit code of a duel to 1, and the tool is named."""
    done = orchbench_in(tmp_path, "duel", ROOT, slower, "--suite", "suite.toml", "--on", "prefect", "--out", "out")
    assert done.code == 1, done.out + done.err
    assert "slower prefect/flow_call (library, stock)  chain_100  makespan_s" in done.out


def test_the_same_code_is_no_regression(tmp_path: Path) -> None:
    """Plain Python in a duel with itself is no slower than itself."""
    (tmp_path / "suite.toml").write_text(SUITE)
    done = orchbench_in(tmp_path, "duel", ROOT, ROOT, "--suite", "suite.toml", "--on", "plain", "--out", "out")
    assert done.code == 0, done.out + done.err
