"""The run folder: the only module that reads and writes result files.

A file is written beside the target and then renamed, so that a killed harness leaves nothing half-written.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bench.base.problem import Problem
from bench.store import earlier
from bench.store.records import READABLE, ObservationRecord, RunRecord, StartRecord, TrialRecord
from bench.store.rows import Results, Sample, flat, row_of

Record = TypeVar("Record")

SHARED = "shared"
"""The name in code/ of the sources that all tools share."""

DOCUMENTS = ("run.json", "results.json", "samples.csv", "pytest-benchmark.json", "report.html", "summary.md", "charts")
"""What the folder of a run holds beside the raw records."""

LOG_KEPT = 200_000
"""Bytes that a run keeps of each log file of a tool."""

SPACE_NEEDED = 500_000_000
"""Bytes that a run may need at the peak: the databases and logs of one engine at a time, and all events."""


class RunFolder:
    """A run on disk."""

    def __init__(self, path: Path) -> None:
        """Name it; nothing is touched yet."""
        self.path = path

    # Raw records, written as the run goes on ---------------------------------------------------------------------------

    def make(self) -> None:
        """Make the folder, or raise when it cannot be written to."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            probe = self.path / ".probe"
            probe.write_bytes(b"x")
            probe.unlink()
        except OSError as error:
            raise Problem(f"{self.path} cannot be written to ({error.strerror}); give another --out") from None

    def make_for_run(self, left_bytes: int = 0) -> None:
        """Make the folder for a new run, whose trials leave so many bytes; raise where it cannot hold the run."""
        if self.holds_run():
            raise Problem(f"{self.path} already holds a run; give another --out, or --resume {self.path}")
        self.make()
        needed = SPACE_NEEDED + left_bytes
        free = shutil.disk_usage(self.path).free
        if free < needed:
            amounts = f"{free // 10**6} MB are free there, and the run needs {needed // 10**6}"
            raise Problem(f"{self.path}: {amounts}; free some, or give another --out")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second harness out; the lock goes with the process, however it ends."""
        handle = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem(f"{self.path}: another orchbench is writing to it; wait for it, or give another --out") from None
        try:
            yield
        finally:
            os.close(handle)

    def write_run(self, run: RunRecord) -> None:
        """Write run.json."""
        self._write("run.json", _pretty(run))

    def new_trial(self, trial: str) -> Path:
        """Return an empty folder for the events of the trial; whatever an interrupted try left there is deleted."""
        folder = self.path / "trials" / trial
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder.resolve()

    def write_trial(self, record: TrialRecord, log: bytes) -> None:
        """Write the log of the trial and then the record, which marks the trial as finished."""
        (self.path / "trials" / record.id / "adapter.log").write_bytes(log)
        self._write(f"trials/{record.id}/trial.json", _pretty(record))

    def write_observation(self, record: ObservationRecord) -> None:
        """Write an observation; one that is written already stays as it is."""
        file = f"observations/{record.id}.json"
        if not (self.path / file).exists():
            (self.path / "observations").mkdir(exist_ok=True)
            self._write(file, _pretty(record))

    @property
    def shared(self) -> Path:
        """The folder of what all trials share, such as the MLflow store of the churn pipelines."""
        return self.path.resolve()

    def data(self, file: Path) -> Path:
        """Return where the run keeps a copy of the reader's customers."""
        return self.path.resolve() / "data" / file.name

    def keep_data(self, file: Path) -> None:
        """Make that copy, so that the run can be resumed whatever becomes of the file."""
        self.data(file).parent.mkdir(exist_ok=True)
        shutil.copyfile(file, self.data(file))

    def keep_code(self, owner: str, source: Path) -> None:
        """Copy the sources of a tool, or those that all tools share, so that a report shows what ran even after an edit."""
        for name, file in _sources(source).items():
            copy = self._code / owner / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)

    def changed_code(self, owner: str, source: Path) -> list[Path]:
        """Return the sources that are not as the run has kept them: edited, new or gone; none, where it kept nothing."""
        kept, now = _sources(self._code / owner), _sources(source)
        if not kept:
            return []  # a run of an early version
        return [
            source / name
            for name in sorted(kept.keys() | now.keys())
            if name not in kept or name not in now or kept[name].read_bytes() != now[name].read_bytes()
        ]

    def new_start(self, start: str) -> Path:
        """Return an empty folder for the engine start."""
        folder = self.path / "starts" / start
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "home").mkdir(parents=True)
        return folder.resolve()

    def write_start(self, record: StartRecord) -> None:
        """Write the record of an engine start: once the engine is up, and again when it has stopped."""
        self._write(f"starts/{record.id}/start.json", _pretty(record))

    def close_start(self, start: str) -> None:
        """Keep the ends of the engine's logs, and delete the databases, which are large and are not read again."""
        home = self.path / "starts" / start / "home"
        logs = home.parent / "logs"
        for log in home.glob("engine/**/*.log"):
            logs.mkdir(exist_ok=True)
            with log.open("rb") as file:
                file.seek(max(0, log.stat().st_size - LOG_KEPT))
                (logs / log.name).write_bytes(file.read())
        shutil.rmtree(home, ignore_errors=True)

    def close_interrupted_starts(self) -> None:
        """Do the same for the engines whose harness was killed."""
        for home in self.path.glob("starts/*/home"):
            self.close_start(home.parent.name)

    # The same records, read back ---------------------------------------------------------------------------------------

    def _run_document(self) -> dict[str, Any]:
        path = self.path / "run.json"
        if not path.is_file():
            raise Problem(f"{self.path} is not the folder of a run: there is no run.json in it")
        try:
            document: dict[str, Any] = msgspec.json.decode(path.read_bytes())
            schema = document.get("schema")
        except (msgspec.DecodeError, AttributeError) as error:
            raise Problem(f"{path} cannot be read: {error}") from None
        if schema not in READABLE:
            readable = ", ".join(map(str, READABLE))
            raise Problem(
                f"{path} has the schema {schema}, and this orchbench reads {readable}; use the version that wrote the run"
            )
        return document

    def holds_run(self) -> bool:
        """Whether there is a run.json."""
        return (self.path / "run.json").exists()

    def run(self) -> RunRecord:
        """Read run.json."""
        try:
            return msgspec.convert(earlier.run(self._run_document()), RunRecord)
        except msgspec.ValidationError as error:
            raise Problem(f"{self.path / 'run.json'} cannot be read: {error}") from None

    def trials(self) -> list[TrialRecord]:
        """Read the finished trials, in the order in which they ended."""
        trials = [_read(path, TrialRecord, earlier.trial) for path in sorted(self.path.glob("trials/*/trial.json"))]
        return sorted(trials, key=lambda trial: trial.number)

    def starts(self) -> list[StartRecord]:
        """Read the starts of the engines that came up, in the order in which they did."""
        starts = [_read(path, StartRecord, earlier.start) for path in sorted(self.path.glob("starts/*/start.json"))]
        return sorted(starts, key=lambda start: start.number)

    def observations(self) -> list[ObservationRecord]:
        """Read the observations, in the order of their names; older runs have none."""
        return [_read(path, ObservationRecord, dict) for path in sorted(self.path.glob("observations/*.json"))]

    def start_names(self) -> set[str]:
        """Return the names of all engine starts, also of those whose engine never came up."""
        return {path.name for path in self.path.glob("starts/*")}

    def events(self, trial: str) -> Path:
        """Return the folder of the trial's event files."""
        return self.path / "trials" / trial

    def keeps_code(self) -> bool:
        """Whether the run has kept the sources that it measured."""
        return self._code.is_dir()

    def code(self, name: str) -> str | None:
        """Return a kept source, such as `plain/shapes.py`, if there is one of that name."""
        file = (self._code / name).resolve()
        # The name comes from a run, perhaps a stranger's; it must not lead to other files of this machine.
        if not file.is_relative_to(self._code.resolve()) or not file.is_file():
            return None
        return file.read_text(errors="replace")

    @property
    def _code(self) -> Path:
        return self.path / "code"

    # Derived files: written from the records, any number of times ------------------------------------------------------

    def write_results(self, results: Results, samples: Sequence[Sample]) -> None:
        """Write samples.csv and results.json."""
        table = io.StringIO()
        cells = [{key: _cell(value) for key, value in flat(sample).items()} for sample in samples]
        writer = csv.DictWriter(table, fieldnames=list(cells[0]) if cells else ["trial"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(cells)
        self._write("samples.csv", table.getvalue().encode())
        self._write("results.json", _pretty(results.document()))

    def write_pytest_benchmark(self, document: Mapping[str, Any]) -> None:
        """Write pytest-benchmark.json."""
        self._write("pytest-benchmark.json", _pretty(document))

    def write_page(self, name: str, content: str) -> None:
        """Write a page of the report."""
        self._write(name, content.encode())

    def write_charts(self, charts: Iterable[tuple[str, bytes]]) -> None:
        """Write the charts, by file name, and delete those of an earlier report."""
        beside = self.path / ".charts.new"
        shutil.rmtree(beside, ignore_errors=True)
        try:
            beside.mkdir()
            for name, content in charts:
                (beside / name).write_bytes(content)
            shutil.rmtree(self.path / "charts", ignore_errors=True)
            beside.replace(self.path / "charts")
        except OSError as error:
            shutil.rmtree(beside, ignore_errors=True)
            raise Problem(
                f"{self.path / 'charts'} cannot be written ({error.strerror}); nothing of the run is lost"
            ) from None

    def samples(self) -> list[Sample]:
        """Read samples.csv."""
        path = self.path / "samples.csv"
        if not path.is_file():
            raise Problem(f"{self.path} has no samples.csv; `orchbench report {self.path}` makes it from the raw data")
        with path.open(newline="") as file:
            rows = [{key: cell or None for key, cell in row.items()} for row in csv.DictReader(file)]
        return [row_of(Sample, earlier.row(row), strict=False) for row in rows]

    def documents(self) -> list[Path]:
        """Return what people and programs read of the run: the files that there are, and the folder of the charts."""
        return [path for name in DOCUMENTS if (path := self.path / name).exists()]

    def raw_files(self) -> list[Path]:
        """Return the files from which, together with run.json, those documents can be derived again."""
        raw = ("trials/**/*", "starts/*/start.json", "observations/*.json", "code/**/*")
        return sorted(path for pattern in raw for path in self.path.glob(pattern) if path.is_file())

    def results(self) -> Results:
        """Read results.json."""
        path = self.path / "results.json"
        if not path.is_file():
            self._run_document()  # says so where it is no run at all
            raise Problem(f"{self.path} has no results.json; `orchbench report {self.path}` makes it from the raw data")
        try:
            return Results.of(earlier.results(msgspec.json.decode(path.read_bytes())))
        except (msgspec.DecodeError, KeyError, AttributeError, TypeError) as error:
            raise Problem(f"{path} cannot be read ({error}); `orchbench report {self.path}` makes it anew") from None

    def _write(self, name: str, content: bytes) -> None:
        target = self.path / name
        beside = target.with_name(f".{target.name}.new")
        try:
            beside.write_bytes(content)
            beside.replace(target)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise Problem(
                f"{target} cannot be written ({error.strerror}); finished trials are safe, --resume goes on"
            ) from None


def _sources(folder: Path) -> dict[str, Path]:
    """Return the sources below a folder, by their names there."""
    return {str(file.relative_to(folder)): file for file in folder.rglob("*.py")}


def _cell(value: Any) -> Any:
    """Return a value as a cell of a table has it: a boolean is 1 or 0, and nothing is an empty cell."""
    return int(value) if isinstance(value, bool) else value


def _pretty(record: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"


def _read(path: Path, kind: type[Record], upgrade: Callable[[dict[str, Any]], dict[str, Any]]) -> Record:
    try:
        return msgspec.convert(upgrade(msgspec.json.decode(path.read_bytes())), kind)
    except (msgspec.DecodeError, KeyError, AttributeError) as error:  # no JSON, or of another form
        raise Problem(f"{path} cannot be read ({error}); delete the folder {path.parent} and --resume") from None
