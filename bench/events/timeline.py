"""Events -> what really ran: the attempts of each node, and when they began and ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.events.log import MOST, Data, Event, events


class Attempt(msgspec.Struct, gc=False):
    """One execution of a body; `ended` is None when no end was logged."""

    started: int
    ended: int | None = None
    token: str = ""
    error: str = ""
    pid: int = 0


@dataclass
class Timeline:
    """One run as the bodies saw it, or all runs of a trial together."""

    submitted: int | None = None
    settled: int | None = None
    state: str = ""
    error: str = ""
    attempts: dict[str, list[Attempt]] = field(default_factory=dict)
    samples: list[Data] = field(default_factory=list)
    """The memory of the engine's processes and the disk space of the home, from before the submission on."""
    runs: Mapping[str, Timeline] = field(default_factory=dict)
    """Where the trial has several runs: the timeline of each."""
    cancelling: int | None = None
    """When the tool was told to cancel the run."""

    @property
    def bodies(self) -> list[Attempt]:
        """Every attempt of every node."""
        return [each for attempts in self.attempts.values() for each in attempts]

    @property
    def first_start(self) -> int:
        """When the first body began; where none ran, when the run was over."""
        return min((each.started for each in self.bodies), default=self.settled or 0)

    @property
    def last_start(self) -> int:
        """When the last body began; where none ran, when the run was submitted."""
        return max((each.started for each in self.bodies), default=self.submitted or 0)

    @property
    def last_end(self) -> int:
        """When the last body ended; where none ran, when the run was submitted."""
        return max((each.ended or each.started for each in self.bodies), default=self.submitted or 0)

    @property
    def last_error(self) -> str:
        """Why the run was refused; or else the error of the body that failed last, unless another try of it went well."""
        failed = [attempts[-1] for attempts in self.attempts.values() if attempts[-1].error]
        return self.error or max(failed, key=lambda attempt: attempt.ended or 0, default=Attempt(0)).error

    @property
    def are_told_apart(self) -> bool:
        """Whether each body says which of several runs it belongs to."""
        return bool(self.runs) and len(self.bodies) == sum(len(run.bodies) for run in self.runs.values())

    def start(self, node: str) -> int:
        """When the last attempt of the node began."""
        return self.attempts[node][-1].started

    def end(self, node: str) -> int:
        """When the last attempt of the node ended."""
        last = self.attempts[node][-1]
        return last.ended or last.started

    def first_success(self, node: str) -> int | None:
        """When an attempt of the node first ended without an error, if one did."""
        return next((each.ended for each in self.attempts.get(node, ()) if each.ended and not each.error), None)


def read(folder: Path, *, grows: bool = False) -> Timeline:
    """Read the event files of a trial, or raise when a line of them is broken; `grows` while the trial goes on."""
    runs: dict[str, Timeline] = {}
    running: dict[tuple[str, int, int, str, str], Attempt] = {}
    most = MOST
    for path in sorted(folder.glob("events-*.jsonl")):
        of_file = events(path, grows=grows, most=most)
        most -= path.stat().st_size
        for event in of_file:
            timeline = runs.get(event.run) or runs.setdefault(event.run, Timeline())
            body = (event.host, event.pid, event.tid, event.run, event.node)
            if event.kind == "started":
                attempt = running[body] = Attempt(event.t, pid=event.pid)
                timeline.attempts.setdefault(event.node, []).append(attempt)
            elif event.kind in {"finished", "failed"}:
                if (begun := running.pop(body, None)) is not None:
                    begun.ended, begun.token, begun.error = event.t, event.data.token, event.data.error
            else:
                _note(event, timeline)
    for timeline in runs.values():
        _sort(timeline.attempts)
    return next(iter(runs.values()), Timeline()) if len(runs) < 2 else _together(runs)


def _note(event: Event, timeline: Timeline) -> None:
    """Keep an event that is of the run or of the engine, and not of a body."""
    match event.kind:
        case "submitted":
            timeline.submitted = event.t
        case "cancelling":
            timeline.cancelling = event.t
        case "settled":
            timeline.settled, timeline.state, timeline.error = event.t, event.data.state, event.data.error
        case "sampled":
            timeline.samples.append(event.data)


def _sort(attempts: Mapping[str, list[Attempt]]) -> None:
    for of_node in attempts.values():
        if len(of_node) > 1:
            of_node.sort(key=lambda attempt: attempt.started)


def _together(runs: Mapping[str, Timeline]) -> Timeline:
    """Put the runs of a trial together: from the first submission until the last of them was over."""
    named = {name: run for name, run in sorted(runs.items()) if name}
    asked = [run for run in runs.values() if run.submitted is not None]
    bad = next((run for run in asked if run.state != "succeeded"), None)
    worst = bad or (asked[0] if asked else Timeline())
    ends = [run.settled for run in asked]
    whole = Timeline(
        submitted=min((run.submitted for run in asked if run.submitted is not None), default=None),
        settled=max((end for end in ends if end is not None), default=None) if None not in ends else None,
        state=worst.state,
        error=worst.error,
        samples=[sample for run in runs.values() for sample in run.samples],
        runs=named,
        cancelling=max((run.cancelling for run in asked if run.cancelling is not None), default=None),
    )
    for run in runs.values():
        for node, attempts in run.attempts.items():
            whole.attempts.setdefault(node, []).extend(attempts)
    _sort(whole.attempts)
    return whole


def max_concurrency(timeline: Timeline) -> int:
    """Return the largest number of bodies that ran at one moment; a body that was cut off was busy until the cancel."""
    cut = timeline.cancelling or 0
    return most_at_once((each.started, each.ended or max(each.started, cut)) for each in timeline.bodies)


def most_at_once(spans: Iterable[tuple[float, float]]) -> int:
    """Return the largest number of spans that hold one moment."""
    moments = [moment for start, end in spans for moment in ((start, 1), (end, -1))]
    most = now = 0
    for _, step in sorted(moments):  # an end and a start at one moment: the end comes first
        now += step
        most = max(most, now)
    return most


def busy_times(timeline: Timeline) -> Sequence[tuple[int, int]]:
    """Return when at least one body ran, as spans that do not touch each other."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted((each.started, each.ended or each.started) for each in timeline.bodies):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return spans
