"""The run folder: the only module that knows the result files. It touches them through `bench.base.files` alone.

A file is written beside the target and then renamed, so that a killed harness leaves nothing half-written.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from bench.base.cells import from_cell, to_cell
from bench.base.files import MB, Files, is_plain
from bench.base.problem import Problem
from bench.store import earlier, traps
from bench.store.crosscheck import check_results, check_run
from bench.store.documents import GREATEST, decoded, pretty, read_from
from bench.store.records import READABLE, ObservationRecord, RunRecord, StartRecord, TrialRecord
from bench.store.rows import Results, Sample, flat, row_of

Record = TypeVar("Record", TrialRecord, StartRecord, ObservationRecord)

SHARED = "shared"
"""The name in code/ of the sources that all tools share."""

DOCUMENTS = ("run.json", "results.json", "samples.csv", "report.html", "summary.md", "charts")
"""What the folder of a run holds beside the raw records, and beside its numbers in the formats of others."""

PRIVATE: Final = ("data", "trials", "starts", "mlflow")
"""Where a run on the reader's own customers leaves copies of them, or what was computed of each of them."""

OURS: Final = (*DOCUMENTS, *PRIVATE, "observations", "code")
"""All that a run writes; what else somebody keeps in the folder is nothing to us."""

ARTIFACTS: Final = "mlflow/orchbench-artifacts"
"""Where the run's MLflow store has the files of the run's own entries: a folder for each entry, by MLflow's id."""

LOG_KEPT = 200_000
"""Bytes that a run keeps of each log file of a tool."""

SPACE_NEEDED = 500_000_000
"""Bytes that any run may need at the peak: the databases and logs of one engine at a time, and all events."""

MOST: Final[Mapping[str, int]] = {"run.json": 16 * MB, "results.json": 32 * MB, "samples.csv": 32 * MB}
"""How large the files may be: in memory they take up to 25 times as much. A run of 10,000 trials has a third of it."""

MOST_OF_RECORD: Final = 4 * MB
"""How large the record of a trial, of an engine start or of an observation may be."""

MOST_OF_SOURCE: Final = 200_000
"""How large a kept source may be that is read: it is parsed."""

MOST_OF_DATA: Final = 1000 * MB
"""How large the copy of the reader's customers may be; the pipelines read no more."""

MOST_OF_DOCUMENT: Final = 64 * MB
"""How large a document may be that is handed on as it is."""


class RunFolder:
    """A run on disk."""

    def __init__(self, path: Path, when_full: str = "finished trials are safe, --resume goes on") -> None:
        """Name it, and say what becomes of it when the disk is full; nothing is touched yet."""
        self.path = path
        self._files = Files(path)
        self._when_full = when_full

    # Raw records, written as the run goes on ---------------------------------------------------------------------------

    def make(self) -> None:
        """Make the folder, or raise when it cannot be written to."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except OSError as error:
            raise Problem(f"{self.path} cannot be written to ({error.strerror}); give another --out") from None

    def make_for_run(self, needed: int) -> None:
        """Make the folder for a new run, which needs so many bytes at the peak; raise where it cannot hold the run."""
        self.check_is_free()
        self.shared  # noqa: B018 - raises, if no database can lie in there
        self.make()
        free = shutil.disk_usage(self.path).free
        if free < needed:
            amounts = f"{free // 10**6} MB are free there, and the run needs {needed // 10**6}"
            raise Problem(f"{self.path}: {amounts}; free some, or give another --out")

    def check_is_free(self) -> None:
        """Raise where there is a run already."""
        if self.holds_run():
            raise Problem(f"{self.path} already holds a run; give another --out, or --resume {self.path}")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second harness out, and refuse a folder with traps; the lock goes with the process, however it ends."""
        handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Problem(
                    f"{self.path}: another orchbench is writing to it; wait for it, or give another --out"
                ) from None
            except OSError as error:  # some network file systems have none
                raise Problem(
                    f"{self.path} is on a file system without locks ({error.strerror}); use a folder on a local disk"
                ) from None
            traps.check(self._files, OURS)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def whole(self) -> Iterator[RunFolder]:
        """Yield a folder that gets this one's name once all is written, and goes without a trace if that fails."""
        place = self.path.resolve()
        around, name = Files(place.parent), f".{place.name}.{secrets.token_hex(8)}"
        try:
            beside = around.make(name)
            yield RunFolder(beside, "nothing is left of it")
            beside.replace(place)
        finally:
            around.remove(name, as_far_as_possible=True)

    def write_run(self, run: RunRecord) -> None:
        """Write run.json."""
        self._write("run.json", pretty(run))

    def new_trial(self, trial: str) -> Path:
        """Return an empty folder for the events of the trial; whatever an interrupted try left there is deleted."""
        return self._new(f"trials/{trial}").resolve()

    def write_trial(self, record: TrialRecord, log: bytes) -> None:
        """Write the log of the trial and then the record, which marks the trial as finished."""
        self._write(f"trials/{record.id}/adapter.log", log)
        self._write(f"trials/{record.id}/trial.json", pretty(record))

    def write_observation(self, record: ObservationRecord) -> None:
        """Write an observation; one that is written already stays as it is."""
        file = f"observations/{record.id}.json"
        if not self._files.is_file(file):
            self._files.make("observations")
            self._write(file, pretty(record))

    @property
    def shared(self) -> Path:
        """The folder of what all trials share, such as the MLflow store of the churn pipelines."""
        path = self.path.resolve()
        if "?" in str(path):
            raise Problem(f"{path}: what stands behind a ? is no part of a database's path; use another folder")
        return path

    def data(self, file: Path) -> Path:
        """Return where the run keeps a copy of the reader's customers."""
        return self.path.resolve() / self._files.path(f"data/{file.name}").relative_to(self.path)

    def keep_data(self, file: Path) -> None:
        """Make that copy, so that the run can be resumed whatever becomes of the file; nobody else may read it."""
        self.keep_private()
        self._files.copy(file, f"data/{file.name}", 0o600)

    def keep_private(self) -> None:
        """Let nobody else into the folders that hold what is computed of the reader's customers."""
        for name in PRIVATE:
            self._files.make(name).chmod(0o700)  # also where the folder was there already

    def keep_code(self, owner: str, source: Path) -> None:
        """Copy the sources of a tool, or those that all tools share, so that a report shows what ran even after an edit."""
        for name, file in _sources(source).items():
            self._files.make(f"code/{owner}/{name}".rpartition("/")[0])
            self._files.copy(file, f"code/{owner}/{name}")

    def kept_code(self) -> dict[str, bytes]:
        """Return all sources that the run has kept, by their names, such as `code/plain/shapes.py`."""
        return {name: self._files.read(name) for name in self._files.below("code")}

    def logs(self) -> list[str]:
        """Return the names of the ends of the tools' own logs, as the engine starts have left them."""
        starts = self._in_folders("starts", "start.json")
        return [name for start in starts for name in self._files.below(f"starts/{start}/logs")]

    def write_record(self, name: str, record: msgspec.Struct) -> None:
        """Write a record of a part of a merged run."""
        self._files.make(name.rpartition("/")[0])
        self._write(name, pretty(record))

    def take(self, name: str, source: RunFolder, original: str) -> None:
        """Write a file that holds the same as one of another run, which may be a stranger's."""
        self._files.make(name.rpartition("/")[0])
        self._files.write(name, source._files.read(original, MOST_OF_DOCUMENT))

    def changed_code(self, owner: str, source: Path) -> list[Path]:
        """Return the sources that are not as the run has kept them: edited, new or gone; none, where it kept nothing."""
        folder = f"code/{owner}"
        kept = {name.removeprefix(f"{folder}/") for name in self._files.below(folder) if name.endswith(".py")}
        now = _sources(source)
        if not kept:
            return []  # a run of an early version
        return [
            source / name
            for name in sorted(kept | now.keys())
            if name not in kept or name not in now or self._files.read(f"{folder}/{name}") != now[name].read_bytes()
        ]

    def new_start(self, start: str) -> Path:
        """Return an empty folder for the engine start."""
        folder = self._new(f"starts/{start}")
        self._files.make(f"starts/{start}/home")
        return folder.resolve()

    def write_start(self, record: StartRecord) -> None:
        """Write the record of an engine start: once the engine is up, and again when it has stopped."""
        self._write(f"starts/{record.id}/start.json", pretty(record))

    def close_start(self, start: str) -> None:
        """Keep the ends of the engine's logs, and delete the databases, which are large and are not read again."""
        home, logs = f"starts/{start}/home", f"starts/{start}/logs"
        with suppress(OSError):  # what an engine has locked away is no reason to lose a run
            for log in self._files.below(f"{home}/engine", skipping=True):
                if log.endswith(".log"):
                    self._files.make(logs)
                    self._write(f"{logs}/{log.rpartition('/')[2]}", self._files.read_end(log, LOG_KEPT))
        self._files.remove(home, as_far_as_possible=True)

    def close_interrupted_starts(self) -> None:
        """Do the same for the engines whose harness was killed."""
        for start in self._files.names("starts"):
            if self._files.is_folder(f"starts/{start}") and self._files.is_folder(f"starts/{start}/home"):
                self.close_start(start)

    def _new(self, folder: str) -> Path:
        self._files.remove(folder)
        return self._files.make(folder)

    # The same records, read back ---------------------------------------------------------------------------------------

    def holds_run(self) -> bool:
        """Whether there is a run.json."""
        return self._files.is_file("run.json")

    def run(self) -> RunRecord:
        """Read run.json."""
        if self.path.is_file():
            raise Problem(f"{self.path} is a file; give the folder of a run")
        if not self.holds_run():
            raise Problem(f"{self.path} is not the folder of a run: there is no run.json in it")
        path = self.path / "run.json"
        with read_from(path):
            document = decoded(self._read("run.json"))
        if (schema := document.get("schema")) not in READABLE:
            readable = ", ".join(map(str, READABLE))
            raise Problem(
                f"{path} has the schema {str(schema)[:20]}, and this orchbench reads {readable};"
                " use the version that wrote the run"
            )
        with read_from(path):
            record = msgspec.convert(earlier.run(document), RunRecord)
            check_run(record)
        return record

    def trials(self) -> list[TrialRecord]:
        """Read the finished trials, in the order in which they ended."""
        trials = self._records("trials", "trial.json", TrialRecord, earlier.trial)
        return sorted(trials, key=lambda trial: trial.number)

    def starts(self) -> list[StartRecord]:
        """Read the starts of the engines that came up, in the order in which they did."""
        starts = self._records("starts", "start.json", StartRecord, earlier.start)
        return sorted(starts, key=lambda start: start.number)

    def observations(self) -> list[ObservationRecord]:
        """Read the observations, in the order of their names; older runs have none."""
        names = [name for name in self._files.names("observations") if name.endswith(".json")]
        return [self._record(f"observations/{name}", name.removesuffix(".json"), ObservationRecord) for name in names]

    def _records(
        self, folder: str, file: str, kind: type[Record], upgrade: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> list[Record]:
        """Read the records of one kind, each of which lies in a folder that has its id as name."""
        return [self._record(name, each, kind, upgrade) for each, name in self._in_folders(folder, file).items()]

    def _in_folders(self, folder: str, file: str) -> Mapping[str, str]:
        """Return the names of a file in the folders of a folder, by the names of those that have it."""
        inside = [each for each in self._files.names(folder) if self._files.is_folder(f"{folder}/{each}")]
        names = {each: f"{folder}/{each}/{file}" for each in inside}
        return {each: name for each, name in names.items() if self._files.is_file(name)}

    def _record(
        self,
        name: str,
        its_id: str,
        kind: type[Record],
        upgrade: Callable[[dict[str, Any]], dict[str, Any]] = lambda document: document,
    ) -> Record:
        path = self.path / name
        with read_from(path, f"delete the folder {path.parent} and --resume"):
            record = msgspec.convert(upgrade(decoded(self._files.read(name, MOST_OF_RECORD))), kind)
            if record.id != its_id:
                raise ValueError(f"`id` is {record.id[:100]!r}")
        return record

    def start_names(self) -> set[str]:
        """Return the names of all engine starts, also of those whose engine never came up."""
        return set(self._files.names("starts"))

    def events(self, trial: str) -> Path:
        """Return the folder of the trial's event files."""
        return self._files.path(f"trials/{trial}")

    def keeps_code(self) -> bool:
        """Whether the run has kept the sources that it measured."""
        return self._files.is_folder("code")

    def code(self, name: str) -> str | None:
        """Return a kept source, such as `plain/shapes.py`, if there is one of that name."""
        # The name comes from a run, perhaps a stranger's; it must not lead to other files of this machine.
        if not all(map(is_plain, name.split("/"))) or not self._files.is_file(f"code/{name}"):
            return None
        return self._files.read(f"code/{name}", MOST_OF_SOURCE).decode(errors="replace")

    # Derived files: written from the records, any number of times ------------------------------------------------------

    def write_results(self, results: Results, samples: Sequence[Sample]) -> None:
        """Write samples.csv and results.json."""
        table = io.StringIO()
        cells = [{key: to_cell(value) for key, value in flat(sample).items()} for sample in samples]
        writer = csv.DictWriter(table, fieldnames=list(cells[0]) if cells else ["trial"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(cells)
        self._write("samples.csv", table.getvalue().encode())
        self._write("results.json", pretty(results.document()))

    def write_document(self, name: str, document: Mapping[str, Any]) -> None:
        """Write what is derived in the format of others."""
        self._write(name, pretty(document))

    def write_page(self, name: str, content: str) -> None:
        """Write a page of the report."""
        self._write(name, content.encode())

    def write_charts(self, charts: Iterable[tuple[str, bytes]]) -> None:
        """Write the charts, by file name, and delete those of an earlier report."""
        beside = f".charts.{secrets.token_hex(8)}"
        try:
            self._files.make(beside)
            for name, content in charts:
                self._files.write(f"{beside}/{name}", content)
            self._files.remove("charts")
            self._files.path(beside).replace(self._files.path("charts"))
        except OSError as error:
            raise Problem(
                f"{self.path / 'charts'} cannot be written ({error.strerror}); nothing of the run is lost"
            ) from None
        finally:
            self._files.remove(beside)

    def samples(self) -> list[Sample]:
        """Read samples.csv."""
        content = self._derived("samples.csv")
        with read_from(self.path / "samples.csv", self._made_anew):
            rows = csv.DictReader(io.StringIO(content.decode(), newline=""))
            return [_sample(row) for row in rows]

    def documents(self, more: Sequence[str]) -> list[str]:
        """Return the names of the files that people and programs read of the run, those of the charts too."""
        return [name for name in (*DOCUMENTS, *more) if self._files.is_file(name)] + list(self._files.below("charts"))

    def raw_files(self, *, without_data: bool = False) -> list[str]:
        """Return the names of the files from which, together with run.json, those documents can be derived again.

        What the pipelines computed of each customer is none of them; without data, neither is what a tool printed meanwhile.
        """
        trials = [name for name in self._files.below("trials") if _is_raw(name, without_data=without_data)]
        starts = self._in_folders("starts", "start.json").values()
        return sorted([*trials, *starts, *self._files.below("observations"), *self._files.below("code")])

    def file(self, name: str) -> Path:
        """Return the path of one of those files, for those who hand it on."""
        return self._files.file(name, MOST_OF_DOCUMENT)

    def keep_artifact(self, entry: str, name: str, source: Path) -> None:
        """Put a file where MLflow would put it, but for its database, which may be a stranger's, having a say in that."""
        target = f"{ARTIFACTS}/{entry}/artifacts/{name}"
        self._files.make(target.rpartition("/")[0])
        self._files.copy(source, target)

    def forget_artifacts(self, all_but: Collection[str]) -> None:
        """Remove the files of all entries but these."""
        for entry in self._files.names(ARTIFACTS):
            if entry not in all_but:
                self._files.remove(f"{ARTIFACTS}/{entry}")

    def results(self) -> Results:
        """Read results.json."""
        content = self._derived("results.json")
        run = self.run()
        with read_from(self.path / "results.json", self._made_anew):
            results = Results.of(earlier.results(decoded(content)))
            check_results(run, results)
        return results

    def _derived(self, name: str) -> bytes:
        if not self._files.is_file(name):
            self.run()  # says so, where it is no run at all
            raise Problem(f"{self.path} has no {name}; {self._made_anew}")
        return self._read(name)

    @property
    def _made_anew(self) -> str:
        if not self._files.is_folder("trials"):
            return "it cannot be made anew, for the raw data are missing (trials/)"
        return f"`orchbench report {self.path}` makes it from the raw data"

    def _read(self, name: str) -> bytes:
        return self._files.read(name, MOST[name])

    def _write(self, name: str, content: bytes) -> None:
        try:
            self._files.write(name, content)
        except OSError as error:
            raise Problem(f"{self.path / name} cannot be written ({error.strerror}); {self._when_full}") from None


def _sources(folder: Path) -> dict[str, Path]:
    """Return the sources below a folder, by their names there."""
    return {str(file.relative_to(folder)): file for file in folder.rglob("*.py")}


def _sample(row: Mapping[str, str | None]) -> Sample:
    """Return a row of samples.csv as it was before it was written."""
    sample = row_of(Sample, earlier.row({key: from_cell(cell) for key, cell in row.items()}), strict=False)
    if sample.value is not None and not -GREATEST <= sample.value <= GREATEST:
        raise ValueError(f"`value` of {sample.trial[:100]!r} is no number, or too large")
    return sample


def _is_raw(name: str, *, without_data: bool) -> bool:
    """Whether a file of a trial is one of the records that the results are derived from, or what a tool printed."""
    file = name.rpartition("/")[2]
    return file == "trial.json" or file.endswith(".jsonl") or (file == "adapter.log" and not without_data)
