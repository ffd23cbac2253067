"""How a run is logged: the entries, on their way into a store. MLflow is imported here, when that begins."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from bench.base.files import MB
from bench.base.problem import Problem
from bench.export.formats import FORMATS
from bench.export.mlflow.entries import CONTENT, FINGERPRINT, Entry, fingerprint
from bench.export.mlflow.limits import PARAM_LENGTH, TAG_LENGTH, fitting
from bench.export.mlflow.manners import within
from bench.export.mlflow.store import EXPERIMENT, Store
from bench.store.folder import RunFolder
from bench.store.records import RunRecord

MOST: Final = 500 * MB
"""How large the files of a run may be together, to be logged; those of the largest suite have a tenth of it."""


@dataclass(frozen=True)
class Log:
    """A run's entries on their way into a store."""

    store: Store
    folder: RunFolder
    raw: Sequence[str]
    client: Any
    experiment: str
    fingerprint: str
    content: str
    began: int
    ended: int
    status: str

    @classmethod
    def open(cls, store: Store, run: RunRecord, folder: RunFolder) -> Log:
        """Connect; the entries have the run's own times, by which MLflow sorts them."""
        raw, documents = folder.raw_files(without_data=bool(run.data)), _documents(folder)
        if (size := sum(folder.file(name).stat().st_size for name in [*raw, *documents])) > MOST:
            raise Problem(f"{folder.path}: the files have {size / MB:.0f} MB, and at most {MOST / MB:.0f} are logged")
        first, last = (datetime.fromisoformat(each.began).timestamp() for each in (run.segments[0], run.segments[-1]))
        times = (int(first * 1000), int((last + run.segments[-1].wall_s) * 1000))
        content = _digest(folder, [*documents, *raw])
        client, experiment = _connect(store)
        status = "FINISHED" if run.finished else "KILLED"
        return cls(store, folder, raw, client, experiment, fingerprint(run), content, *times, status)

    def create(self, entry: Entry, parent: str | None = None, behind: int = 0) -> str:
        """Log all of an entry but that it has ended, and return MLflow's id of it; `behind` is how many come behind it."""
        from mlflow.entities import Metric, Param  # noqa: PLC0415 - it takes seconds

        tags = {**entry.tags, CONTENT: self.content} | ({"mlflow.parentRunId": parent} if parent else {})
        # MLflow lists the youngest first, and runs of one age at random. Seconds are all that is known of when a run began.
        began = self.began + min(behind, 999)
        created = self.client.create_run(self.experiment, began, fitting(tags, TAG_LENGTH), entry.name)
        logged = str(created.info.run_id)
        self.client.log_batch(  # which makes batches of as many as MLflow takes at once
            logged,
            [Metric(point.key, point.value, self.ended, point.step) for point in entry.points],
            [Param(key, value) for key, value in fitting(entry.params, PARAM_LENGTH).items()],
        )
        with tempfile.TemporaryDirectory(prefix="orchbench-") as temporary:
            for name, document in entry.documents.items():
                file = Path(temporary) / name
                file.write_text(json.dumps(document, indent=1))
                self._keep(logged, name, file)
        return logged

    def end(self, entry: str) -> None:
        """Say that an entry is complete; one that is not stays `running`."""
        self.client.set_terminated(entry, self.status, self.ended)

    def keep_files(self, parent: str) -> None:
        """Log the run's files; the raw ones, of which there may be ten thousands, in one."""
        for name in _documents(self.folder):
            self._keep(parent, name, self.folder.file(name))
        if self.raw:
            with tempfile.TemporaryDirectory(prefix="orchbench-") as temporary:
                archive = Path(temporary) / "events.zip"
                with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as writer:
                    for name in self.raw:
                        writer.write(self.folder.file(name), name)
                self._keep(parent, archive.name, archive)

    def _keep(self, entry: str, name: str, file: Path) -> None:
        """Log a file. MLflow asks its database where to put it, and that of a run may be a stranger's: there we do it."""
        if self.store.embedded:
            self.folder.keep_artifact(entry, name, file)
        else:
            self.client.log_artifact(entry, str(file), name.rpartition("/")[0] or None)

    def forget_all_but(self, logged: Sequence[str]) -> None:
        """Delete what was logged of the run before, whether that was seen through or not: see `CONTENT`."""
        for earlier in [entry for entry in self._all() if entry not in logged]:
            self.client.delete_run(earlier)
        if self.store.embedded:
            self.folder.forget_artifacts(logged)  # MLflow itself would keep the files until `mlflow gc`

    def _all(self) -> Iterator[str]:
        token = None
        while True:
            query = f"tags.`{FINGERPRINT}` = '{self.fingerprint}'"
            if not self.store.embedded:
                query += f" and tags.`{CONTENT}` = '{self.content}'"
            page = self.client.search_runs([self.experiment], query, page_token=token)
            yield from (each.info.run_id for each in page)
            token = page.token
            if not token:
                return


def _documents(folder: RunFolder) -> list[str]:
    return folder.documents([each.file for each in FORMATS])


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

    # A new database takes a while to be made. A server has as long as a request may take, including the look-up of the name.
    return connect() if store.file else within(float(os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"]), connect)


def _digest(folder: RunFolder, names: Sequence[str]) -> str:
    """Return a hash of files and of their names."""
    whole = hashlib.sha256()
    for name in names:
        with folder.file(name).open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        whole.update(f"{name!r} {content}\n".encode(errors="surrogatepass"))
    return whole.hexdigest()


def _experiment(client: Any, store: Store) -> str:
    """Return the id of the experiment; create it where it is not there."""
    place = store.artifacts.as_uri() if store.artifacts else None
    known = client.get_experiment_by_name(EXPERIMENT)
    if known and store.embedded and known.artifact_location != place:
        # The run's folder is a copy: what was logged in it refers to the files of the original.
        client.rename_experiment(known.experiment_id, f"{EXPERIMENT} before it was copied ({known.experiment_id})")
        client.delete_experiment(known.experiment_id)
        known = None
    return str(known.experiment_id if known else client.create_experiment(EXPERIMENT, place))
