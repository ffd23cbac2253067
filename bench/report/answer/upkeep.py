"""Upkeep: the least code to write, and the fewest services to look after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bench.plan.tools import REFERENCE
from bench.report import prose
from bench.report.answer.card import NOT_MEASURED, Card, conjoined, picks
from bench.report.facts import Facts
from bench.report.prose import Number, Part, Sentence
from bench.report.tools import Tools
from bench.scenarios.kit.observation import PIPELINE, pipeline_in
from bench.store.rows import Code, ReadyEngine

ABOUT: Final = 1.1
"""Two counts of lines within a tenth are about the same: style alone makes such a difference."""

USUAL: Final = ""
"""The style of the usual deployment, which has no name."""

Styles = Mapping[str, Code]
"""The code of a tool's pipelines by style, the usual one first."""


def least_to_look_after(facts: Facts) -> Card:
    """Say which tools take the least code, and the fewest services."""
    need = "The least code, and the fewest services to look after"
    code = {tool: styles for tool in facts.orchestrators if (styles := _styles(facts, tool))}
    engines = {
        row.setup.orchestrator: row
        for row in facts.results.engines
        if row.setup.tier == "service" and row.setup.profile == "stock" and row.setup.default and row.services is not None
    }
    tools = [name for name in facts.orchestrators if name != REFERENCE]
    lines = {tool: code[tool] for tool in tools if tool in code}
    services = {tool: engines[tool].needed or 0 for tool in tools if tool in engines}
    leaders: dict[str, list[str]] = {}
    because: list[Sentence] = []
    if len(lines) > 1:
        leaders["code"] = _shortest(lines, facts.tools)
        written = [
            (f"{facts.tools.name(tool)} ", *_written(lines[tool]))
            for tool in sorted(lines, key=lambda tool: lines[tool][USUAL].lines)
        ]
        lead = "A training and an inference that come to the same results, on code that all share: "
        because.append(Sentence.of(lead, *prose.listed(written), "."))
    if len(services) > 1:
        leaders["services"] = _fewest(services, facts.tools)
        kept = [_kept_running(engines[tool], facts.tools) for tool in sorted(services, key=services.__getitem__)]
        because.append(Sentence.of("To be kept running, as deployed here on SQLite: ", *prose.listed(kept), "."))
    if not leaders:
        return Card(need, NOT_MEASURED)
    if REFERENCE in code and REFERENCE in engines:
        reference = facts.tools.name(REFERENCE)
        needed = prose.engine(engines[REFERENCE], "needed", str(engines[REFERENCE].needed))
        because.append(
            Sentence.of(
                f"{reference[:1].upper()}{reference[1:]} beside them: ",
                *_written(code[REFERENCE]),
                ", ",
                needed,
                " services.",
            )
        )
    rows = [_upkeep_row(facts.tools.name(tool), code.get(tool), engines.get(tool)) for tool in facts.orchestrators]
    heading = ("", "lines of code", "services", "memory of all that run, idle")
    return Card(need, picks(leaders), because, (), heading, rows, "engines")


def _styles(facts: Facts, tool: str) -> Styles:
    """Return the code of a tool's pipelines in each style in which they are written; none without the usual one."""
    parts = {PIPELINE: USUAL, **{pipeline_in(style): style for style in facts.run.about(tool).styles}}
    own = {row.scenario: row for row in facts.results.code if row.orchestrator == tool}
    return {style: own[part] for part, style in parts.items() if part in own} if PIPELINE in own else {}


def _written(styles: Styles) -> tuple[Part, ...]:
    """Say how many lines there are, in each style."""
    usual, *others = ((style, prose.lines(row)) for style, row in styles.items())
    return (usual[1], " lines", *(part for style, lines in others for part in (f" (in the style {style} ", lines, ")")))


def _shortest(code: Mapping[str, Styles], tools: Tools) -> list[str]:
    """Name the tools with the least code, and in which style where another one of theirs has more."""
    most = min(row.lines for styles in code.values() for row in styles.values()) * ABOUT
    named = []
    for tool, styles in code.items():
        few = [style or "usual" for style, row in styles.items() if row.lines <= most]
        only = f" (in the style {conjoined(few)})" if len(few) < len(styles) else ""
        named += [f"{tools.name(tool)}{only}"] if few else []
    return named


def _fewest(counts: Mapping[str, int], tools: Tools) -> list[str]:
    least = min(counts.values())
    return [tools.name(tool) for tool, count in counts.items() if count == least]


def _services(row: ReadyEngine) -> tuple[Number, str]:
    """Return how many services a user of the tool needs, and which others run by our choice."""
    besides = f", and {conjoined(row.by_choice)} by our choice" if row.by_choice else ""
    return prose.engine(row, "needed", str(row.needed)), besides


def _kept_running(row: ReadyEngine, tools: Tools) -> tuple[Part, ...]:
    number, besides = _services(row)
    names = [name for name in row.names or () if name not in row.by_choice]
    return (f"{tools.name(row.setup.orchestrator)} ", number, f" ({', '.join(names)})" if names else "", besides)


def _upkeep_row(name: str, code: Styles | None, engine: ReadyEngine | None) -> list[Sentence]:
    none = Sentence.of("-")
    lines = Sentence.of(*_written(code)) if code else none
    services = Sentence.of(*_services(engine)) if engine else none
    pss = engine.idle_pss_mb if engine else None
    memory = Sentence.of(prose.engine(engine, "idle_pss_mb", f"{pss:.0f} MB")) if engine and pss is not None else none
    return [Sentence.of(name), lines, services, memory]
