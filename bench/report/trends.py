"""Many runs, as a page with a chart of each number, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from bench.compare.history import NOT_COMPARABLE, Gap, Number, Place, Run, Trend
from bench.derive.reading import reading
from bench.report.charts import Curve, Drawing, Point, curves
from bench.report.markdown import table, text
from bench.report.pages import page
from bench.report.tools import Tools

LIMIT: Final = 60_000
"""Bytes of Markdown; see `bench.report.comparison`."""

LATEST: Final = 5
"""How many runs Markdown shows beside each other."""

TABLED: Final = 12
"""How many runs the tables of the page show; the charts show all."""

WIDE: Final = 5
"""Where the largest value is so many times the smallest, the axis is logarithmic."""


def summary(its: Trend) -> str:
    """Return what this is, in a sentence."""
    first, last = its.runs[0], its.runs[-1]
    hosts = {run.record.host.name for run in its.runs}
    machines = "one machine" if len(hosts) == 1 else f"{len(hosts)} machines"
    return f"{len(its.runs)} runs from {first.began} to {last.began}, on {machines}"


def because(gap: Gap) -> str:
    """Return why there is no line between two runs."""
    return f"run {gap.after} cannot be compared with run {gap.before}: {'; '.join(each.said for each in gap.differences)}"


# Markdown --------------------------------------------------------------------------------------------------------------


def markdown(its: Trend) -> str:
    """Return the latest values of each number."""
    latest = its.runs[-LATEST:]
    lines = [f"**{text(summary(its))}**", ""]
    lines += table(("run", "id", "began", "machine"), [_facts(run) for run in latest])
    left = 0
    for place in its.places:
        part = list(_part(place, latest))
        if sum(len(line.encode()) + 1 for line in (*lines, *part)) < LIMIT:
            lines += part
        else:
            left += 1
    if left:
        lines += [f"{left} more scenarios do not fit in here.", ""]
    return "\n".join(lines)


def _facts(run: Run) -> Sequence[str]:
    host = f"{run.record.host.name}, {run.record.host.cpu}"
    return str(run.number), text(run.record.id), text(run.began), text(host)


def _part(place: Place, latest: Sequence[Run]) -> Iterator[str]:
    yield f"<details><summary>{escape(' '.join(f'{place.scenario}, {place.tier} tier'.split()))}</summary>"
    yield ""
    rows = [
        [text(number.column.name), text(its.setup.name), *(text(its.said(run.number)) for run in latest)]
        for number in place.numbers
        for its in number.series
    ]
    yield from table(("number", "tool", *(f"run {run.number}" for run in latest)), rows)
    for gap in place.gaps:
        if gap.after >= latest[0].number:
            yield f"- {NOT_COMPARABLE} {text(because(gap))}"
    yield ""
    yield "</details>"
    yield ""


# The page --------------------------------------------------------------------------------------------------------------


def html(its: Trend) -> str:
    """Return the page."""
    tools = Tools(*(run.record for run in its.runs))
    return page(
        "trend.html",
        tools,
        its=its,
        summary=summary(its),
        latest=its.runs[-TABLED:],
        places=[(place, [(number, _chart(place, number, tools)) for number in place.numbers]) for place in its.places],
        because=because,
        reading=reading,
        mark=NOT_COMPARABLE,
    )


def _chart(place: Place, number: Number, tools: Tools) -> Drawing:
    lines = [
        Curve(
            key="/".join(
                filter(None, (place.scenario, place.tier, number.column.metric, number.column.workload, its.setup.name))
            ),
            label=its.setup.name,
            look=tools.look(its.setup.orchestrator),
            points=[Point(run, row.median, row.low, row.high) for run, row in its.rows.items() if row.median is not None],
            breaks=its.breaks,
        )
        for its in number.series
    ]
    values = [point.value for line in lines for point in line.points]
    # A tenth more of the small is to be seen beside the large.
    wide = bool(values) and min(values) > 0 and max(values) > WIDE * min(values)
    return curves(f"{place.scenario}, {place.tier} tier: {number.column.name}", "run", number.unit, lines, log_y=wide)
