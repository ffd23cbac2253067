"""A run in MLflow equals its own files, and is there once; and nobody waits for MLflow who does not log."""

from __future__ import annotations

import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import Call
from small_runs import edited, record_of, results_of, samples_of
from tracked_runs import GAP, Logged, another_store, client_of, digest, key_of, logged, medians, store_of

from bench.export.mlflow import metric_name, track
from bench.store.folder import RunFolder

pytestmark = pytest.mark.xdist_group("tracked")  # the run is made and logged once


def read_artifact(uri: str, its: Logged, name: str, place: Path) -> Any:
    """Return a file of an MLflow run, which is JSON."""
    return json.loads(Path(client_of(uri).download_artifacts(its.info.run_id, name, str(place))).read_text())


def test_metrics_equal_the_results(tracked: Path) -> None:
    """Below one parent there is a child for each subject, whose metrics are the estimates, to the last bit, and no more."""
    (parent,), children = logged(store_of(tracked))
    assert {child.data.tags["mlflow.parentRunId"] for child in children} == {parent.info.run_id}
    found = {
        (key_of(child.data.params), key): value
        for child in children
        for key, value in child.data.metrics.items()
        if not key.startswith("checks.") and not key.endswith(".run")
    }
    assert found == medians(tracked) and len(children) > 1


def test_a_childs_steps_are_its_runs(tracked: Path) -> None:
    """Each counted value is there, and its step is its run's place among those of the subject; no warm-up, no control."""
    client = client_of(store_of(tracked))
    _, children = logged(store_of(tracked))
    samples = samples_of(tracked)
    for child in children:
        rows = [
            row
            for row in samples
            if key_of(row) == key_of(child.data.params) and (row["warmup"], row["control"]) == ("0", "0")
        ]
        trials = sorted({row["trial"] for row in rows})
        expected: dict[str, list[tuple[int, float]]] = {}
        for row in rows:
            points = expected.setdefault(f"{row['workload']}.{row['metric']}.run", [])
            points.append((trials.index(row["trial"]) + 1, float(row["value"])))
        found = {
            key: [(point.step, point.value) for point in client.get_metric_history(child.info.run_id, key)]
            for key in child.data.metrics
            if key.endswith(".run")
        }
        assert {key: sorted(points) for key, points in found.items()} == expected and len(trials) > 4


def test_what_is_missing_is_no_metric(tracked: Path, tmp_path: Path) -> None:
    """A number that is missing is not logged, least of all as 0, and missing.json says why."""
    row = next(row for row in results_of(tracked)["estimates"] if row["missing_because"] == GAP)
    child = next(child for child in logged(store_of(tracked))[1] if key_of(child.data.params) == key_of(row))
    name = f"{row['workload']}.{row['metric']}"
    missing = read_artifact(store_of(tracked), child, "missing.json", tmp_path)
    assert {each["metric"] for each in missing if each["missing_because"] == GAP} == {name, f"{name}.low", f"{name}.high"}
    assert not {each["metric"] for each in missing if "step" not in each} & child.data.metrics.keys()


def test_checks_are_counted_and_kept(tracked: Path, tmp_path: Path) -> None:
    """A child has its verdicts, with their evidence, and how many there are of each; the parent has all of them."""
    (parent,), children = logged(store_of(tracked))
    checks = results_of(tracked)["checks"]
    for verdict in ("pass", "fail", "unsupported"):
        assert parent.data.metrics[f"checks.{verdict}"] == sum(row["verdict"] == verdict for row in checks)
    for child in children:
        rows = [row for row in checks if key_of(row) == key_of(child.data.params)]
        assert child.data.metrics["checks.pass"] == sum(row["verdict"] == "pass" for row in rows) > 0
        kept = read_artifact(store_of(tracked), child, "checks.json", tmp_path / child.info.run_id)
        assert kept == [{key: row[key] for key in ("check", "verdict", "because")} for row in rows]


def test_provenance_goes_with_it(tracked: Path) -> None:
    """Parameters, versions, host, git state and the run's own times can be filtered and sorted by; the list has an order."""
    run = record_of(tracked)
    (parent,), children = logged(store_of(tracked))
    estimates = results_of(tracked)["estimates"]
    began = datetime.fromisoformat(run["segments"][0]["began"]).timestamp()
    for each in (parent, *children):
        assert (
            each.data.params["suite"] == "tracked" and each.data.params["seed"] == "1" and each.data.params["width"] == "2"
        )
        assert each.data.tags["orchbench.run"] == run["id"] and each.data.tags["host.name"] == run["host"]["name"]
        assert each.data.tags["git.commit"] == run["git"]["id"]
        assert each.info.start_time // 1000 == began and each.info.status == "FINISHED"
        assert each.info.end_time == int((began + run["segments"][0]["wall_s"]) * 1000)
    assert [key_of(child.data.params) for child in children] == list(dict.fromkeys(key_of(row) for row in estimates))
    assert {child.data.params["orchestrator"] for child in children} == {"plain"}
    assert all(child.data.params["isolation"] and child.data.params["scenario_version"] for child in children)
    assert {child.data.tags["version.python"] for child in children} == {run["versions"]["plain"]["python"]}
    assert parent.data.tags["version.plain.python"] == run["versions"]["plain"]["python"]


def test_a_run_can_be_derived_again_from_its_artifacts(
    tracked: Path, untracked: Path, orchbench: Call, tmp_path: Path
) -> None:
    """The parent has the run's files as they are, and events.zip beside run.json is the run's folder again."""
    (parent,), children = logged(store_of(tracked))
    folder = Path(client_of(store_of(tracked)).download_artifacts(parent.info.run_id, "", str(tmp_path)))
    for name in ("run.json", "results.json", "samples.csv", "pytest-benchmark.json"):
        assert (folder / name).read_bytes() == (tracked / name).read_bytes()
    with zipfile.ZipFile(folder / "events.zip") as archive:
        names = archive.namelist()
        archive.extractall(folder)
    assert {name for name in names if "/events-" in name} == {
        str(path.relative_to(untracked)) for path in untracked.rglob("events-*.jsonl")
    }
    (folder / "samples.csv").unlink()
    assert orchbench("report", folder).code == 0
    assert (folder / "samples.csv").read_bytes() == (untracked / "samples.csv").read_bytes()
    for child in children:
        files = client_of(store_of(tracked)).list_artifacts(child.info.run_id)
        assert {each.path for each in files} <= {"checks.json", "missing.json"}


def test_a_copy_is_logged_into_itself_and_only_once(tracked_copy: Path, tracked: Path, orchbench: Call) -> None:
    """Logged again, twice and elsewhere, a run is there once, and its files are where it is; the original keeps its own."""
    before = digest(tracked)
    for _ in range(2):
        assert orchbench("track", tracked_copy).code == 0
    (parent,), children = logged(store_of(tracked_copy))
    assert len(children) == len(logged(store_of(tracked))[1])
    assert parent.info.artifact_uri.startswith(tracked_copy.as_uri())
    artifacts = tracked_copy / "mlflow" / "orchbench-artifacts"
    assert {path.name for path in artifacts.iterdir()} == {each.info.run_id for each in (parent, *children)}
    assert digest(tracked) == before


def test_two_runs_of_one_name_are_two(tracked: Path, tracked_copy: Path, tmp_path: Path) -> None:
    """In a store that several runs share, each replaces nothing but itself; quotes in a name do no harm."""
    run = record_of(tracked_copy)
    shared = another_store(tracked, tmp_path)
    for seed, name in ((1, run["id"]), (2, run["id"]), (3, """it's "a" `run`"""), (2, run["id"]), (3, """it's "a" `run`""")):
        (tracked_copy / "run.json").write_text(json.dumps(run | {"seed": seed, "id": name}))
        track(RunFolder(tracked_copy), shared)
    parents, children = logged(shared)
    assert sorted(each.data.params["seed"] for each in parents) == ["1", "2", "3"]
    assert len(children) == 3 * len(logged(store_of(tracked))[1])
    assert all(each.info.artifact_uri.startswith(tmp_path.as_uri()) for each in parents)


HOSTILE = [
    "a b",
    "a_b",
    "a/b",
    "a/../b",
    "..",
    ".",
    "../../etc",
    "/etc",
    "é",
    "e",
    "x" * 300,
    "x" * 299,
    "%s",
    "a:b",
    "'; --",
    "",
]


def test_names_stay_valid_and_different(tracked_copy: Path, orchbench: Call) -> None:
    """Whatever a workload is called, MLflow takes its numbers, and no two names become one."""
    with edited(tracked_copy / "results.json") as results:
        like = next(row for row in results["estimates"] if row["metric"] == "makespan_s")
        results["estimates"] = [like | {"workload": name, "median": float(n)} for n, name in enumerate(HOSTILE, 1)]
    with edited(tracked_copy / "run.json") as run:
        run["suite"]["name"], run["versions"]["plain"]["a / ★ <b>"] = "s" * 10_000, "v" * 10_000
    done = orchbench("track", tracked_copy)
    assert done.code == 0, done.err
    child = next(child for child in logged(store_of(tracked_copy))[1] if key_of(child.data.params) == key_of(like))
    found = {value for key, value in child.data.metrics.items() if key.endswith(".makespan_s")}
    assert found == {float(n) for n in range(1, len(HOSTILE) + 1)}
    assert metric_name("chain_3", "makespan_s") == "chain_3.makespan_s"
