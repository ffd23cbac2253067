"""A merged run has the numbers of each part, each beside the part's own machine; what is not one measurement is refused."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import ORCHBENCH, Call, call, mounted, orchbench_in, refusal
from golden import pack
from pages import Page
from small_runs import block, edited, finished_run, record_of, results_of, samples_of, suite_of, validator
from tracked_runs import client_of, digest, logged, store_of

from bench.export.publish import publish
from bench.store import merging
from bench.store.folder import RunFolder

pytestmark = pytest.mark.xdist_group("merged")  # the parts are measured once

OVERHEAD = block("overhead", reference_starts=3, control=["plain"], options={"sizes": {"chain": [1, 3]}})
RETRIES = block("retries", reference_starts=1, options={"delay_s": 0.05, "backoff_tries": 2})
SUITES = {
    "first": suite_of(OVERHEAD, RETRIES, name="first"),
    "second": suite_of(OVERHEAD | {"options": {"sizes": {"chain": [1, 3, 5]}}}, name="second"),
    "third": suite_of(RETRIES, name="third"),
}
PARTS = {"first": "run", "second": "run-2", "third": "run-3"}
"""The parts of the merged run, by the folders of the runs: each of these was called `run` when it was measured."""

TABLES = ("estimates", "ratios", "controls", "checks", "engines", "ranges")


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs of plain Python in a folder, as if nobody had changed the code meanwhile."""
    place = tmp_path_factory.mktemp("runs")
    for name, suite in SUITES.items():
        run = finished_run(tmp_path_factory.mktemp(name), suite)
        with edited(run / "run.json") as record:
            record["git"] = {"id": "c0ffee" * 6, "dirty": False}
        shutil.move(run, place / name)
    return place


@pytest.fixture(scope="session")
def merged(runs: Path) -> Path:
    """The three as one."""
    done = orchbench_in(runs, "merge", *PARTS, "--out", "merged")
    assert done.code == 0, done.err
    return runs / "merged"


@pytest.fixture
def pair(runs: Path, tmp_path: Path) -> Path:
    """Copies of two of the runs, to be changed, in an otherwise empty folder."""
    for name in ("first", "second"):
        shutil.copytree(runs / name, tmp_path / name)
    return tmp_path


def of_part(rows: Sequence[Mapping[str, Any]], part: str) -> list[dict[str, Any]]:
    """Return the rows of a part, without its name."""
    return [{key: value for key, value in row.items() if key != "part"} for row in rows if row["part"] == part]


# What it holds ---------------------------------------------------------------------------------------------------------


def test_the_rows_of_a_part_are_those_of_its_run(merged: Path) -> None:
    """To the last bit, intervals and ratios too; only the evidence of a verdict may name a run, whose id is another now."""
    results = results_of(merged)
    for folder, part in PARTS.items():
        own = results_of(merged.parent / folder)
        for table in TABLES:
            drop = {"because"} if table == "checks" else set()
            rows = [{key: row[key] for key in row if key not in drop} for row in own[table]]
            assert [{key: row[key] for key in row if key not in drop} for row in of_part(results[table], part)] == rows
    assert {row["part"] for table in TABLES for row in results[table]} == {*PARTS.values()}
    assert results["code"] == results_of(merged.parent / "first")["code"] or results["code"]


def test_each_sample_is_there_once(merged: Path) -> None:
    """With a column for the part, and the number of the part in front of the ids."""
    samples = samples_of(merged)
    for number, (folder, part) in enumerate(PARTS.items(), 1):
        own = samples_of(merged.parent / folder)
        named = [row | {key: f"{number}-{row[key]}" for key in ("trial", "start")} for row in own]
        assert of_part(samples, part) == named


def test_ratios_stay_within_a_part(merged: Path) -> None:
    """Each is of two numbers of the same part, also where another part has the same scenario."""
    results = results_of(merged)
    keys = ("part", "scenario", "workload", "metric", "tier")
    medians = {
        (*(row[key] for key in keys), row["orchestrator"], row["deployment"], row["profile"]): row["median"]
        for row in results["estimates"]
    }
    known = [row for row in results["ratios"] if row["ratio"] is not None]
    assert {"run", "run-2"} <= {row["part"] for row in known}
    for row in known:
        divisor = (row["against"], row["against_deployment"], row["against_profile"])
        other = medians[(*(row[key] for key in keys), *divisor)]
        assert row["ratio"] == pytest.approx(row["median"] / other)


def test_each_part_keeps_its_record(merged: Path) -> None:
    """Suite, seed, machine and times are those of the run; the whole has what they share, and no seed."""
    record = record_of(merged)
    validator("run").validate(record)
    assert [part["id"] for part in record["parts"]] == [*PARTS.values()]
    for folder, part in zip(PARTS, record["parts"], strict=True):
        assert part | {"id": "run"} == record_of(merged.parent / folder)
    assert (record["seed"], record["cases"], record["host"]) == (None, {}, record["parts"][0]["host"])
    assert record["trials_planned"] == sum(part["trials_planned"] for part in record["parts"])
    assert len(record["segments"]) == len(PARTS)


def test_raw_events_are_copied_as_they_are(merged: Path) -> None:
    """None is lost or changed, and none is another name for a file of the part."""
    for number, folder in enumerate(PARTS, 1):
        run = merged.parent / folder
        for events in run.glob("trials/*/events-*.jsonl"):
            copy = merged / "trials" / f"{number}-{events.parent.name}" / events.name
            assert copy.read_bytes() == events.read_bytes() and not copy.samefile(events)
    assert len([*merged.glob("trials/*")]) == sum(len([*(merged.parent / each).glob("trials/*")]) for each in PARTS)


def test_a_run_that_is_not_merged_has_no_part(runs: Path) -> None:
    """Neither in its rows nor in its records."""
    run = runs / "first"
    assert not any("part" in row for table in TABLES for row in results_of(run)[table])
    assert "part" not in samples_of(run)[0] and record_of(run)["parts"] == []
    assert all("part" not in json.loads(path.read_text())["setup"] for path in run.glob("trials/*/trial.json"))


def test_all_tools_and_scenarios_can_be_a_part(tmp_path: Path) -> None:
    """The golden run, merged with itself as if it had been made again: every row is there twice, under two parts."""
    raw = pack.unpack(tmp_path / "golden")
    shutil.copytree(raw.path, tmp_path / "again")
    with edited(tmp_path / "again" / "run.json") as record:
        record["plan"], record["host"]["name"] = "another", "elsewhere"
    pack.derive(raw, tmp_path / "derived")
    parts, folder = [raw.path, tmp_path / "again"], RunFolder(tmp_path / "merged")
    folder.make()
    whole = merging.merged(parts, "merged")
    merging.gather(parts, whole, folder)
    publish(folder, whole)  # without a report, which takes as long as all else here
    results, expected = results_of(tmp_path / "merged"), results_of(tmp_path / "derived")
    for part in ("golden-run", "golden-run-2"):
        for table in ("estimates", "ratios", "controls", "engines", "ranges"):
            assert of_part(results[table], part) == expected[table]
        verdicts = [row["verdict"] for row in of_part(results["checks"], part)]
        assert verdicts == [row["verdict"] for row in expected["checks"]]
    assert results["code"] == expected["code"]
    record = record_of(tmp_path / "merged")
    assert (record["host"]["name"], record["host"]["cores"]) == ("", record["parts"][0]["host"]["cores"])


# Other commands --------------------------------------------------------------------------------------------------------


def test_report_derives_the_same_again(merged: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """The folder needs none of its parts."""
    copy = shutil.copytree(merged, tmp_path / "copy")
    before = digest(copy)
    assert orchbench_here("report", "copy").code == 0
    assert (
        digest(copy).items() >= {name: it for name, it in before.items() if name.endswith((".json", ".csv", ".md"))}.items()
    )


def test_the_page_shows_each_part(merged: Path) -> None:
    """A scenario of two parts has a section for each, and every number of the page is that of the part that it names."""
    page = Page((merged / "report.html").read_text())
    anchors = [found["id"] for _, found in page.elements if found.get("id")]
    assert len(anchors) == len(set(anchors))
    titles = [row[0] for row in page.rows if row and row[0].startswith(("overhead", "retries"))]
    assert {"overhead, library, part run", "overhead, library, part run-2"} <= {*titles}
    estimates = {
        "|".join(
            row[key] for key in ("scenario", "workload", "orchestrator", "tier", "profile", "deployment", "part", "metric")
        ): row
        for row in results_of(merged)["estimates"]
    }
    shown = [found for found, _ in page.numbers if found["data-of"] == "estimates" and found["data-field"] == "median"]
    assert {estimates[found["data-key"]]["part"] for found in shown} == {*PARTS.values()}
    for found in shown:
        assert float(found["value"]) == estimates[found["data-key"]]["median"]
    assert all(part in page.text for part in PARTS.values())


def test_show_names_the_parts(merged: Path, orchbench_here: Call) -> None:
    """In the head, and at the tables of a scenario that two parts have."""
    shown = orchbench_here("show", merged)
    assert shown.code == 0 and all(f"part {part}" in shown.out for part in PARTS.values())
    assert json.loads(orchbench_here("show", merged, "--json").out) == results_of(merged)


def test_parts_are_compared_with_the_parts_of_their_suite(merged: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """In any order, and with a run that is not merged; the names are those of the first run's parts."""
    other = tmp_path / "other"
    assert orchbench_here("merge", *(merged.parent / each for each in ("third", "first")), "--out", other).code == 0
    compared = json.loads(orchbench_here("compare", merged, other, "--json").out)
    assert {change["part"] for change in compared["changes"]} == {"run", "run-3"}
    assert {change["verdict"] for change in compared["changes"]} <= {"same", "too few starts"}
    alone = json.loads(orchbench_here("compare", merged, merged.parent / "second", "--json").out)
    assert {change["part"] for change in alone["changes"]} == {"run-2"}
    back = json.loads(orchbench_here("compare", merged.parent / "second", merged, "--json").out)
    assert back["changes"] and not any("part" in change for change in back["changes"])


def test_a_slower_part_is_a_regression(merged: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """It is found in the part that is slower, and in no other."""
    other = shutil.copytree(merged, tmp_path / "other")
    for log in other.glob("trials/2-*/events-*.jsonl"):
        events = [json.loads(line) for line in log.read_text().splitlines()]
        log.write_text("".join(json.dumps(each | {"t": each["t"] * 1000}) + "\n" for each in events))
    compared = json.loads(orchbench_here("compare", merged, other, "--json").out)
    assert {each["part"] for each in compared["changes"] if each["verdict"] == "worse"} == {"run-2"}


def test_each_part_must_be_comparable(merged: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """A part that was measured on another machine is named."""
    other = shutil.copytree(merged, tmp_path / "other")
    with edited(other / "run.json") as record:
        record["parts"][1]["host"]["cores"] += 1
    because = refusal(orchbench_here("compare", merged, other))
    assert "run-2" in because and "cores" in because


def test_a_trend_takes_each_part_as_a_run(merged: Path, orchbench_here: Call) -> None:
    """In the order in which the parts began."""
    trend = json.loads(orchbench_here("trend", merged, merged.parent / "first", "--json").out)
    assert sorted(run["id"] for run in trend["runs"]) == ["run", "run", "run-2", "run-3"]
    numbers = [each for each in trend["numbers"] if each["scenario"] == "overhead"]
    assert numbers and all(len(each["points"]) == 3 for each in numbers)


def test_mlflow_has_a_child_for_each_part(merged: Path, tmp_path: Path) -> None:
    """With the part, the suite and the seed of it."""
    copy = shutil.copytree(merged, tmp_path / "copy")
    assert call(ORCHBENCH, "track", copy, cwd=tmp_path, MLFLOW_TRACKING_URI="").code == 0
    (parent,), children = logged(store_of(copy))
    seeds = {part["id"]: str(part["seed"]) for part in record_of(copy)["parts"]}
    assert {(child.data.params["part"], child.data.params["seed"]) for child in children} == {*seeds.items()}
    names = [child.info.run_name for child in children]
    assert len(names) == len(set(names))
    assert [each.path for each in client_of(store_of(copy)).list_artifacts(parent.info.run_id)]


def test_it_is_not_resumed(merged: Path, orchbench: Call) -> None:
    """A run of one part is."""
    refusal(orchbench("run", "--resume", merged))


# What is refused -------------------------------------------------------------------------------------------------------


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
