"""Draws as readers meet them: in parentheses, because chance decides them."""

from __future__ import annotations

from typing import Final

from bench.derive.draws import Draws
from bench.report import prose
from bench.report.prose import Number, Sentence
from bench.store.rows import Estimate

NOTE: Final = (
    "A number in parentheses is a draw. The engine looks for new runs from time to time, and chance decides how long a run"
    " waits for the next look. So it makes no tool faster than another."
)
"""What a table says that has such numbers."""


def drawn(draws: Draws, row: Estimate, *, own: bool = False) -> Sentence | None:
    """Return an estimate that is a draw: a wait as all runs of the scenario have it, unless `own`; any other as seen."""
    if not draws.has(row):
        return None
    whole = draws.whole(row)
    if whole and not own:
        return Sentence.of("(", *prose.waiting(whole), ")")
    return Sentence.of("(", prose.median(row), ", n=", Number(str(row.n), row.n, "estimates", row.key, "n"), ")")
