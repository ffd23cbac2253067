"""The results of a run, derived from its raw records and written beside them."""

from __future__ import annotations

from dataclasses import replace

from bench.derive import excerpts, results
from bench.derive.results import Results
from bench.events import timeline
from bench.export import pytest_benchmark
from bench.plan.tools import discover
from bench.store.folder import RunFolder
from bench.store.records import RunRecord


def publish(folder: RunFolder, record: RunRecord, target: RunFolder | None = None) -> Results:
    """Derive everything from the raw records, and write the result files, with the provenance beside them."""
    _complete(record)
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


def _complete(record: RunRecord) -> None:
    """Tell of a run what its record could not say yet: what of it is our choice, by the implementations as they are now."""
    if not record.by_choice:
        known = [each for name, each in discover().items() if name in record.orchestrators]
        record.by_choice = {each.name: each.by_choice for each in known}
        record.styles = {each.name: each.style for each in known}
