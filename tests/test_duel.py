"""Two checkouts are measured in step, run by run, and compared as what they are: pairs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import ORCHBENCH, ROOT, Call, Done, call, checkout, processes_of, refusal
from small_runs import block, edited, events_of, record_of, results_of, stretch, suite_of

from bench.base.stats.starts import trimmed_means
from bench.derive.figures import figures_of
from bench.derive.measured import MeasuredTrial, grouped
from bench.plan import planning, suite, tools
from bench.store.folder import RunFolder

SUITE = suite_of(
    block("overhead", rounds=7, repeat=3, reference_starts=1, skip=["processes"], options={"sizes": {"chain": [1, 4]}})
)

pytestmark = pytest.mark.xdist_group("duel")  # the duel is fought once


@pytest.fixture(scope="module")
def fought(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a duel between plain Python and itself."""
    folder = tmp_path_factory.mktemp("duel")
    (folder / "suite.toml").write_text(SUITE)
    base, head = checkout(folder / "one"), checkout(folder / "two")
    options = ("--suite", "suite.toml", "--on", "plain", "--seed", "7", "--out", "out")
    done = call(ORCHBENCH, "duel", base, head, *options, cwd=folder)
    assert done.code in {0, 1}, done.err  # what a shared machine does to runs of a millisecond is not what is looked at here
    return folder / "out"


def trials(run: Path) -> dict[str, tuple[int, int]]:
    """Return when each run of the plan was submitted and when its last body ended, in the order of measuring."""
    found = {}
    for path in run.glob("trials/*/trial.json"):
        record = json.loads(path.read_text())
        if not record["warmup"]:
            events = [event for log in path.parent.glob("events*.jsonl") for event in events_of(log)]
            times = {kind: [event["t"] for event in events if event["kind"] == kind] for kind in ("submitted", "finished")}
            found[record["id"]] = min(times["submitted"]), max(times["finished"])
    return dict(sorted(found.items(), key=lambda item: item[1]))


def test_the_same_run_of_both_sides_is_made_side_by_side(fought: Path) -> None:
    """Both make the same runs in the same order, never two at once, and no side is always the first."""
    base, head = trials(fought / "base"), trials(fought / "head")
    assert list(base) == list(head) and len(base) == 7 * 3 * 2
    pairs = [sorted([base[name], head[name]]) for name in base]
    turns = [time for pair in pairs for run in pair for time in run]
    assert turns == sorted(turns)
    assert 0 < sum(base[name] < head[name] for name in base) < len(base)


def test_a_duel_leaves_two_runs_and_their_comparison(fought: Path, orchbench: Call) -> None:
    """Both know the duel that they are of, and compare says the same of them again."""
    records = [record_of(fought / side) for side in ("base", "head")]
    assert [record["finished"] for record in records] == [True, True] and {record["seed"] for record in records} == {7}
    for name in ("duel", "cpu_rounds_per_s", "plan"):
        assert records[0][name] and records[0][name] == records[1][name]
    for segment in (segment for record in records for segment in record["segments"]):
        assert 0 < segment["subjects_s"] < segment["wall_s"]
    compared = orchbench("compare", fought / "base", fought / "head", "--markdown", "-")
    assert compared.out == (fought / "compare.md").read_text() + "\n"
    assert (fought / "compare.html").is_file() and (fought / "head" / "summary.md").is_file()


def drifting(fought: Path, target: Path) -> Path:
    """Copy the duel, let the machine become three times as slow in it, and the head take 20 % more than the base.

    Every run takes 20 ms in the beginning, give or take as much as a run does by itself.
    """
    shutil.copytree(fought, target)
    order = list(trials(fought / "base"))
    for side, factor in (("base", 1.0), ("head", 1.2)):
        for name, (began, ended) in trials(target / side).items():
            pace, own = 1 + 2 * order.index(name) / len(order), 0.97 + 0.01 * (order.index(name) * (5 + len(side)) % 7)
            for log in (target / side / "trials" / name).glob("events*.jsonl"):
                stretch(log, began, 20e6 / (ended - began) * pace * own * factor)
    return target


def changes_of(compared: Done) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the changes that compare printed as JSON."""
    return {(each["workload"], each["metric"]): each for each in json.loads(compared.out)["changes"]}


def test_what_slows_both_sides_hides_nothing(fought: Path, orchbench: Call, tmp_path: Path) -> None:
    """20 % are seen beside a drift of 200 %, since both sides met it; of two runs that did not, nothing could be said."""
    duel = drifting(fought, tmp_path / "drifting")
    found = orchbench("compare", duel / "base", duel / "head")
    assert found.code == 1 and "slower plain/threads (library, stock)  chain_1  makespan_s" in found.out
    with edited(duel / "head" / "run.json") as head:
        head["duel"] = ""
    others = changes_of(orchbench("compare", duel / "base", duel / "head", "--json"))
    assert others["chain_1", "makespan_s"]["verdict"] == "same"


def test_a_slower_tenth_is_seen(fought: Path, orchbench: Call, tmp_path: Path) -> None:
    """Where one run of each engine start takes half as long again, the mean without the slowest may hide it."""
    duel = tmp_path / "slow"
    shutil.copytree(fought, duel)
    for side in ("base", "head"):
        for number, (name, (began, ended)) in enumerate(trials(duel / side).items()):
            own = 0.99 + 0.005 * (number * (5 + len(side)) % 5)
            slow = (
                1.5
                if side == "head" and json.loads((duel / side / "trials" / name / "trial.json").read_text())["repeat"] == 2
                else 1
            )
            for log in (duel / side / "trials" / name).glob("events*.jsonl"):
                stretch(log, began, 20e6 / (ended - began) * own * slow)
    found = changes_of(orchbench("compare", duel / "base", duel / "head", "--json"))
    assert found["chain_1", "makespan_s_p90"]["verdict"] == "worse"
    assert found["chain_1", "makespan_s_p90"]["effect"]["size"] == pytest.approx(1.5, rel=0.05)
    assert found["chain_1", "makespan_s"]["effect"]["size"] < 1.25


@pytest.mark.parametrize("whole", [False, True], ids=["some runs of a start", "a whole start"])
def test_a_run_without_its_twin_is_left_out(whole: bool, fought: Path, orchbench: Call, tmp_path: Path) -> None:
    """Where runs of one side came to nothing, in its slow minutes, say, the others are compared with their own twins."""
    duel = drifting(fought, tmp_path / "drifting")
    *_, last = RunFolder(duel / "head").starts()
    lost = [each.id for each in RunFolder(duel / "head").trials() if each.start == last.id and (whole or not each.warmup)]
    for name in lost if whole else lost[1:]:
        with edited(duel / "head" / "trials" / name / "trial.json") as record:
            record |= {"end": "crashed", "because": "somebody tripped over it"}
    found = changes_of(orchbench("compare", duel / "base", duel / "head", "--json"))
    assert 1.15 < found["chain_1", "makespan_s"]["effect"]["size"] < 1.25
    assert found["chain_1", "makespan_s"]["verdict"] == "worse"


def test_what_is_lost_on_one_side_is_told(fought: Path, orchbench: Call, tmp_path: Path) -> None:
    """A workload of which no run of the head came to an end has no twins, and is not passed over for that."""
    shutil.copytree(fought, tmp_path / "duel")
    for path in (tmp_path / "duel" / "head").glob("trials/*-chain_4/trial.json"):
        with edited(path) as record:
            record |= {"end": "crashed", "because": "somebody tripped over it"}
    compared = orchbench("compare", tmp_path / "duel" / "base", tmp_path / "duel" / "head")
    assert compared.code == 1 and "lost plain/threads (library, stock)  chain_4  makespan_s" in compared.out


def test_what_is_not_in_step_is_not_compared(fought: Path, orchbench: Call) -> None:
    """The first run of an engine start belongs to the start, which either side makes when it comes to it."""
    assert any(row["metric"] == "cold_run_s" for row in results_of(fought / "base")["estimates"])
    compared = changes_of(orchbench("compare", fought / "base", fought / "head", "--json"))
    assert compared and "cold_run_s" not in {metric for _, metric in compared}


def test_the_same_plan_is_one_of_the_same_work() -> None:
    """Runs of the same names that compute more are another plan, so that they are not made beside each other."""
    known = tools.discover()
    chosen = suite.load("full", known)
    plain = [known["plain"]]
    first, again, more = (planning.make(planning.Choice(chosen, plain, 1), rounds_per_s) for rounds_per_s in (1e6, 1e6, 2e6))
    assert [trial.id for trial in first.trials] == [trial.id for trial in more.trials]
    assert first.digest == again.digest != more.digest


def test_a_count_is_no_mean(fought: Path) -> None:
    """Of fourteen runs with 20 bodies and seven with 21 the count is 20, also where times are trimmed means."""
    records = [each for each in RunFolder(fought / "base").trials() if each.workload == "chain_1"]
    seen = [{"bodies_run": 20.0 + (place % 3 == 0), "makespan_s": 20.0 + (place % 3 == 0)} for place in range(len(records))]
    trials = [MeasuredTrial(record, "ok", list(values), values) for record, values in zip(records, seen, strict=True)]
    figures = figures_of(grouped(trials), centre=trimmed_means)
    found = {each.metric.name: each.quantity.point for each in figures}
    assert found["bodies_run"] == 20.0
    assert found["makespan_s"] == pytest.approx(20 + 1 / 3)


def test_a_side_is_not_gone_on_with_alone(fought: Path, orchbench: Call) -> None:
    """Its runs would be beside nobody's."""
    assert "is a side of a duel" in refusal(orchbench("run", "--resume", fought / "head"))


# What goes wrong -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("broken", "blamed", "code"), [("base", "base", 2), ("head", "head", 1), ("base head", "head", 1)])
def test_a_side_that_cannot_be_measured_is_named(
    broken: str, blamed: str, code: int, orchbench: Call, tmp_path: Path
) -> None:
    """A broken base is no fault of the head's, a broken head is, and both are; nothing goes on, and it is said."""
    (tmp_path / "suite.toml").write_text(SUITE)
    script = "#!/bin/sh\necho it is broken >&2\nexit 1\n"
    sides = [checkout(tmp_path / name, script * (name in broken)) for name in ("base", "head")]
    done = orchbench("duel", *sides, "--suite", "suite.toml", "--on", "plain", "--out", "out")
    said = f"the {blamed} cannot be measured: it is broken"
    assert (done.code, done.err.splitlines()[-1]) == (code, f"orchbench: {said}")
    assert (tmp_path / "out" / "compare.md").read_text() == f"**T{said[1:]}**\n"


@pytest.mark.parametrize(("killed", "code"), [("base", 2), ("head", 1)])
def test_a_side_that_is_killed_is_named(killed: str, code: int, tmp_path: Path) -> None:
    """Nobody waits for it, whether it has the turn or stands still."""
    (tmp_path / "suite.toml").write_text(SUITE)
    with referee(tmp_path) as process:
        os.kill(next(pid for pid, its in processes_of(tmp_path).items() if f"out/{killed} " in its), signal.SIGKILL)
        assert process.wait(60) == code
    said = (tmp_path / "out" / "compare.md").read_text()
    assert said.startswith(f"**The {killed} cannot be measured: ") and "signal 9 (Killed)" in said


def test_two_sides_that_plan_other_runs_do_not_fight(orchbench: Call, tmp_path: Path) -> None:
    """Nothing is measured when no run could be made beside its like."""
    (tmp_path / "suite.toml").write_text(SUITE)
    script = f'#!/bin/sh\nexec "{ORCHBENCH}" "$@" --repeat 2\n'
    other = checkout(tmp_path / "other", script)
    done = orchbench("duel", ROOT, other, "--suite", "suite.toml", "--on", "plain", "--out", "out")
    assert done.code == 2 and "the two sides plan" in done.err
    assert "two sides plan" in (tmp_path / "out" / "compare.md").read_text()
    assert not list(tmp_path.glob("out/*/trials/*"))


def test_a_mistake_is_told_before_anything_is_started(orchbench: Call, tmp_path: Path) -> None:
    """A folder that is no checkout, one that is in use already, a share, a suite and a tool that are none."""
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine").touch()
    options = ("--suite", "quick", "--out", "out")
    assert ".venv/bin/orchbench" in refusal(orchbench("duel", ROOT, taken, *options))
    assert "taken" in refusal(orchbench("duel", ROOT, ROOT, "--suite", "quick", "--out", "taken"))
    assert "--fail-over much" in refusal(orchbench("duel", ROOT, ROOT, *options, "--fail-over", "much"))
    assert "'smok'" in refusal(orchbench("duel", ROOT, ROOT, "--suite", "smok", "--out", "out"))
    assert "'prefct'" in refusal(orchbench("duel", ROOT, ROOT, *options, "--on", "prefct"))
    assert not (tmp_path / "out").exists()


@contextmanager
def referee(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a long duel of plain Python with itself in that folder, in a session of its own, and wait until it goes on."""
    options = ["--suite", "suite.toml", "--on", "plain", "--rounds", "500", "--out", "out"]
    argv = [str(ORCHBENCH), "duel", str(ROOT), str(ROOT), *options]
    with subprocess.Popen(argv, cwd=folder, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            deadline = time.monotonic() + 60
            while not list(folder.glob("out/head/trials/*/trial.json")):
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.1)
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.parametrize("to_all", [False, True], ids=["to the referee", "to all, as Ctrl-C"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_a_duel_that_is_stopped_leaves_no_process(number: signal.Signals, to_all: bool, tmp_path: Path) -> None:
    """Neither side goes on without the referee."""
    (tmp_path / "suite.toml").write_text(SUITE)
    with referee(tmp_path) as process:
        (os.killpg if to_all else os.kill)(process.pid, number)
        assert process.wait(60) == (-9 if number is signal.SIGKILL else 128 + number)
    deadline = time.monotonic() + 60
    while (alive := processes_of(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert alive == {}
