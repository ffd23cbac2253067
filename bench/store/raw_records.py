"""The raw records of a run: written as the run goes on, and read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import msgspec

from bench.base.files import MB
from bench.base.problem import Problem
from bench.store import earlier
from bench.store.crosscheck import check_run
from bench.store.documents import decoded, pretty, read_from
from bench.store.place import Place
from bench.store.records import READABLE, ObservationRecord, RunRecord, StartRecord, TrialRecord

Record = TypeVar("Record", TrialRecord, StartRecord, ObservationRecord)

LOG_KEPT = 200_000
"""Bytes that a run keeps of each log file of a tool."""

MOST_OF_RUN: Final = 16 * MB
"""How large run.json may be."""

MOST_OF_RECORD: Final = 4 * MB
"""How large the record of a trial, of an engine start or of an observation may be."""

MOST_OF_DATA: Final = 1000 * MB
"""How large the copy of the reader's customers may be; the pipelines read no more."""

MOST_OF_DOCUMENT: Final = 64 * MB
"""How large a document may be that is handed on as it is."""


class RawRecords(Place):
    """What a run has left, and what it adds."""

    # Written as the run goes on ----------------------------------------------------------------------------------------

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

    def data(self, file: Path) -> Path:
        """Return where the run keeps a copy of the reader's customers."""
        return self.path.resolve() / self._files.path(f"data/{file.name}").relative_to(self.path)

    def keep_data(self, file: Path) -> None:
        """Make that copy, so that the run can be resumed whatever becomes of the file; nobody else may read it."""
        self.keep_private()
        self._files.copy(file, f"data/{file.name}", 0o600)

    def write_record(self, name: str, record: msgspec.Struct) -> None:
        """Write a record of a part of a merged run."""
        self._files.make(name.rpartition("/")[0])
        self._write(name, pretty(record))

    def take(self, name: str, source: Self, original: str) -> None:
        """Write a file that holds the same as one of another run, which may be a stranger's."""
        self._files.make(name.rpartition("/")[0])
        self._files.write(name, source._files.read(original, MOST_OF_DOCUMENT))

    # Read back ---------------------------------------------------------------------------------------------------------

    def run(self) -> RunRecord:
        """Read run.json."""
        if self.path.is_file():
            raise Problem(f"{self.path} is a file; give the folder of a run")
        if not self.holds_run():
            raise Problem(f"{self.path} is not the folder of a run: there is no run.json in it")
        path = self.path / "run.json"
        with read_from(path):
            document = decoded(self._files.read("run.json", MOST_OF_RUN))
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

    def logs(self) -> list[str]:
        """Return the names of the ends of the tools' own logs, as the engine starts have left them."""
        starts = self._in_folders("starts", "start.json")
        return [name for start in starts for name in self._files.below(f"starts/{start}/logs")]

    def raw_files(self, *, without_data: bool = False) -> list[str]:
        """Return the names of the files from which, together with run.json, all else can be derived again.

        What the pipelines computed of each customer is none of them; without data, neither is what a tool printed meanwhile.
        """
        trials = [name for name in self._files.below("trials") if _is_raw(name, without_data=without_data)]
        starts = self._in_folders("starts", "start.json").values()
        return sorted([*trials, *starts, *self._files.below("observations"), *self._files.below("code")])

    def file(self, name: str) -> Path:
        """Return the path of a file of the run, for those who hand it on."""
        return self._files.file(name, MOST_OF_DOCUMENT)


def _is_raw(name: str, *, without_data: bool) -> bool:
    """Whether a file of a trial is one of the records that the results are derived from, or what a tool printed."""
    file = name.rpartition("/")[2]
    return file == "trial.json" or file.endswith(".jsonl") or (file == "adapter.log" and not without_data)
