"""Waits: how long a run waits until the tool looks for it is told by itself, and is in nothing that compares tools."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping
from pathlib import Path

import pytest
from golden import pack
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.derive import results
from bench.derive.measured import measured_parts
from bench.derive.ranges import shortest_wait
from bench.scenarios import METRICS
from bench.store.folder import RunFolder
from bench.store.rows import Results

pytestmark = pytest.mark.xdist_group("golden")  # the run is unpacked once

Numbers = tuple[float | None, ...]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of every scenario at both tiers, in all four tools."""
    return pack.unpack(tmp_path_factory.mktemp("waits") / "raw").path


def derived(run: Path) -> Results:
    """Return what is derived of a run."""
    folder = RunFolder(run)
    [whole] = measured_parts(folder, folder.run())
    return results.derive(whole).results


def comparing(found: Results) -> Mapping[tuple[str, ...], Numbers]:
    """Return every number that compares, by its key."""
    ratios = {row.key: (row.ratio, row.low, row.high, row.above_noise) for row in found.ratios}
    controls = {row.key: (row.ratio, row.low, row.high) for row in found.controls}
    shares = {row.key: (row.median, row.low, row.high) for row in found.estimates if METRICS[row.metric].is_divided}
    return {**ratios, **controls, **shares}


@pytest.fixture(scope="module")
def before(raw: Path) -> Mapping[tuple[str, ...], Numbers]:
    """What the run says as it is."""
    return comparing(derived(raw))


def are_alike(one: Numbers, other: Numbers) -> bool:
    """Whether the numbers are the same, but for what is rounded elsewhere."""
    pairs = zip(one, other, strict=True)
    return all(a == b if a is None or b is None else math.isclose(a, b, rel_tol=1e-6) for a, b in pairs)


def submitted_earlier(run: Path, seed: int) -> None:
    """Let each run have been submitted up to a minute earlier than it was, whatever the tool."""
    draw = random.Random(seed)
    for log in sorted(run.glob("trials/*/events*.jsonl")):
        lines = log.read_text().splitlines(keepends=True)
        for number, line in enumerate(lines):
            if '"kind":"submitted"' in line:
                event = json.loads(line)
                event["t"] -= int(draw.uniform(0, 60e9))
                lines[number] = json.dumps(event, separators=(",", ":")) + "\n"
        log.write_text("".join(lines))


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_no_wait_is_in_what_compares(
    before: Mapping[tuple[str, ...], Numbers], tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Waits of any length in front of the first task of any run change no ratio, no speed-up and no efficiency."""
    late = pack.unpack(tmp_path_factory.mktemp("late") / "raw").path
    submitted_earlier(late, seed)
    found = derived(late)
    after = comparing(found)
    assert after.keys() == before.keys()
    assert [key for key in before if not are_alike(before[key], after[key])] == []
    assert [row for row in found.ratios if row.metric in {"makespan_s", "submit_to_first_s"}] == []
    waits = {row.key: row.median for row in found.estimates if row.metric == "submit_to_first_s"}
    assert max(filter(None, waits.values())) > 10, "the waits were not there"


@settings(max_examples=100, deadline=None)
@given(
    shortest=st.floats(0.01, 20),
    period=st.floats(0.1, 60),
    n=st.integers(9, 60),
    phase=st.floats(0, 1),
    noise=st.floats(0, 0.05),
    seed=st.integers(0, 2**32),
)
def test_a_wait_is_the_shortest_and_a_part_of_the_period(
    shortest: float, period: float, n: int, phase: float, noise: float, seed: int
) -> None:
    """The shortest is found in few waits too, wherever in the period the engine looks, and however runs scatter beside."""
    draw = random.Random(seed)
    shift = draw.random()
    phases = [((place + shift) / n + phase) % 1 for place in range(n)]
    waits = [shortest + period * (each + draw.gauss(0, noise)) for each in phases]
    found = shortest_wait(waits, period)
    assert found == pytest.approx(shortest, abs=period * (0.51 / n + 5 * noise / math.sqrt(n) + 1e-6))


def test_few_waits_have_no_shortest() -> None:
    """Three draws may lie anywhere."""
    assert shortest_wait([1.0, 5.0, 9.0], 10.0) is None
