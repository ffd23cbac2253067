"""Timelines: one run of a tool by the events of its bodies: what waited, what ran, and what was between two tasks."""

from __future__ import annotations

from bench.events.timeline import Timeline
from bench.events.verification import Expected
from bench.report.charts import Drawing, Lane, Span, gantt
from bench.report.facts import Facts
from bench.store.rows import Estimate


def drawn(facts: Facts, row: Estimate, who: str) -> Drawing | None:
    """Draw the run that is nearest to the estimate: a real run, not an average of several."""
    values = {sample.trial: sample.value for sample in facts.samples_of(row) if sample.value is not None}
    middle = row.median
    if middle is None or not values:
        return None
    typical = min(values, key=lambda trial: (abs(values[trial] - middle), trial))
    timeline = facts.read(typical)
    if timeline.submitted is None or not timeline.attempts:
        return None
    expected = facts.run.by_part[row.setup.part].cases[row.workload].at({}).expected
    return gantt(f"{who}, {row.workload}: run {typical}", _lanes(timeline, timeline.submitted, expected))


def _lanes(timeline: Timeline, submitted: int, expected: Expected) -> list[Lane]:
    def at(moment: int) -> float:
        return (moment - submitted) / 1e9

    lanes: list[Lane] = []
    for name, attempts in sorted(timeline.attempts.items(), key=lambda item: item[1][0].started):
        known = name in expected.after
        parents = [timeline.end(parent) for parent in expected.parents(name, timeline.attempts)] if known else []
        ready = max(parents, default=submitted)
        # A first task waits for the tool to start the run; a later one follows the parents, after a transition.
        spans = [Span(at(ready), at(attempts[0].started), "transition" if parents else "waiting")]
        for i, attempt in enumerate(attempts):
            if i:
                before = attempts[i - 1]
                spans.append(Span(at(before.ended or before.started), at(attempt.started), "waiting"))
            ended = attempt.ended or attempt.started
            spans.append(Span(at(attempt.started), at(ended), "failed" if attempt.error else "running"))
        lanes.append(Lane(name, [span for span in spans if span.end_s > span.start_s]))
    if timeline.settled and timeline.settled > timeline.last_end:
        lanes.append(Lane("called over", [Span(at(timeline.last_end), at(timeline.settled), "transition")]))
    return lanes
