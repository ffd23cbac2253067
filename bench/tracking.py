"""A run in MLflow: one parent for the run, and below it a child for each subject in each scenario.

All of it is read from the run's files, after they are written: logging can neither disturb a measurement nor lose one, and
can be done again at any time. MLflow is imported in here only, and only when a run is logged, since that takes seconds.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import sqlite3
import tempfile
import threading
import warnings
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from bench import wording
from bench.problem import Problem
from bench.records import RunRecord
from bench.store import RunFolder

Row = Mapping[str, Any]
Answer = TypeVar("Answer")

EXPERIMENT: Final = "orchbench"

RUN: Final = "orchbench.run"
FINGERPRINT: Final = "orchbench.fingerprint"
"""The tag by which a run is found again: two runs may have one name, and a name may hold the quotes of a query."""

SUBJECT: Final = ("scenario", "orchestrator", "tier", "profile", "deployment")
"""What makes a child: it is one of the parts of results.json that has these in common."""

PARAM_LENGTH, TAG_LENGTH = 500, 5000
"""How many characters of a value are logged: MLflow takes 6000 and 8000 since its third version, and fewer before."""

_SETTINGS: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # a benchmark must not phone home
    "DO_NOT_TRACK": "true",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",  # what goes wrong is said below, in one line
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",  # it is imported, and not needed
    # A server that is gone must not hold up a run's end: MLflow would try for minutes, and wait as long as it is told to.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",
}
"""MLflow's settings by environment variable, where the user has not set them."""

_LOGIN: Final = re.compile(r"//[^/@\s]+@")


def track(folder: RunFolder, uri: str | None = None, tell: Callable[[int, int], None] = lambda _done, _total: None) -> Store:
    """Log the run, in the place of what was logged of it before; `tell` hears how many of its children are logged."""
    run = folder.run()
    parent, children = entries(run, folder.results(), folder.samples())
    store = Store.choose(folder, uri)
    try:
        with folder.locked(), _quiet():
            log = _Log.open(store, run)
            home = log.create(parent)
            logged = [home]
            for done, child in enumerate(children):
                tell(done, len(children))
                logged.append(log.create(child, home, behind=len(children) - done))
                log.end(logged[-1])
            log.keep_files(home, folder)
            log.end(home)
            log.forget_all_but(logged)
    except Problem:
        raise
    except Exception as error:  # noqa: BLE001 - MLflow's own, or one of the database, the network or the disk
        raise Problem(f"the run is not tracked in MLflow ({store}): {_why(error)}") from None
    return store


# What is logged --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    """A metric's value; the steps of a metric are runs in the order in which they were made."""

    key: str
    value: float
    step: int = 0


@dataclass(frozen=True)
class Entry:
    """What one run of MLflow's holds."""

    name: str
    params: Mapping[str, object]
    tags: Mapping[str, object]
    points: Sequence[Point]
    documents: Mapping[str, Any] = field(default_factory=dict)
    """Files, by name, in JSON."""


def entries(run: RunRecord, results: Row, samples: Iterable[Row]) -> tuple[Entry, list[Entry]]:
    """Return what is logged of a run: the parent, and its children."""
    estimates, checks = _by_subject(results["estimates"]), _by_subject(results["checks"])
    counted = _by_subject(row for row in samples if (row["warmup"], row["control"]) == ("0", "0"))
    children = [
        _child(run, [*estimates[key], *checks[key]][0], estimates[key], checks[key], counted[key])
        for key in dict.fromkeys([*estimates, *checks])
    ]
    params = {
        "suite": run.suite["name"],
        "seed": run.seed,
        "width": run.width,
        "orchestrators": ", ".join(run.orchestrators),
        "scenarios": ", ".join(run.scenarios),
        "runs": run.trials_planned,
        "data": run.data.get("file"),
    }
    versions = {
        f"version.{tool}.{package}": version
        for tool, packages in run.versions.items()
        for package, version in packages.items()
    }
    return Entry(run.id, params, _provenance(run) | versions, _counts(results["checks"])), children


def _child(run: RunRecord, its: Row, estimates: Sequence[Row], checks: Sequence[Row], samples: Sequence[Row]) -> Entry:
    params = {key: its[key] for key in (*SUBJECT, "isolation")} | {
        "scenario_version": run.scenarios.get(its["scenario"]),
        "suite": run.suite["name"],
        "seed": run.seed,
        "width": run.width,
    }
    versions = {f"version.{package}": version for package, version in run.versions.get(its["orchestrator"], {}).items()}
    points: list[Point] = []
    missing: list[dict[str, Any]] = []
    for row in estimates:
        name = metric_name(row["workload"], row["metric"])
        no_interval = "one run has no interval" if row["n"] < 2 else "the interval is open"
        for key, column in ((name, "median"), (f"{name}.low", "low"), (f"{name}.high", "high")):
            if row[column] is None:
                missing.append({"metric": key, "missing_because": row["missing_because"] or no_interval})
            else:
                points.append(Point(key, row[column]))
    order = {trial: step for step, trial in enumerate(dict.fromkeys(row["trial"] for row in samples), 1)}
    for row in samples:
        key, step = f"{metric_name(row['workload'], row['metric'])}.run", order[row["trial"]]
        if row["value"] == "":
            missing.append({"metric": key, "step": step, "missing_because": row["missing_because"]})
        else:
            points.append(Point(key, float(row["value"]), step))
    documents = {
        "missing.json": missing,
        "checks.json": [{key: row[key] for key in ("check", "verdict", "because")} for row in checks],
    }
    return Entry(
        f"{its['scenario']}, {its['tier']}: {wording.subject(its)}",
        params,
        _provenance(run) | versions,
        [*points, *_counts(checks)],
        {name: rows for name, rows in documents.items() if rows},
    )


def metric_name(workload: str, metric: str) -> str:
    """Name a metric of a workload, as MLflow takes it."""
    return f"{_allowed(workload)}.{_allowed(metric)}"


_ALLOWED: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}")
"""Less than MLflow allows, which takes 250 characters, of every alphabet, and slashes, if they lead to no other path."""


def _allowed(name: str) -> str:
    """Return the name, or one that MLflow takes in its place; only such a one has a colon, so that no two become one."""
    if _ALLOWED.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{re.sub('[^A-Za-z0-9_-]', '_', name)[:80]}:{digest}"


def _by_subject(rows: Iterable[Row]) -> defaultdict[tuple[str, ...], list[Row]]:
    found: defaultdict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row[key] for key in SUBJECT)].append(row)
    return found


def _counts(checks: Iterable[Row]) -> list[Point]:
    verdicts = Counter(row["verdict"] for row in checks)
    return [Point(f"checks.{verdict}", verdicts[verdict]) for verdict in ("pass", "fail", "unsupported")]


def _provenance(run: RunRecord) -> dict[str, object]:
    """Return the tags that all entries of a run have; those with MLflow's own names are shown in its lists."""
    return {
        RUN: run.id,
        FINGERPRINT: _fingerprint(run),
        "git.commit": run.git.get("id"),
        "git.dirty": run.git.get("dirty"),
        "host.name": run.host.get("name"),
        "host.cpu": run.host.get("cpu"),
        "host.cores": run.host.get("cores"),
        "mlflow.source.name": "orchbench",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": run.git.get("id"),
    }


def _fingerprint(run: RunRecord) -> str:
    """Return what a run has from its beginning to its end, in every copy, and shares with no other."""
    its = (run.id, run.plan, run.seed, run.host.get("boot_id"), run.segments[0].began)
    return hashlib.sha256(repr(its).encode(errors="surrogatepass")).hexdigest()[:16]


# Where it is logged ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Store:
    """A tracking server, a database, or the embedded one of the run."""

    uri: str
    embedded: bool = False

    @classmethod
    def choose(cls, folder: RunFolder, uri: str | None) -> Store:
        """Return the given one, or the one that MLflow's environment variable names, or the embedded one."""
        if given := uri or os.environ.get("MLFLOW_TRACKING_URI"):
            return cls(given)
        if "?" in str(folder.mlflow):
            raise Problem(f"{folder.mlflow}: what stands behind a ? is no part of a database's path; move the run's folder")
        return cls(f"sqlite:///{folder.mlflow}", embedded=True)

    def __str__(self) -> str:
        """Return the URI without a password."""
        return _LOGIN.sub("//", self.uri)

    @property
    def file(self) -> Path | None:
        """The database's file, where no server is needed."""
        path = self.uri.removeprefix("sqlite:///").partition("?")[0]
        return Path(path).absolute() if self.uri.startswith("sqlite:///") and path else None

    @property
    def artifacts(self) -> Path | None:
        """Where files go, where no server knows: else MLflow would put them below whatever folder the process is in."""
        return self.file.parent / "orchbench-artifacts" if self.file else None


@dataclass(frozen=True)
class _Log:
    """A run's entries on their way into a store."""

    store: Store
    client: Any
    experiment: str
    fingerprint: str
    began: int
    ended: int
    status: str

    @classmethod
    def open(cls, store: Store, run: RunRecord) -> _Log:
        """Connect; the entries have the run's own times, by which MLflow sorts them."""
        first, last = (datetime.fromisoformat(each.began).timestamp() for each in (run.segments[0], run.segments[-1]))
        times = (int(first * 1000), int((last + run.segments[-1].wall_s) * 1000))
        client, experiment = _connect(store)
        return cls(store, client, experiment, _fingerprint(run), *times, "FINISHED" if run.finished else "KILLED")

    def create(self, entry: Entry, parent: str | None = None, behind: int = 0) -> str:
        """Log all of an entry but that it has ended, and return MLflow's id of it; `behind` is how many come behind it."""
        from mlflow.entities import Metric, Param  # noqa: PLC0415 - it takes seconds

        tags = dict(entry.tags) | ({"mlflow.parentRunId": parent} if parent else {})
        # MLflow lists the youngest first, and runs of one age at random. Seconds are all that is known of when a run began.
        began = self.began + min(behind, 999)
        created = self.client.create_run(self.experiment, began, _values(tags, TAG_LENGTH), entry.name)
        its = str(created.info.run_id)
        self.client.log_batch(  # which makes batches of as many as MLflow takes at once
            its,
            [Metric(point.key, point.value, self.ended, point.step) for point in entry.points],
            [Param(key, value) for key, value in _values(entry.params, PARAM_LENGTH).items()],
        )
        for name, document in entry.documents.items():
            self.client.log_text(its, json.dumps(document, indent=1), name)
        return its

    def end(self, its: str) -> None:
        """Say that an entry is complete; one that is not stays `running`."""
        self.client.set_terminated(its, self.status, self.ended)

    def keep_files(self, parent: str, folder: RunFolder) -> None:
        """Log the run's files; the raw ones, of which there may be ten thousands, in one."""
        for path in folder.documents():
            self.client.log_artifact(parent, str(path))
        if raw := folder.raw_files():
            with tempfile.TemporaryDirectory(prefix="orchbench-") as temporary:
                archive = Path(temporary) / "events.zip"
                with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as writer:
                    for path in raw:
                        writer.write(path, path.relative_to(folder.path))
                self.client.log_artifact(parent, str(archive))

    def forget_all_but(self, logged: Sequence[str]) -> None:
        """Delete what was logged of the run before, whether that was seen through or not."""
        for its in [its for its in self._all() if its not in logged]:
            self.client.delete_run(its)
        if self.store.embedded and self.store.artifacts and self.store.artifacts.is_dir():
            for kept in self.store.artifacts.iterdir():  # MLflow itself would keep the files until `mlflow gc`
                if kept.name not in logged:
                    shutil.rmtree(kept)

    def _all(self) -> Iterator[str]:
        token = None
        while True:
            query = f"tags.`{FINGERPRINT}` = '{self.fingerprint}'"
            page = self.client.search_runs([self.experiment], query, page_token=token)
            yield from (each.info.run_id for each in page)
            token = page.token
            if not token:
                return


def _connect(store: Store) -> tuple[Any, str]:
    """Return a client and the id of the experiment, or raise soon: MLflow would try for minutes."""
    if store.file:
        store.file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(store.file)) as database:
            database.execute("begin immediate")
    from mlflow import MlflowClient  # noqa: PLC0415 - it takes seconds

    def connect() -> tuple[Any, str]:
        client = MlflowClient(store.uri)
        return client, _experiment(client, store)

    # A new database takes a while to be made. A server has as long as a request may take, the look-up of its name included.
    return connect() if store.file else _within(float(os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"]), connect)


def _experiment(client: Any, store: Store) -> str:
    """Return the id of the experiment; create it where it is not there."""
    place = store.artifacts.as_uri() if store.artifacts else None
    known = client.get_experiment_by_name(EXPERIMENT)
    if known and store.embedded and known.artifact_location != place:
        # The run's folder is a copy: what was logged in it has its files where the original is.
        client.rename_experiment(known.experiment_id, f"{EXPERIMENT} before it was copied ({known.experiment_id})")
        client.delete_experiment(known.experiment_id)
        known = None
    return str(known.experiment_id if known else client.create_experiment(EXPERIMENT, place))


def _within(seconds: float, call: Callable[[], Answer]) -> Answer:
    """Return what the call returns, or raise when it takes longer; it then ends with the process."""
    answer: Future[Answer] = Future()

    def work() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:  # noqa: BLE001 - it is raised again by whoever waits for the answer
            answer.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        return answer.result(seconds)
    except TimeoutError:
        if answer.done():
            raise
        raise TimeoutError(f"it gave no answer within {seconds:.0f} s") from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow and what is below it from talking, and from trying for long."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _values(values: Mapping[str, object], length: int) -> dict[str, str]:
    return {_allowed(key): str(value)[:length] for key, value in values.items() if value is not None}


def _why(error: BaseException) -> str:
    """Say in one line what is at the bottom of an error: MLflow wraps those of the libraries below it, at length."""
    while inner := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        if isinstance(inner, LookupError):  # how it found out that it does not know something
            break
        error = inner
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    where = getattr(error, "filename", None)
    line = " ".join(_LOGIN.sub("//", f"{where}: {said}" if where else said).split())
    return line if len(line) <= 300 else f"{line[:300]} ..."
