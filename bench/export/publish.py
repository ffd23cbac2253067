"""The results of a run, derived from the raw records and written beside them."""

from __future__ import annotations

from bench.derive import excerpts, results
from bench.derive.measured import measured_parts
from bench.derive.results import Findings
from bench.export.formats import FORMATS
from bench.store.folder import RunFolder
from bench.store.records import RunRecord


def publish(folder: RunFolder, record: RunRecord, target: RunFolder | None = None) -> Findings:
    """Derive everything from the raw records, and write the result files, with the provenance beside them."""
    parts = measured_parts(folder, record)
    for part in parts:
        widths = {trial.record.start: trial.record.width for trial in part.trials}
        # The settings of the usual width come last, and stay: a width of the tool's own is one block's question.
        for start in sorted(part.starts, key=lambda each: widths.get(each.id) in {None, part.record.width}):
            part.record.versions[start.setup.orchestrator] = start.versions
            part.record.settings[start.setup.settings_of] = start.settings
    findings = results.derive_parts(record.id, parts, excerpts.counted(folder, record))
    place = target or folder
    place.write_results(findings.results, findings.samples)
    for each in FORMATS:
        place.write_document(each.file, each.document(record, findings.samples))
    place.write_run(record)
    return findings
