"""Many runs, as a page with a chart of each number, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from bench.compare.history import NOT_COMPARABLE, Gap, Number, Run, ScenarioTrend, Series, Trend
from bench.derive.reading import reading
from bench.report.charts import Curve, Drawing, Point, Scales, curves
from bench.report.draws import NOTE
from bench.report.markdown import fold, table, text
from bench.report.pages import page
from bench.report.tools import Tools

LIMIT: Final = 60_000
"""The most bytes of Markdown; see `bench.report.comparison`."""

LATEST: Final = 5
"""How many runs the Markdown shows side by side."""

TABLED: Final = 12
"""How many runs the tables of the page show; the charts show all."""

WIDE: Final = 5
"""The axis is logarithmic where the largest value is more than this many times the smallest."""


def summary(trend: Trend) -> str:
    """Say in a sentence which runs these are."""
    first, last = trend.runs[0], trend.runs[-1]
    hosts = {run.record.host.name for run in trend.runs}
    machines = "one machine" if len(hosts) == 1 else f"{len(hosts)} machines"
    return f"{len(trend.runs)} runs from {first.began} to {last.began}, on {machines}"


def because(gap: Gap) -> str:
    """Return why there is no line between two runs."""
    return f"run {gap.after} cannot be compared with run {gap.before}: {'; '.join(each.said for each in gap.differences)}"


# Markdown --------------------------------------------------------------------------------------------------------------


def markdown(trend: Trend) -> str:
    """Return the latest values of each number as Markdown."""
    latest = trend.runs[-LATEST:]
    lines = [f"**{text(summary(trend))}**", ""]
    lines += table(("run", "id", "began", "machine"), [_facts(run) for run in latest])
    left = 0
    for scenario in trend.scenarios:
        part = list(_part(scenario, latest))
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


def _part(scenario: ScenarioTrend, latest: Sequence[Run]) -> Iterator[str]:
    yield from fold(f"{scenario.name}, {scenario.tier} tier")
    rows = [
        [text(number.column.name), text(series.setup.name), *(text(series.said(run.number)) for run in latest)]
        for number in scenario.numbers
        for series in number.series
    ]
    if scenario.has_draws:
        yield from (text(NOTE), "")
    yield from table(("number", "tool", *(f"run {run.number}" for run in latest)), rows)
    for gap in scenario.gaps:
        if gap.after >= latest[0].number:
            yield f"- {NOT_COMPARABLE} {text(because(gap))}"
    yield ""
    yield "</details>"
    yield ""


# The page --------------------------------------------------------------------------------------------------------------


def html(trend: Trend) -> str:
    """Return the trend as a page."""
    tools = Tools(*(run.record for run in trend.runs))
    return page(
        "trend.html",
        tools,
        trend=trend,
        summary=summary(trend),
        latest=trend.runs[-TABLED:],
        scenarios=[
            (scenario, [(number, _chart(scenario, number, tools)) for number in scenario.numbers])
            for scenario in trend.scenarios
        ],
        because=because,
        reading=reading,
        mark=NOT_COMPARABLE,
        on_draws=NOTE,
    )


def _chart(scenario: ScenarioTrend, number: Number, tools: Tools) -> Drawing:
    lines = [
        Curve(
            key="/".join(
                filter(None, (scenario.name, scenario.tier, number.column.metric, number.column.workload, series.setup.name))
            ),
            label=series.setup.name,
            look=tools.look(series.setup.orchestrator),
            points=[_point(series, run, row.median) for run, row in series.measured.items() if row.median is not None],
            breaks=[*series.breaks, *_around(series)],
        )
        for series in number.series
    ]
    values = [point.value for line in lines for point in line.points]
    # Beside a large value, a tenth more of a small one shows on a logarithmic axis only.
    wide = bool(values) and min(values) > 0 and max(values) > WIDE * min(values)
    title = f"{scenario.name}, {scenario.tier} tier: {number.column.name}"
    return curves(title, Scales("run", number.unit, log_y=wide), lines)


def _point(series: Series, run: int, value: float) -> Point:
    """Return the value in a run; what a poll draws has no interval."""
    row = series.rows[run]
    return Point(run, value) if run in series.draws else Point(run, value, row.low, row.high)


def _around(series: Series) -> Iterator[int]:
    """Yield the runs to which no line leads, because it would join a draw with something: chance makes no trend."""
    for before, after in pairwise(series.measured):
        if series.draws & {before, after}:
            yield after
