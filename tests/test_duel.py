"""Two checkouts are measured in step, run by run, and compared as what they are: pairs."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import ORCHBENCH, ROOT, Call, call, refusal
from small_runs import block, edited, events_of, record_of, stretch, suite_of

SUITE = suite_of(
    block("overhead", rounds=3, repeat=6, reference_starts=1, skip=["processes"], options={"sizes": {"chain": [1, 4]}})
)

pytestmark = pytest.mark.xdist_group("duel")  # the duel is fought once


def checkout(folder: Path, orchbench: str = "") -> Path:
    """Make what passes for a checkout of this repository in which `make setup` was run."""
    if orchbench:
        command = folder / ".venv" / "bin" / "orchbench"
        command.parent.mkdir(parents=True)
        command.write_text(orchbench)
        command.chmod(0o755)
    else:
        folder.mkdir()
        (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


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
    """Return when each run of the plan began and ended, in the order of measuring."""
    found = {}
    for path in run.glob("trials/*/trial.json"):
        record = json.loads(path.read_text())
        if not record["warmup"]:
            times = [event["t"] for log in path.parent.glob("events*.jsonl") for event in events_of(log)]
            found[record["id"]] = min(times), max(times)
    return dict(sorted(found.items(), key=lambda item: item[1]))


def test_the_same_run_of_both_sides_is_made_side_by_side(fought: Path) -> None:
    """Both make the same runs in the same order, never two at once, and no side is always the first."""
    base, head = trials(fought / "base"), trials(fought / "head")
    assert list(base) == list(head) and len(base) == 3 * 6 * 2
    pairs = [sorted([base[name], head[name]]) for name in base]
    turns = [time for pair in pairs for run in pair for time in run]
    assert turns == sorted(turns)
    assert 0 < sum(base[name] < head[name] for name in base) < len(base)


def test_a_duel_leaves_two_runs_and_their_comparison(fought: Path, orchbench: Call) -> None:
    """Both know the duel that they are of, and compare says the same of them again."""
    records = [record_of(fought / side) for side in ("base", "head")]
    assert [record["finished"] for record in records] == [True, True] and {record["seed"] for record in records} == {7}
    assert records[0]["duel"] and records[0]["duel"] == records[1]["duel"]
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


def test_what_slows_both_sides_hides_nothing(fought: Path, orchbench: Call, tmp_path: Path) -> None:
    """20 % are seen beside a drift of 200 %, since both sides met it; of two runs that did not, nothing could be said."""
    duel = drifting(fought, tmp_path / "drifting")
    found = orchbench("compare", duel / "base", duel / "head")
    assert found.code == 1 and "slower plain/threads (library, stock)  chain_1  makespan_s" in found.out
    with edited(duel / "head" / "run.json") as head:
        head["duel"] = ""
        head["cpu_rounds_per_s"] = record_of(duel / "base")["cpu_rounds_per_s"]
    assert "slower" not in orchbench("compare", duel / "base", duel / "head").out


def test_the_pace_of_one_machine_may_change_within_a_duel(fought: Path, orchbench: Call, tmp_path: Path) -> None:
    """Elsewhere such a difference says that it is another machine; the sides of a duel cannot be of two."""
    shutil.copytree(fought, tmp_path / "duel")
    with edited(tmp_path / "duel" / "head" / "run.json") as record:
        record["cpu_rounds_per_s"] *= 2
    assert orchbench("compare", tmp_path / "duel" / "base", tmp_path / "duel" / "head").code in {0, 1}
    with edited(tmp_path / "duel" / "head" / "run.json") as record:
        record["duel"] = "of another one"
    assert "host pace" in refusal(orchbench("compare", tmp_path / "duel" / "base", tmp_path / "duel" / "head"))


# What goes wrong -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("broken", "code"), [("base", 2), ("head", 1)])
def test_a_side_that_cannot_be_measured_is_named(broken: str, code: int, orchbench: Call, tmp_path: Path) -> None:
    """A broken base is no fault of the head's, a broken head is; either way nothing goes on, and it is said."""
    (tmp_path / "suite.toml").write_text(SUITE)
    script = "#!/bin/sh\necho it is broken\nexit 1\n"
    sides = [checkout(tmp_path / name, script * (name == broken)) for name in ("base", "head")]
    done = orchbench("duel", *sides, "--suite", "suite.toml", "--on", "plain", "--out", "out")
    said = f"the {broken} cannot be measured: it is broken"
    assert (done.code, done.err.splitlines()[-1]) == (code, f"orchbench: {said}")
    assert (tmp_path / "out" / "compare.md").read_text() == f"**T{said[1:]}**\n"


def test_a_mistake_is_told_before_anything_is_started(orchbench: Call, tmp_path: Path) -> None:
    """A folder that is no checkout, one that is in use already, and a share that is none."""
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine").touch()
    options = ("--suite", "smoke", "--out", "out")
    assert "there is no .venv/bin/orchbench" in refusal(orchbench("duel", ROOT, taken, *options))
    assert "taken is there already" in refusal(orchbench("duel", ROOT, ROOT, "--suite", "smoke", "--out", "taken"))
    assert "--fail-over much" in refusal(orchbench("duel", ROOT, ROOT, *options, "--fail-over", "much"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_a_duel_that_is_stopped_leaves_no_process(number: signal.Signals, tmp_path: Path) -> None:
    """Neither side goes on without the referee."""
    (tmp_path / "suite.toml").write_text(SUITE)
    options = ["--suite", "suite.toml", "--on", "plain", "--rounds", "500", "--out", "out"]
    with subprocess.Popen([ORCHBENCH, "duel", ROOT, ROOT, *options], cwd=tmp_path, stderr=subprocess.DEVNULL) as referee:
        while not list(tmp_path.glob("out/head/trials/*/trial.json")):
            time.sleep(0.1)
        referee.send_signal(number)
        code = referee.wait(20)
    assert code == (-9 if number is signal.SIGKILL else 128 + number)
    deadline = time.monotonic() + 10
    while (alive := _processes_of(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert alive == []


def _processes_of(folder: Path) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_text().replace("\0", " ")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            if str(folder) in command + str((entry / "cwd").readlink()) and state not in "ZX":
                found.append(command)
        except OSError:
            continue
    return found
