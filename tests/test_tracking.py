"""A run in MLflow equals its own files, is there once, and loses nothing when a server is not there."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from conftest import ORCHBENCH, ROOT, Call, call, mounted
from small_runs import block, edited, finished_run, record_of, results_of, samples_of, suite_of

from bench.problem import Problem
from bench.store import RunFolder
from bench.tracking import EXPERIMENT, metric_name, track
from contract.servers import HOST, answers, free_port

Logged = Any
"""A run as MLflow's client has it."""

BLOCK = block("overhead", rounds=2, repeat=2, reference_starts=2, control=["plain"], options={"sizes": {"chain": [1, 3]}})

GAP = "nobody has looked"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was not logged, and in which a number is missing."""
    folder = tmp_path_factory.mktemp("finished")
    run = finished_run(folder, suite_of(BLOCK, name="tracked"), "--seed", "1", "--no-mlflow")
    assert not (run / "mlflow").exists()
    with edited(run / "results.json") as results:
        next(row for row in results["estimates"] if row["metric"] == "finish_lag_s").update(
            median=None, low=None, high=None, missing_because=GAP
        )
    return run


@pytest.fixture(scope="module")
def tracked(finished: Path) -> Path:
    """The same run, logged to its own store."""
    copy = finished.parent / "tracked"
    shutil.copytree(finished, copy)
    done = call(ORCHBENCH, "track", copy, cwd=copy.parent, MLFLOW_TRACKING_URI="")
    assert (done.code, done.err.replace("logging the run to MLflow\n", "")) == (0, ""), done
    assert f"tracked in MLflow: sqlite:///{copy}/mlflow/mlflow.db, experiment orchbench" in done.out
    return copy


@pytest.fixture
def copy(tracked: Path, tmp_path: Path) -> Path:
    """A copy of the logged run, with its store."""
    shutil.copytree(tracked, tmp_path / "copy")
    return tmp_path / "copy"


def client_of(uri: str) -> Any:
    """Return MLflow's own client."""
    from mlflow import MlflowClient  # noqa: PLC0415 - it takes seconds

    return MlflowClient(uri)


def store_of(run: Path) -> str:
    """Return the URI of a run's own store."""
    return f"sqlite:///{run}/mlflow/mlflow.db"


def logged(uri: str) -> tuple[list[Logged], list[Logged]]:
    """Return the parents and the children that MLflow finds in the experiment."""
    client = client_of(uri)
    found = client.search_runs([client.get_experiment_by_name(EXPERIMENT).experiment_id])
    parents = [each for each in found if "mlflow.parentRunId" not in each.data.tags]
    return parents, [each for each in found if "mlflow.parentRunId" in each.data.tags]


def another_store(tracked: Path, place: Path) -> str:
    """Return the URI of a store in which nothing is logged yet; an empty file would take seconds to become one."""
    shutil.copy(tracked / "mlflow" / "mlflow.db", place / "another.db")
    uri = f"sqlite:///{place}/another.db"
    client = client_of(uri)
    client.rename_experiment(client.get_experiment_by_name(EXPERIMENT).experiment_id, "something else")
    return uri


def key_of(row: Mapping[str, str]) -> tuple[str, ...]:
    """Return what makes a child."""
    return tuple(row[key] for key in ("scenario", "orchestrator", "tier", "profile", "deployment"))


def medians(run: Path) -> dict[tuple[tuple[str, ...], str], float]:
    """Return each estimate's numbers, by child and metric."""
    return {
        (key_of(row), f"{row['workload']}.{row['metric']}{suffix}"): row[column]
        for row in results_of(run)["estimates"]
        for suffix, column in (("", "median"), (".low", "low"), (".high", "high"))
        if row[column] is not None
    }


def read_artifact(uri: str, its: Logged, name: str, place: Path) -> Any:
    """Return a file of an MLflow run, which is JSON."""
    return json.loads(Path(client_of(uri).download_artifacts(its.info.run_id, name, str(place))).read_text())


# What is logged --------------------------------------------------------------------------------------------------------


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
    tracked: Path, finished: Path, orchbench: Call, tmp_path: Path
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
        str(path.relative_to(finished)) for path in finished.rglob("events-*.jsonl")
    }
    (folder / "samples.csv").unlink()
    assert orchbench("report", folder).code == 0
    assert (folder / "samples.csv").read_bytes() == (finished / "samples.csv").read_bytes()
    for child in children:
        files = client_of(store_of(tracked)).list_artifacts(child.info.run_id)
        assert {each.path for each in files} <= {"checks.json", "missing.json"}


def test_a_copy_is_logged_into_itself_and_only_once(copy: Path, tracked: Path, orchbench: Call) -> None:
    """Logged again, twice and elsewhere, a run is there once, and its files are where it is; the original keeps its own."""
    before = digest(tracked)
    for _ in range(2):
        assert orchbench("track", copy).code == 0
    (parent,), children = logged(store_of(copy))
    assert len(children) == len(logged(store_of(tracked))[1])
    assert parent.info.artifact_uri.startswith(copy.as_uri())
    artifacts = copy / "mlflow" / "orchbench-artifacts"
    assert {path.name for path in artifacts.iterdir()} == {each.info.run_id for each in (parent, *children)}
    assert digest(tracked) == before


def test_two_runs_of_one_name_are_two(tracked: Path, copy: Path, tmp_path: Path) -> None:
    """In a store that several runs share, each replaces nothing but itself; quotes in a name do no harm."""
    run = record_of(copy)
    shared = another_store(tracked, tmp_path)
    for seed, name in ((1, run["id"]), (2, run["id"]), (3, """it's "a" `run`"""), (2, run["id"]), (3, """it's "a" `run`""")):
        (copy / "run.json").write_text(json.dumps(run | {"seed": seed, "id": name}))
        track(RunFolder(copy), shared)
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


def test_names_stay_valid_and_different(copy: Path, orchbench: Call) -> None:
    """Whatever a workload is called, MLflow takes its numbers, and no two names become one."""
    with edited(copy / "results.json") as results:
        like = next(row for row in results["estimates"] if row["metric"] == "makespan_s")
        results["estimates"] = [like | {"workload": name, "median": float(n)} for n, name in enumerate(HOSTILE, 1)]
    with edited(copy / "run.json") as run:
        run["suite"]["name"], run["versions"]["plain"]["a / ★ <b>"] = "s" * 10_000, "v" * 10_000
    done = orchbench("track", copy)
    assert done.code == 0, done.err
    child = next(child for child in logged(store_of(copy))[1] if key_of(child.data.params) == key_of(like))
    found = {value for key, value in child.data.metrics.items() if key.endswith(".makespan_s")}
    assert found == {float(n) for n in range(1, len(HOSTILE) + 1)}
    assert metric_name("chain_3", "makespan_s") == "chain_3.makespan_s"


# What may go wrong -----------------------------------------------------------------------------------------------------


def test_a_server_that_is_gone_costs_a_run_one_line(
    orchbench: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run ends well and soon, has all of its files, and one line says what failed and how to log it later."""
    (tmp_path / "suite.toml").write_text(suite_of(BLOCK | {"rounds": 1}))
    monkeypatch.delenv("ORCHBENCH_NO_MLFLOW")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://anna:secret@127.0.0.1:{free_port()}")
    done = orchbench("run", "--suite", "suite.toml", "--on", "plain", "--seed", "1", "--out", "run", timeout=30)
    (said,) = [line for line in done.err.splitlines() if line.startswith("orchbench: ")]
    assert done.code == 0 and "Connection refused" in said and "`orchbench track run`" in said
    assert "secret" not in done.err + done.out and "Traceback" not in done.err and "tracked in MLflow:" not in done.out
    assert {"run.json", "results.json", "samples.csv"} <= {path.name for path in (tmp_path / "run").iterdir()}
    assert not (tmp_path / "run" / "mlflow").exists() and not (tmp_path / "mlruns").exists()


@contextmanager
def server(status: int | None) -> Iterator[str]:
    """A server that answers everything with that status; None: one that never answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if status is None:
                time.sleep(60)
            self.send_response(status or 0)
            self.send_header("Retry-After", "60")
            self.end_headers()

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *_arguments: object) -> None:  # noqa: A002
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    Thread(target=listening.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}"
    finally:
        listening.shutdown()


FAILING = {"errors": (500, "500"), "too busy": (429, "429"), "no entry": (401, "401"), "silent": (None, "within 2 s")}


@pytest.mark.parametrize("case", FAILING)
def test_a_failing_server_is_named_soon(case: str, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors, refusals, and no answer at all end in one line, soon, and leave the run as it is."""
    status, said = FAILING[case]
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    before, began = digest(copy), time.monotonic()
    with server(status) as uri:
        with pytest.raises(Problem) as problem:
            track(RunFolder(copy), uri)
        assert uri in str(problem.value) and said in str(problem.value) and len(str(problem.value)) < 500
    assert time.monotonic() - began < 15 and digest(copy) == before


WRONG = {
    "no such thing": ("abacus://beads", "abacus"),
    "no such host": ("http://no-such-host.invalid", "no-such-host"),
    "no database": ("sqlite:////proc/mlflow.db", "/proc"),
    "a folder as database": ("sqlite:////tmp", "unable to open"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_place_is_named(case: str, copy: Path, orchbench: Call) -> None:
    """A store that cannot be gets one line and exit code 2, and the run stays as it is."""
    uri, said = WRONG[case]
    before = digest(copy)
    done = orchbench("track", copy, "--uri", uri, timeout=30)
    lines = [line for line in done.err.splitlines() if line != "logging the run to MLflow"]
    assert done.code == 2 and len(lines) == 1 and lines[0].startswith("orchbench: ") and said in lines[0], done
    assert digest(copy) == before


def test_a_folder_that_cannot_be_written_to_is_named(finished: Path, orchbench: Call, tmp_path: Path) -> None:
    """A run on a read-only file system cannot hold a store, which is said in one line."""
    place = tmp_path / "place"
    shutil.copytree(finished, place)
    with mounted(place, "--bind", "-o", "ro", finished):
        done = orchbench("track", place)
    assert done.code == 2 and done.err.count("\n") == 1 and str(place) in done.err, done


def test_only_a_run_is_logged(orchbench: Call, tmp_path: Path) -> None:
    """What is no run is refused by one line."""
    done = orchbench("track", "nowhere")
    assert (done.code, done.err) == (2, "orchbench: nowhere is not a run: it has no run.json\n")
    assert not list(tmp_path.iterdir())


def test_nobody_waits_for_mlflow_who_does_not_log() -> None:
    """The commands do not import it, which would take each of them seconds."""
    code = "import sys, bench.cli; print('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


# A real server ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def mlflow_server(tracked: Path, tmp_path: Path) -> Iterator[str]:
    """MLflow's own server, on a free port of this machine; its keeper ends it with the test, even a killed one."""
    mlflow = ROOT / "implementations/plain/.venv/bin/mlflow"
    assert mlflow.exists(), "MLflow's server is in the environment of plain, which is not set up: call `make setup`"
    store, port, temporary = another_store(tracked, tmp_path), free_port(), tmp_path / "temporary"
    temporary.mkdir()
    argv = [sys.executable, "-m", "bench.keeper", tmp_path / "left_behind.json", temporary]
    argv += [mlflow, "server", "--host", HOST, "--port", port, "--workers", "1"]
    argv += ["--backend-store-uri", store, "--artifacts-destination", tmp_path / "artifacts"]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(temporary), "MLFLOW_DISABLE_TELEMETRY": "true"}
    env["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"  # half a dozen processes, of which nothing here makes use
    with (tmp_path / "server.log").open("wb") as log:
        env["ORCHBENCH_PIPE"] = str(log.fileno())  # where an adapter would answer its harness; a server answers at its port
        process = subprocess.Popen(
            [*map(str, argv)],
            cwd=tmp_path,
            env=env,
            stdin=subprocess.PIPE,  # the leash: it ends when this process closes it, or is no more
            stdout=log,
            stderr=log,
            pass_fds=(log.fileno(),),
            start_new_session=True,  # a Ctrl-C at the terminal is for pytest, which then closes the leash
        )
    with process:
        deadline = time.monotonic() + 120
        while not answers(f"http://{HOST}:{port}/health", timeout_s=5):
            assert process.poll() is None and time.monotonic() < deadline, (tmp_path / "server.log").read_text()
            time.sleep(0.2)
        yield f"http://{HOST}:{port}"


def test_a_server_takes_it(mlflow_server: str, copy: Path, orchbench: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLFLOW_TRACKING_URI is where a run goes: the server has the same numbers and files, and has them once."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server)
    done = orchbench("track", copy)
    assert done.code == 0 and f"tracked in MLflow: {mlflow_server}, experiment orchbench\n" in done.out, done
    track(RunFolder(copy))
    (parent,), children = logged(mlflow_server)
    found = {
        (key_of(child.data.params), key): value
        for child in children
        for key, value in child.data.metrics.items()
        if re.fullmatch(r"\w+\.\w+(\.low|\.high)?", key) and not key.startswith("checks.")
    }
    assert found == medians(copy)
    names = {each.path for each in client_of(mlflow_server).list_artifacts(parent.info.run_id)}
    assert names >= {"run.json", "results.json", "samples.csv", "events.zip"}


def digest(folder: Path) -> dict[str, str]:
    """Return a hash of each file."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
