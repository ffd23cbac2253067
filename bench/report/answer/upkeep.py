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
from bench.scenarios.kit.observation import PIPELINE
from bench.store.rows import Code, ReadyEngine

ABOUT: Final = 1.1
"""Two counts of lines within a tenth are about the same: style alone makes such a difference."""


def least_to_look_after(facts: Facts) -> Card:
    """Say which tools take the least code, and the fewest services."""
    need = "The least code, and the fewest services to look after"
    code = {row.orchestrator: row for row in facts.results.code if row.scenario == PIPELINE}
    engines = {
        row.setup.orchestrator: row
        for row in facts.results.engines
        if row.setup.tier == "service" and row.setup.profile == "stock" and row.setup.default and row.services is not None
    }
    tools = [name for name in facts.orchestrators if name != REFERENCE]
    lines = {tool: code[tool].lines for tool in tools if tool in code}
    services = {tool: engines[tool].needed or 0 for tool in tools if tool in engines}
    leaders: dict[str, list[str]] = {}
    because: list[Sentence] = []
    if len(lines) > 1:
        leaders["code"] = _fewest(lines, facts.tools, ABOUT)
        written = [
            (f"{facts.tools.name(tool)} ", prose.lines(code[tool]), " lines")
            for tool in sorted(lines, key=lines.__getitem__)
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
                prose.lines(code[REFERENCE]),
                " lines",
                ", ",
                needed,
                " services.",
            )
        )
    rows = [_upkeep_row(facts.tools.name(tool), code.get(tool), engines.get(tool)) for tool in facts.orchestrators]
    heading = ("", "lines of code", "services", "memory of all that run, idle")
    return Card(need, picks(leaders), because, (), heading, rows, "engines")


def _fewest(counts: Mapping[str, int], tools: Tools, about: float = 1.0) -> list[str]:
    least = min(counts.values())
    return [tools.name(tool) for tool, count in counts.items() if count <= least * about]


def _services(row: ReadyEngine) -> tuple[Number, str]:
    """Return how many services a user of the tool needs, and which others run by our choice."""
    besides = f", and {conjoined(row.by_choice)} by our choice" if row.by_choice else ""
    return prose.engine(row, "needed", str(row.needed)), besides


def _kept_running(row: ReadyEngine, tools: Tools) -> tuple[Part, ...]:
    number, besides = _services(row)
    names = [name for name in row.names or () if name not in row.by_choice]
    return (f"{tools.name(row.setup.orchestrator)} ", number, f" ({', '.join(names)})" if names else "", besides)


def _upkeep_row(name: str, code: Code | None, engine: ReadyEngine | None) -> list[Sentence]:
    none = Sentence.of("-")
    lines = Sentence.of(prose.lines(code), " lines") if code else none
    services = Sentence.of(*_services(engine)) if engine else none
    pss = engine.idle_pss_mb if engine else None
    memory = Sentence.of(prose.engine(engine, "idle_pss_mb", f"{pss:.0f} MB")) if engine and pss is not None else none
    return [Sentence.of(name), lines, services, memory]
