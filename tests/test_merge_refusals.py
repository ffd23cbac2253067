"""What is not one measurement is not merged, and a merge that fails leaves nothing."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ORCHBENCH, Call, mounted, refusal
from small_runs import edited, record_of
from tracked_runs import digest

pytestmark = pytest.mark.xdist_group("merged")  # as in test_merge


def nothing_written(folder: Path, before: set[Path]) -> bool:
    """Whether a folder holds what it held, hidden folders too."""
    return {*folder.iterdir()} == before


def of_another_commit(record: dict[str, Any]) -> None:
    """Give a run another commit."""
    record["git"]["id"] = "decaf" * 8


def of_another_version(record: dict[str, Any]) -> None:
    """Give a run another version of a package."""
    record["versions"]["plain"]["python"] = "3.10.0"


def of_another_lock(record: dict[str, Any]) -> None:
    """Give a run another lock file."""
    record["locks"]["plain"] = "another"


def of_another_setting(record: dict[str, Any]) -> None:
    """Give a run another value of a setting, where there was none."""
    because = {"default": "1", "because": "it is a test", "profile": "stock"}
    next(iter(record["settings"].values())).append({"name": "pool", "value": "7"} | because)


def of_another_scenario(record: dict[str, Any]) -> None:
    """Give a run another version of a scenario."""
    record["scenarios"]["overhead"] += 1


def of_another_schema(record: dict[str, Any]) -> None:
    """Give a run an earlier schema."""
    record["schema"] = 2


CHANGES = [
    (of_another_commit, "decaf"),
    (of_another_version, "python"),
    (of_another_lock, "plain"),
    (of_another_setting, "pool"),
    (of_another_scenario, "overhead"),
    (of_another_schema, "schema"),
]


@pytest.mark.parametrize(("change", "word"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_what_was_measured_otherwise_is_refused(
    change: Callable[[dict[str, Any]], None], word: str, pair: Path, orchbench_here: Call
) -> None:
    """One line names the two, and what differs; nothing is written."""
    with edited(pair / "second" / "run.json") as record:
        change(record)
    before = {*pair.iterdir()}
    because = refusal(orchbench_here("merge", "first", "second", "--out", "merged"))
    assert all(said in because for said in ("first", "second", word))
    assert nothing_written(pair, before)


def test_other_sources_are_refused(pair: Path, orchbench_here: Call) -> None:
    """The commit alone does not say what ran, where changes are allowed."""
    source = min((pair / "second" / "code" / "plain").rglob("*.py"))
    source.write_text("changed = True\n")
    assert source.name in refusal(orchbench_here("merge", "first", "second", "--out", "merged", "--allow-dirty"))


@pytest.mark.parametrize("git", [{"id": "c0ffee" * 6, "dirty": True}, {"id": "c0ffee" * 6}, {}])
def test_changes_without_a_commit_are_allowed_only_when_asked(git: Any, pair: Path, orchbench_here: Call) -> None:
    """Also where git did not say whether there were any; the record says so."""
    for run in ("first", "second"):
        with edited(pair / run / "run.json") as record:
            record["git"] = git
    refusal(orchbench_here("merge", "first", "second", "--out", "merged"))
    assert orchbench_here("merge", "first", "second", "--out", "merged", "--allow-dirty").code == 0
    assert record_of(pair / "merged")["git"] == git


def test_a_run_is_no_part_beside_itself(pair: Path, orchbench_here: Call) -> None:
    """Nor beside a copy; and one run alone is no merge."""
    shutil.copytree(pair / "first", pair / "copy")
    for parts in (("first", "first"), ("first", "second", "copy"), ("first",)):
        refusal(orchbench_here("merge", *parts, "--out", "merged"))
    assert not (pair / "merged").exists()


def test_a_merged_run_is_no_part(merged: Path, orchbench_here: Call) -> None:
    """Its parts are."""
    refusal(orchbench_here("merge", merged, merged.parent / "first", "--out", "again"))


def test_a_side_of_a_duel_is_no_part(pair: Path, orchbench_here: Call) -> None:
    """It means something beside the other side only."""
    with edited(pair / "second" / "run.json") as record:
        record["duel"] = "a duel"
    refusal(orchbench_here("merge", "first", "second", "--out", "merged"))


def test_a_folder_that_is_there_is_left_alone(pair: Path, orchbench_here: Call) -> None:
    """Also an empty one, and a link that leads nowhere."""
    (pair / "empty").mkdir()
    (pair / "link").symlink_to("nowhere")
    for place in ("empty", "link", "first"):
        before = digest(pair)
        refusal(orchbench_here("merge", "first", "second", "--out", place))
        assert digest(pair) == before


@pytest.mark.parametrize("table", ["run.json", "results.json", "trial.json"])
def test_a_part_that_nobody_knows_is_named(table: str, merged: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """Whatever file of a stranger's run names it."""
    copy = shutil.copytree(merged, tmp_path / "copy")
    if table == "run.json":
        with edited(copy / table) as record:
            record["parts"][1]["id"] = "run"
    elif table == "results.json":
        with edited(copy / table) as results:
            results["estimates"][0]["part"] = "nobody"
    else:
        with edited(min(copy.glob("trials/*/trial.json"))) as trial:
            trial["setup"]["part"] = "nobody"
    command = "report" if table == "trial.json" else "show"
    assert table in refusal(orchbench_here(command, "copy"))


# What fails ------------------------------------------------------------------------------------------------------------


def test_a_broken_part_leaves_nothing(pair: Path, orchbench_here: Call) -> None:
    """The line names it, and neither a folder nor a part of one is left."""
    events = max((pair / "second").glob("trials/*/events-*.jsonl"))
    events.write_text("broken\n")
    before = {*pair.iterdir()}
    refusal(orchbench_here("merge", "first", "second", "--out", "merged"))
    assert nothing_written(pair, before)


def test_a_planted_link_is_not_followed(pair: Path, orchbench_here: Call) -> None:
    """Whoever made the part may not have a file of the reader's copied."""
    (pair / "secret").write_text("secret")
    trial = max((pair / "second").glob("trials/*"))
    (trial / "events-9.jsonl").symlink_to(pair / "secret")
    before = {*pair.iterdir()}
    assert "events-9.jsonl" in refusal(orchbench_here("merge", "first", "second", "--out", "merged"))
    assert nothing_written(pair, before)


def test_a_full_disk_leaves_nothing(pair: Path, orchbench_here: Call) -> None:
    """The rest of the disk is free again."""
    place = pair / "disk"
    place.mkdir()
    with mounted(place, "-t", "tmpfs", "-o", "size=100k", "tmpfs"):
        refusal(orchbench_here("merge", "first", "second", "--out", "disk/merged"))
        assert nothing_written(place, set())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_merge_that_is_stopped_leaves_nothing(number: signal.Signals, pair: Path) -> None:
    """At the moment at which the first trial is copied."""
    before = {*pair.iterdir()}
    command = [str(ORCHBENCH), "merge", "first", "second", "--out", "merged"]
    with subprocess.Popen(command, cwd=pair, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as merging:
        while not [*pair.glob(".merged.*/trials/*")] and merging.poll() is None:
            time.sleep(0.001)
        merging.send_signal(number)
        _, said = merging.communicate(timeout=60)
    assert merging.returncode == 128 + number, said
    assert len(said.splitlines()) == 1
    assert nothing_written(pair, before)
