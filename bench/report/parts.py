"""The parts of a merged run, in words: each was measured by itself, perhaps on another machine."""

from __future__ import annotations

from bench.store.records import RunRecord


def said(part: RunRecord) -> str:
    """Return what a part is, when it was measured and on what, in one line."""
    host, began = part.host, part.segments[0].began if part.segments else "no time"
    machine = f"{host.name} ({host.cpu}, {host.cores} cores, {host.memory_gb} GB, Python {host.python})"
    state = f"{', with changes that no commit has' if part.git.dirty else ''}{'' if part.finished else ', not finished'}"
    asked = f"suite {part.suite['name']}, seed {part.seed}, width {part.width}, {part.trials_planned} runs planned"
    return f"part {part.id}: {asked}, from {began}, on {machine}{state}"
