"""How a run is logged: the entries, on their way into a store. MLflow is imported here, when that begins."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.export.mlflow.entries import FINGERPRINT, Entry, fingerprint
from bench.export.mlflow.limits import PARAM_LENGTH, TAG_LENGTH, fitting
from bench.export.mlflow.manners import within
from bench.export.mlflow.store import EXPERIMENT, Store
from bench.store.folder import RunFolder
from bench.store.records import RunRecord


@dataclass(frozen=True)
class Log:
    """A run's entries on their way into a store."""

    store: Store
    client: Any
    experiment: str
    fingerprint: str
    began: int
    ended: int
    status: str

    @classmethod
    def open(cls, store: Store, run: RunRecord) -> Log:
        """Connect; the entries have the run's own times, by which MLflow sorts them."""
        first, last = (datetime.fromisoformat(each.began).timestamp() for each in (run.segments[0], run.segments[-1]))
        times = (int(first * 1000), int((last + run.segments[-1].wall_s) * 1000))
        client, experiment = _connect(store)
        return cls(store, client, experiment, fingerprint(run), *times, "FINISHED" if run.finished else "KILLED")

    def create(self, entry: Entry, parent: str | None = None, behind: int = 0) -> str:
        """Log all of an entry but that it has ended, and return MLflow's id of it; `behind` is how many come behind it."""
        from mlflow.entities import Metric, Param  # noqa: PLC0415 - it takes seconds

        tags = dict(entry.tags) | ({"mlflow.parentRunId": parent} if parent else {})
        # MLflow lists the youngest first, and runs of one age at random. Seconds are all that is known of when a run began.
        began = self.began + min(behind, 999)
        created = self.client.create_run(self.experiment, began, fitting(tags, TAG_LENGTH), entry.name)
        logged = str(created.info.run_id)
        self.client.log_batch(  # which makes batches of as many as MLflow takes at once
            logged,
            [Metric(point.key, point.value, self.ended, point.step) for point in entry.points],
            [Param(key, value) for key, value in fitting(entry.params, PARAM_LENGTH).items()],
        )
        for name, document in entry.documents.items():
            self.client.log_text(logged, json.dumps(document, indent=1), name)
        return logged

    def end(self, entry: str) -> None:
        """Say that an entry is complete; one that is not stays `running`."""
        self.client.set_terminated(entry, self.status, self.ended)

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
        for earlier in [entry for entry in self._all() if entry not in logged]:
            self.client.delete_run(earlier)
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

    # A new database takes a while to be made. A server has as long as a request may take, including the look-up of the name.
    return connect() if store.file else within(float(os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"]), connect)


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
