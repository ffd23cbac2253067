"""The run folder. This module, `place`, `raw_records` and `sources` alone know its files; `finding` looks for two of them.

They touch them through `bench.base.files`.
"""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench.base.cells import from_cell, to_cell
from bench.base.files import MB
from bench.base.problem import Problem
from bench.store import earlier
from bench.store.crosscheck import check_results
from bench.store.documents import GREATEST, decoded, pretty, read_from
from bench.store.place import DOCUMENTS
from bench.store.raw_records import RawRecords
from bench.store.rows import Results, Sample, flat, row_of
from bench.store.sources import Sources

ARTIFACTS: Final = "mlflow/orchbench-artifacts"
"""Where the run's MLflow store has the files of the run's own entries: a folder for each entry, by MLflow's id."""

MOST_OF_DERIVED: Final = 32 * MB
"""How large results.json and samples.csv may be. In memory they take up to 25 times as much.

A run of 10,000 trials has a third of it.
"""


class RunFolder(RawRecords):
    """A run on disk: its raw records, the sources that it measured, and what is derived from them, any number of times."""

    @property
    def sources(self) -> Sources:
        """The sources that it has kept."""
        return Sources(self._files)

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

    def results(self) -> Results:
        """Read results.json."""
        content = self._derived("results.json")
        run = self.run()
        with read_from(self.path / "results.json", self._made_anew):
            results = Results.of(earlier.results(decoded(content)))
            check_results(run, results)
        return results

    def documents(self, more: Sequence[str]) -> list[str]:
        """Return the names of the files that people and programs read of the run, those of the charts too."""
        return [name for name in (*DOCUMENTS, *more) if self._files.is_file(name)] + list(self._files.below("charts"))

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

    def _derived(self, name: str) -> bytes:
        if not self._files.is_file(name):
            self.run()  # says so, where it is no run at all
            raise Problem(f"{self.path} has no {name}; {self._made_anew}")
        return self._files.read(name, MOST_OF_DERIVED)

    @property
    def _made_anew(self) -> str:
        if not self._files.is_folder("trials"):
            return "it cannot be made anew, for the raw data are missing (trials/)"
        return f"`orchbench report {self.path}` makes it from the raw data"


def _sample(row: Mapping[str, str | None]) -> Sample:
    """Return a row of samples.csv as it was before it was written."""
    sample = row_of(Sample, earlier.row({key: from_cell(cell) for key, cell in row.items()}), strict=False)
    if sample.value is not None and not -GREATEST <= sample.value <= GREATEST:
        raise ValueError(f"`value` of {sample.trial[:100]!r} is no number, or too large")
    return sample
