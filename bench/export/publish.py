"""The results of a run, derived from its raw records and written beside them."""

from __future__ import annotations

from dataclasses import replace

from bench.derive import excerpts, results
from bench.derive.results import Results
from bench.events import timeline
from bench.export import pytest_benchmark
from bench.store.folder import RunFolder
from bench.store.records import RunRecord


def publish(folder: RunFolder, record: RunRecord, target: RunFolder | None = None) -> Results:
    """Derive everything from the raw records, and write the result files, with the provenance beside them."""
    starts = folder.starts()
    for start in starts:
        record.versions[start.setup.orchestrator] = start.versions
        record.settings[start.setup.settings_of] = start.settings
    derived = results.derive(record, folder.trials(), starts, lambda trial: timeline.read(folder.events(trial)))
    derived = replace(derived, code=excerpts.counted(folder, record))
    place = target or folder
    place.write_results(derived.document(record.id), derived.samples, pytest_benchmark.document(record, derived.samples))
    place.write_run(record)
    return derived
