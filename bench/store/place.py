"""The folder of a run, as a place: made, locked, and written to, whatever it holds.

A file is written beside the target and then renamed, so that a killed harness leaves nothing half-written.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from bench.base.files import Files
from bench.base.problem import Problem
from bench.store import traps

DOCUMENTS = ("run.json", "results.json", "samples.csv", "report.html", "summary.md", "charts")
"""What the folder of a run holds beside the raw records, and beside its numbers in the formats of others."""

PRIVATE: Final = ("data", "trials", "starts", "mlflow")
"""Where a run on the reader's own customers leaves copies of them, or what was computed of each of them."""

OURS: Final = (*DOCUMENTS, *PRIVATE, "observations", "code")
"""All that a run writes; what else somebody keeps in the folder is nothing to us."""

SPACE_NEEDED = 500_000_000
"""Bytes that any run may need at the peak: the databases and logs of one engine at a time, and all events."""


class Place:
    """A folder that a run is in, or will be."""

    def __init__(self, path: Path, when_full: str = "finished trials are safe, --resume goes on") -> None:
        """Name it, and say what becomes of it when the disk is full; nothing is touched yet."""
        self.path = path
        self._files = Files(path)
        self._when_full = when_full

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

    def holds_run(self) -> bool:
        """Whether there is a run.json."""
        return self._files.is_file("run.json")

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
    def whole(self) -> Iterator[Self]:
        """Yield a folder that gets this one's name once all is written, and goes without a trace if that fails."""
        place = self.path.resolve()
        around, name = Files(place.parent), f".{place.name}.{secrets.token_hex(8)}"
        try:
            beside = around.make(name)
            yield type(self)(beside, "nothing is left of it")
            beside.replace(place)
        finally:
            around.remove(name, as_far_as_possible=True)

    @property
    def shared(self) -> Path:
        """The folder of what all trials share, such as the MLflow store of the churn pipelines."""
        path = self.path.resolve()
        if "?" in str(path):
            raise Problem(f"{path}: what stands behind a ? is no part of a database's path; use another folder")
        return path

    def keep_private(self) -> None:
        """Let nobody else into the folders that hold what is computed of the reader's customers."""
        for name in PRIVATE:
            self._files.make(name).chmod(0o700)  # also where the folder was there already

    def _new(self, folder: str) -> Path:
        self._files.remove(folder)
        return self._files.make(folder)

    def _write(self, name: str, content: bytes) -> None:
        try:
            self._files.write(name, content)
        except OSError as error:
            raise Problem(f"{self.path / name} cannot be written ({error.strerror}); {self._when_full}") from None
