"""What the page and the summary of a run both show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.report import answer
from bench.report.facts import Facts
from bench.report.matrix import Line, matrix
from bench.report.sections import Section, sections


@dataclass(frozen=True)
class Contents:
    """The parts of a report, each made once."""

    facts: Facts
    cards: Sequence[answer.Card]
    matrix: Sequence[Line]
    sections: Sequence[Section]

    @classmethod
    def of(cls, facts: Facts) -> Contents:
        """Make every part."""
        made = sections(facts)
        return cls(facts, answer.cards(facts.of_the_answer), matrix(facts, made), made)
