"""The short form of the report, for pull requests and job summaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from bench.derive.reading import reading
from bench.report import answer, unstable
from bench.report.contents import Contents
from bench.report.draws import NOTE
from bench.report.facts import Facts
from bench.report.markdown import fold, table, text
from bench.report.matrix import Cell, Line
from bench.report.parts import said
from bench.report.sections import Section, Subsection
from bench.store.rows import Estimate

NAMED: Final = 40
"""How many failed checks are named; the page names all of them."""


def summary(contents: Contents) -> str:
    """Return the summary as Markdown."""
    facts = contents.facts
    parts = (
        _head(facts),
        _answer(facts, contents.cards),
        _matrix(facts, contents.matrix),
        _subsections(facts, contents.sections),
        _caveats(facts),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def _head(facts: Facts) -> Iterator[str]:
    run = facts.run
    yield f"# orchbench: {text(run.id)}"
    yield ""
    state = "" if run.finished else " **The run is not finished.**"
    where = ", merged of:" if run.parts else f", on {text(run.host.cpu)}, {text(run.host.cores)} cores."
    yield f"Suite {text(run.suite['name'])}, {text(facts.made)}{where}{state}"
    yield ""
    if run.parts:
        yield from (f"- {text(said(part))}" for part in run.parts)
        yield ""


def _answer(facts: Facts, cards: Sequence[answer.Card]) -> Iterator[str]:
    for card in cards:
        yield f"**{text(card.need)}**: {text(card.pick)}."
        yield ""
        yield from (f"- {text(each)}" for each in (*card.because, *card.at_library_tier))
        yield ""
        yield from _below(card.below) if card.below else ()
    yield f"Not measured here: {text(', '.join(answer.not_measured(facts)))}."
    yield ""


def _below(below: answer.Below) -> Iterator[str]:
    yield f"{text(below.title)}. {' '.join(map(text, below.said))}"
    yield ""
    yield from table([*map(text, below.heading)], [[*map(text, row)] for row in below.rows])


def _matrix(facts: Facts, lines: Sequence[Line]) -> Iterator[str]:
    yield "## All scenarios"
    yield ""
    rows: list[list[str]] = []
    for line in lines:
        cells: list[str] = []
        for cell in line.cells:
            number = _number(facts, cell.row) if cell.row else "-"
            if cell.other:
                number += f" (one lane: {cell.other})"
            if cell.settings:
                number += f", {cell.settings}"
            verdicts = _verdicts(cell)
            cells.append(f"{text(number)}<br>{verdicts}" if verdicts else text(number))
        rows.append([text(f"{line.scenario}, {line.tier}{line.part}"), text(line.number), *cells])
    yield from table(["scenario", "number", *map(text, facts.orchestrators)], rows)


def _verdicts(cell: Cell) -> str:
    counts = {kind: f"{count} {kind}" for kind, count in cell.counts.items() if count}
    if cell.means:
        counts["pass"] += f" ({', '.join(f'{count} {means}' for means, count in cell.means.items())})"
    return ", ".join(counts.values())


def _subsections(facts: Facts, sections: Sequence[Section]) -> Iterator[str]:
    for section in sections:
        for subsection in section.subsections:
            yield from fold(f"{section.name}, {subsection.tier} tier{subsection.part}")
            yield from _numbers(facts, subsection)
            yield "</details>"
            yield ""


def _numbers(facts: Facts, subsection: Subsection) -> Iterator[str]:
    numbers = subsection.table
    heading = [text(f"{column.heading} {column.workload or ''}") for column in numbers.columns]
    rows: list[list[str]] = []
    for setup in numbers.setups:
        cells: list[str] = []
        for column in numbers.columns:
            row = numbers.cell(setup, column)
            if row is None:
                other = numbers.stand_in(setup, column)
                cells.append(text(f"one lane: {other.workload}") if other else "-")
                continue
            spread = "" if facts.draws.has(row) else reading(row).spread
            cells.append(text(_number(facts, row) + (f" [{spread}]" if spread else "")))
        rows.append([text(setup.name), *cells])
    yield from table(["tool", *heading], rows)


def _number(facts: Facts, row: Estimate) -> str:
    if draw := facts.draw(row):
        return str(draw)
    read = reading(row)
    return read.text + (" ~" if row.unstable and read.kind == "value" else "")


def _caveats(facts: Facts) -> Iterator[str]:
    counts = Counter(row.verdict for row in facts.results.checks)
    yield text(f"A number with ~ is unstable. {unstable.counts(facts.results.estimates)}")
    yield ""
    if any(map(facts.draws.has, facts.results.estimates)):
        yield text(NOTE)
        yield ""
    yield f"Checks: {counts['pass']} passed, {counts['fail']} failed, {counts['unsupported']} unsupported."
    yield ""
    for remark in facts.results.machine:
        yield f"The machine: {text(remark)}."
        yield ""
    failed = [row for row in facts.results.checks if row.verdict == "fail"]
    for row in failed[:NAMED]:
        where = f"{row.setup.name} ({row.scenario}, {row.setup.tier}{facts.told(row.setup, row.scenario)})"
        yield f"- {text(where)}, {text(row.check.replace('_', ' '))}: {text(row.because)}"
    if len(failed) > NAMED:
        yield f"- and {len(failed) - NAMED} more"
