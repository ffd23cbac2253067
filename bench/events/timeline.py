"""Events -> what really ran: the attempts of each node, when they began and ended, and whether that was right."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.base.problem import Problem
from contract.pipeline import Pipeline
from contract.workload import Workload


class Data(msgspec.Struct, gc=False, frozen=True):
    """What an event may carry."""

    token: str = ""
    error: str = ""
    state: str = ""
    pss: int = 0
    disk: int = 0


class Event(msgspec.Struct, gc=False, frozen=True):
    """One line of the log; see contract/events.py."""

    t: int
    kind: str
    node: str
    pid: int
    tid: int
    data: Data = Data()


class Attempt(msgspec.Struct, gc=False):
    """One execution of a node's body; `ended` is None when no end was logged."""

    started: int
    ended: int | None = None
    token: str = ""
    error: str = ""
    pid: int = 0


@dataclass
class Timeline:
    """One run, as its bodies saw it."""

    submitted: int | None = None
    settled: int | None = None
    state: str = ""
    error: str = ""
    attempts: dict[str, list[Attempt]] = field(default_factory=dict)
    samples: list[Data] = field(default_factory=list)
    """What the engine's processes took of the memory and its folder of the disk, from before the submission on."""

    @property
    def bodies(self) -> list[Attempt]:
        """Every attempt of every node."""
        return [each for attempts in self.attempts.values() for each in attempts]

    @property
    def first_start(self) -> int:
        """When the first body began; where none ran, when the run was over."""
        return min((each.started for each in self.bodies), default=self.settled or 0)

    @property
    def last_end(self) -> int:
        """When the last body ended; where none ran, when the run was submitted."""
        return max((each.ended or each.started for each in self.bodies), default=self.submitted or 0)

    def start(self, node: str) -> int:
        """When the node's last attempt began."""
        return self.attempts[node][-1].started

    def end(self, node: str) -> int:
        """When the node's last attempt ended."""
        last = self.attempts[node][-1]
        return last.ended or last.started

    def first_success(self, node: str) -> int:
        """When an attempt of the node first ended without an error; where none did, when the last one ended."""
        return next((each.ended for each in self.attempts[node] if each.ended and not each.error), self.end(node))


_decoder = msgspec.json.Decoder(Event)


def read(folder: Path) -> Timeline:
    """Read a trial's event files, or raise when a line of them is broken."""
    timeline = Timeline()
    running: dict[tuple[int, int, str], Attempt] = {}
    for path in sorted(folder.glob("events-*.jsonl")):
        for event in _events(path):
            if event.kind == "started":
                attempt = running[event.pid, event.tid, event.node] = Attempt(event.t, pid=event.pid)
                timeline.attempts.setdefault(event.node, []).append(attempt)
            elif event.kind in {"finished", "failed"}:
                ended = running.pop((event.pid, event.tid, event.node), None)
                if ended is not None:
                    ended.ended, ended.token, ended.error = event.t, event.data.token, event.data.error
            else:
                _note(event, timeline)
    for attempts in timeline.attempts.values():
        if len(attempts) > 1:
            attempts.sort(key=lambda attempt: attempt.started)
    return timeline


def _note(event: Event, timeline: Timeline) -> None:
    """Keep what the harness has logged beside the bodies."""
    match event.kind:
        case "submitted":
            timeline.submitted = event.t
        case "settled":
            timeline.settled, timeline.state, timeline.error = event.t, event.data.state, event.data.error
        case "sampled":
            timeline.samples.append(event.data)


def _events(path: Path) -> list[Event]:
    content = path.read_bytes()
    try:
        return _decoder.decode_lines(content)
    except msgspec.DecodeError:
        for number, line in enumerate(content.splitlines(), 1):
            try:
                _decoder.decode(line)
            except msgspec.DecodeError as error:
                raise Problem(
                    f"{path}, line {number}: a broken event ({error}); delete this trial's folder and --resume"
                ) from None
        raise


CHECKS: Mapping[str, str] = {
    "every_body_ran_once": "each node's body ran as often as its faults ask for, and no event is missing",
    "order_respected": "no body began before the bodies it waits for had ended",
    "work_verified": "each body received its parents' tokens and ended with the right one of its own",
    "settled_after_last_body": "the tool called the run over, and successful, only after the last body's end",
    "width_respected": "never more bodies at once than the width allows",
}
"""What is verified of every run; a run that fails one of them did other work, and yields no timing."""


@dataclass(frozen=True)
class Expected:
    """What has to be seen of a run: of a workload or of a pipeline, which differ in nothing else here."""

    after: Mapping[str, tuple[str, ...]]
    """Which bodies each body waits for."""
    attempts: Mapping[str, int]
    tokens: Mapping[str, str] = field(default_factory=dict)
    may_skip: tuple[str, ...] = ()
    fails_at: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The bodies that must fail to the last, and how the errors begin that they may fail with."""

    def parents(self, name: str, ran: Collection[str]) -> Iterator[str]:
        """Return which bodies the body had to wait for; in the place of a skipped one, those that one waits for."""
        for parent in self.after[name]:
            if parent in ran:
                yield parent
            else:
                yield from self.parents(parent, ran)

    @classmethod
    def of(cls, work: Workload | Pipeline) -> Expected:
        """Return what the work asks for."""
        if isinstance(work, Pipeline):
            fails_at = {work.fails_at: REFUSAL} if work.fails_at else {}
            return cls(work.steps, work.attempts, may_skip=work.may_skip, fails_at=fails_at)
        attempts: dict[str, int] = {}
        failing: dict[str, tuple[str, ...]] = {}
        for node in work.nodes:
            # Below a failure nothing runs; beside it everything does.
            if all(parent in attempts and parent not in failing for parent in node.after):
                tries = 1 + (node.retry.times if node.retry else 0)
                failures = node.fault.attempts if node.fault else 0
                attempts[node.id] = 1 if node.fault and node.fault.final else min(failures + 1, tries)
                if failures >= attempts[node.id]:
                    failing[node.id] = PLANNED
        done = {node.id: work.tokens[node.id] for node in work.nodes if node.id in attempts and node.id not in failing}
        return cls({node.id: node.after for node in work.nodes if node.id in attempts}, attempts, done, fails_at=failing)


REFUSAL = ("GateFailed: ",)
"""How the error of a step begins that has refused, and has not broken down."""

PLANNED = ("PlannedFault: ", "FinalFault: ")


def fails(work: Workload | Pipeline) -> bool:
    """Whether a run of it must end as failed."""
    return bool(Expected.of(work).fails_at)


def verify(timeline: Timeline, work: Workload | Pipeline, width: int) -> dict[str, str]:
    """Return what is wrong with the run, by check; nothing, when it did what it was asked."""
    if isinstance(work, Pipeline) and work.may_be_refused:
        return {}  # nothing in particular was asked: what was done is for the scenario's checks to judge
    expected = Expected.of(work)
    wrong: dict[str, str] = {}
    _verify_attempts(timeline, expected, wrong)
    if wrong:
        return wrong
    if not (isinstance(work, Pipeline) and work.at_once > 1):  # whose events do not say to which of the runs they belong
        _verify_order(timeline, expected, wrong)
    for name, token in expected.tokens.items():
        if timeline.attempts[name][-1].token != token:
            wrong["work_verified"] = f"{name} ended with {timeline.attempts[name][-1].token!r}"
    if isinstance(work, Pipeline):
        _verify_passed(timeline, expected, wrong)
    end = "failed" if expected.fails_at else "succeeded"
    if timeline.settled is None or timeline.settled < timeline.last_end:
        wrong["settled_after_last_body"] = "it was called over before its last body had ended"
    elif timeline.state != end:
        wrong["settled_after_last_body"] = f"the tool calls it {timeline.state or 'nothing'}, not {end}"
    most = max_concurrency(timeline)
    if most > width * (work.at_once if isinstance(work, Pipeline) else 1):
        wrong["width_respected"] = f"{most} bodies at once, where {width} may"
    return wrong


def _verify_order(timeline: Timeline, expected: Expected, wrong: dict[str, str]) -> None:
    for name, attempts in timeline.attempts.items():
        for parent in expected.parents(name, timeline.attempts.keys()):
            # Where all steps are one task, a failure makes the parent run again, after the child's first try.
            if attempts[0].started < timeline.first_success(parent) or timeline.start(name) < timeline.end(parent):
                wrong["order_respected"] = f"{name} began before {parent} had ended"


def _verify_passed(timeline: Timeline, expected: Expected, wrong: dict[str, str]) -> None:
    """A step that says what it got must have got what the step before says that it made."""
    for name, attempts in timeline.attempts.items():
        for parent in expected.parents(name, timeline.attempts.keys()):
            made, got = timeline.attempts[parent][-1].token, attempts[-1].token
            if made and got and made != got:
                wrong["work_verified"] = f"{parent} made {made}, and {name} got {got}"


def _verify_attempts(timeline: Timeline, expected: Expected, wrong: dict[str, str]) -> None:
    if timeline.submitted is None:
        wrong["every_body_ran_once"] = "the event `submitted` is missing"
    if unknown := timeline.attempts.keys() - expected.after.keys():
        wrong["every_body_ran_once"] = f"a body ran that should not have: {min(unknown)}"
    for name, times in expected.attempts.items():
        attempts = timeline.attempts.get(name, [])
        if name in expected.may_skip and not attempts:
            continue
        if len(attempts) != times and not (name in expected.may_skip and len(attempts) < times):
            errors = "; ".join(each.error for each in attempts if each.error)
            said = f"{name} ran {len(attempts)} times, not {times}"
            wrong["every_body_ran_once"] = f"{said} ({errors})" if errors else said
        elif any(attempt.ended is None for attempt in attempts):
            wrong["every_body_ran_once"] = f"the end of {name} is missing"
        elif name in expected.fails_at:
            if not attempts[-1].error.startswith(expected.fails_at[name]):
                wrong["work_verified"] = f"{name}: {attempts[-1].error or 'it did not fail'}"
        elif attempts[-1].error:
            wrong["work_verified"] = f"{name}: {attempts[-1].error}"


def max_concurrency(timeline: Timeline) -> int:
    """Return the largest number of bodies that ran at one moment."""
    return most_at_once((each.started, each.ended or each.started) for each in timeline.bodies)


def most_at_once(spans: Iterable[tuple[float, float]]) -> int:
    """Return the largest number of spans that hold one moment."""
    moments = [moment for start, end in spans for moment in ((start, 1), (end, -1))]
    most = now = 0
    for _, step in sorted(moments):  # an end and a start at one moment: the end comes first
        now += step
        most = max(most, now)
    return most


def busy_times(timeline: Timeline) -> list[tuple[int, int]]:
    """Return when at least one body ran, as spans that do not touch each other."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted((each.started, each.ended or each.started) for each in timeline.bodies):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return spans
