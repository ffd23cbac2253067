"""A merged run has the numbers of each part, each beside the part's own machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from golden import pack
from merged_runs import PARTS
from small_runs import edited, record_of, results_of, samples_of, validator

from bench.export.publish import publish
from bench.store import merging
from bench.store.folder import RunFolder

pytestmark = pytest.mark.xdist_group("merged")  # the parts are measured once

TABLES = ("estimates", "ratios", "controls", "checks", "engines", "ranges")


def of_part(rows: Sequence[Mapping[str, Any]], part: str) -> list[dict[str, Any]]:
    """Return the rows of a part, without its name."""
    return [{key: value for key, value in row.items() if key != "part"} for row in rows if row["part"] == part]


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


def test_a_run_that_is_not_merged_has_no_part(unmerged: Path) -> None:
    """Neither in its rows nor in its records."""
    run = unmerged / "first"
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
