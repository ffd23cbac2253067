"""The names and the looks of tools in a report: as their folders had them when the runs were made, not as they are today."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import cycle
from typing import Final

from markupsafe import Markup

from bench.plan.about import About, Colour
from bench.report.charts import theme
from bench.report.charts.theme import Look
from bench.store.records import RunRecord
from bench.store.rows import Estimate

_FREE: Final = (
    Look(Colour("#0d7a72", "#5ed0c6"), "cross"),
    Look(Colour("#a01f5c", "#ff8fc0"), "wedge"),
    Look(Colour("#7d5a00", "#e3bd55"), "pentagon"),
    Look(Colour("#3f6b1c", "#a4d977"), "plus"),
)
"""Colours and markers for tools without their own, in turn."""


class Tools:
    """The tools of one or several runs; where two runs say different things about a tool, the last one counts."""

    def __init__(self, *runs: RunRecord) -> None:
        """Read what the runs say about their tools."""
        names = dict.fromkeys(name for run in runs for name in run.orchestrators)
        self._about = {name: About() for name in names} | {name: each for run in runs for name, each in run.tools.items()}

    def name(self, tool: str) -> str:
        """Return the name of a tool in a sentence."""
        about = self._about.get(tool, About())
        return about.called or about.title or tool

    def remark(self, row: Estimate) -> str | None:
        """Return what the folder says about a number: in its settings, of its deployment, or of all deployments."""
        setup, about = row.setup, self._about.get(row.setup.orchestrator, About())
        ways = (f"{setup.deployment}.{setup.profile}.", f"{setup.deployment}.", "")
        names = (f"{way}{row.metric}" for way in ways)
        remark = next((about.remarks[name] for name in names if name in about.remarks), None)
        return f"{setup.name}: {remark}." if remark else None

    def look(self, tool: str) -> Look:
        """Return the look of the marks of a tool."""
        return self._looks.get(tool, _FREE[-1])

    @property
    def style(self) -> Markup:
        """The style rules with the colours of the tools, light and dark."""
        rules = theme.palette(look.colour for look in self._looks.values())
        return Markup(rules)  # noqa: S704 - `About` takes no colour but hexadecimal numbers

    @cached_property
    def _looks(self) -> Mapping[str, Look]:
        taken = {about.colour for about in self._about.values()}
        free = cycle([look for look in _FREE if look.colour not in taken] or _FREE)
        return {
            name: Look(about.colour, about.marker) if about.colour and about.marker else _completed(about, next(free))
            for name, about in sorted(self._about.items())
        }


def _completed(about: About, free: Look) -> Look:
    return Look(about.colour or free.colour, about.marker or free.marker)
