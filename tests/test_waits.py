"""Waits: how long a run waits until the tool looks for it is told by itself, and is in nothing that compares tools."""

from __future__ import annotations

import json
import math
import random
from bisect import bisect
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path
from statistics import mean

import pytest
from answers import changed, wait
from golden import pack
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import fields

from bench.derive import results
from bench.derive.measured import measured_parts
from bench.derive.ranges import Poll, shortest_wait
from bench.plan.tools import discover
from bench.report.prose import Sentence, waiting
from bench.scenarios import METRICS
from bench.store.folder import RunFolder
from bench.store.records import TrialRecord
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


def spread_waits(draw: random.Random, starts: int, runs: int, poll: Poll, apart: float) -> list[list[float]]:
    """Return waits for a poll, after a shortest of half a period: each from another part of it, and the starts `apart`."""
    parts = [(place + draw.random()) / (starts * runs) for place in range(starts * runs)]
    draw.shuffle(parts)
    return [
        [poll.period_s * (0.5 + bias + part) for part in parts[start * runs : (start + 1) * runs]]
        for start in range(starts)
        for bias in (draw.gauss(0, apart),)
    ]


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
    found = shortest_wait([waits], Poll(period))
    assert found is not None
    assert found.wait_s == pytest.approx(shortest, abs=period * (0.51 / n + 5 * noise / math.sqrt(n) + 1e-6))


def hold_to_model(waits: list[float], poll: Poll) -> None:
    """Check that waits of a simulated poll are on average, at most and beside a shortest one as the model has them."""
    assert mean(waits) == pytest.approx(poll.mean_wait_s, rel=0.02)
    assert 0.99 * poll.longest_s < max(waits) <= poll.longest_s
    found = shortest_wait([[2 + wait for wait in waits]], poll)
    assert found is not None and found.wait_s == pytest.approx(2, abs=0.01 * poll.longest_s)


@pytest.mark.parametrize("jitter", [0.0, 0.3, 0.9])
def test_a_poll_that_comes_irregularly_is_waited_for_longer(jitter: float) -> None:
    """Submissions at any moment meet the long intervals more often; no wait is longer than the longest of them."""
    draw, poll = random.Random(4), Poll(10.0, jitter)
    looks = list(accumulate(draw.uniform(10 * (1 - jitter), 10 * (1 + jitter)) for _ in range(50_000)))
    waits = [looks[bisect(looks, moment)] - moment for moment in (draw.uniform(0, looks[-1]) for _ in range(50_000))]
    hold_to_model(waits, poll)


@pytest.mark.parametrize("period", [0.1, 1.0])
def test_a_clock_of_whole_seconds_is_waited_for_too(period: float) -> None:
    """A look finds what came before the last whole second, so that a run waits for that second, and then for a look."""
    draw, poll = random.Random(5), Poll(period, grain_s=1.0)
    moments = [draw.uniform(0, 10_000) for _ in range(50_000)]
    # The looks come at any moment of a second.
    hold_to_model([math.ceil(moment) + draw.uniform(0, period) - moment for moment in moments], poll)


@pytest.mark.parametrize("period", [0.1, 1.0])
def test_looks_that_keep_their_place_in_a_second_are_one_draw_of_a_start(period: float) -> None:
    """A loop of a second comes at the same moment of each, however many runs there are; the interval holds L."""
    draw, poll, times = random.Random(6), Poll(period, grain_s=1.0), 400
    held = 0
    for _ in range(times):
        looks = [draw.uniform(0, period) for _ in range(4)]
        waits = [[0.2 + draw.random() + look for _ in range(3)] for look in looks]
        found = shortest_wait(waits, poll)
        assert found is not None and found.low_s is not None and found.high_s is not None
        held += found.low_s <= 0.2 <= found.high_s
    assert held / times >= 0.92


def test_waits_that_the_settings_do_not_explain_have_no_shortest() -> None:
    """Runs that wait for whole seconds are not told by a poll of a tenth of one."""
    waits = [0.2 + place / 12 for place in range(12)]
    assert shortest_wait([waits[:4], waits[4:8], waits[8:]], Poll(0.1)) is None
    assert shortest_wait([waits[:4], waits[4:8], waits[8:]], Poll(0.1, grain_s=1.0)) is not None


@pytest.mark.parametrize(("starts", "runs"), [(3, 3), (4, 3), (4, 6), (8, 3)])
@pytest.mark.parametrize("apart", [0.0, 0.1, 0.2])
def test_the_interval_holds_the_shortest_wait(starts: int, runs: int, apart: float) -> None:
    """In at least 92 of 100 runs, though the starts lie a fifth of a period apart: no tool that was re-run has more."""
    draw, poll, times = random.Random(starts * runs), Poll(10.0), 1000
    held = 0
    for _ in range(times):
        found = shortest_wait(spread_waits(draw, starts, runs, poll, apart), poll)
        assert found is not None and found.low_s is not None and found.high_s is not None
        held += found.low_s <= 5 <= found.high_s
    assert held / times >= 0.92


def test_no_interval_comes_of_two_starts() -> None:
    """What differs between starts is not seen in two; and a wait is never below zero, whatever its doubt."""
    two = shortest_wait([[1.0, 5.0], [9.0, 4.0]], Poll(10.0))
    assert two is not None and (two.low_s, two.high_s) == (None, None)
    three = shortest_wait([[0.1, 9.0], [0.2, 8.0], [4.0, 4.1]], Poll(10.0))
    assert three is not None and (three.wait_s, three.low_s) == (0, 0) and three.high_s


def test_few_waits_have_no_shortest() -> None:
    """Three draws may lie anywhere."""
    assert shortest_wait([[1.0], [5.0], [9.0]], Poll(10.0)) is None


def test_a_wait_is_told_to_the_digits_that_are_known() -> None:
    """The digits end where the interval begins, and the poll may take as long as the folder of the tool declares."""
    row = wait("prefect", 3.2, 10.4, shortest=1.1239, period=10.0)
    interval = {"shortest_low": 0.0, "shortest_high": 3.0432}
    assert str(Sentence.of(*waiting(row))) == "1.1 s + up to 10.0 s, n=6"
    assert str(Sentence.of(*waiting(changed(row, **interval, longest=13.0)))) == "1.1 s [0.0 .. 3.0 s] + up to 13.0 s, n=6"
    none = changed(row, shortest=0.0, shortest_low=0.0, shortest_high=0.1663, longest=2.0)
    assert str(Sentence.of(*waiting(none))) == "at most 166 ms + up to 2.00 s, n=6"
    assert changed(row, **interval, longest=13.0).bounds == (0.0, 3.0432 + 13.0)


def test_what_a_poll_is_like_goes_from_the_folder_of_a_tool_to_the_plan() -> None:
    """Prefect's polls vary by 30 %, as `clamped_poisson_interval` draws them, and Airflow's go by whole seconds.

    An older record knows neither.
    """
    tools = discover()
    polling = {
        (tool.name, each.polls_jitter, each.polls_grain_s)
        for tool in tools.values()
        for each in tool.deployments
        if each.polls_every_s
    }
    assert polling == {("airflow", 0.0, 1.0), ("dagster", 0.0, 0.0), ("prefect", 0.3, 0.0)}
    defaults = {field.name: field.default for field in fields(TrialRecord)}
    assert (defaults["jitter"], defaults["grain_s"]) == (0.0, 0.0)
