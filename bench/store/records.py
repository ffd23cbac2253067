"""What is written down while a run goes on: provenance, engine starts, trials and observations. Nothing is derived.

SCHEMA history
    1  the first
    2  trials may be `unsupported`, and have a width; pipelines say what is done before them.
       Added later, and therefore optional: excerpts, declared, by_choice, styles, duel, and the upkeep of an engine start
    3  trials have axes, in place of a family, a size and a duration; the setup has a database, and was called `subject`;
       trials and engine starts have a number; the notes on a tool are one entry of `tools`. A case is work, procedure
       and expectation: `cases`, in place of `workloads`.
       A trial has runs, and the tool's own word for how each of them ended. An event names a host, a boot and a run.
       Added later, and therefore optional: opt_in and not_applicable, among the notes on a tool; the jitter of a poll,
       and the grain of the clock that it goes by
Older records are upgraded when they are read: see `bench.store.earlier`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from bench.base.origin import Commit, Host
from bench.plan.about import About
from bench.plan.setup import Name, Part, Setup
from bench.scenarios.kit.case import RecordedCase

SCHEMA = 3

READABLE = (1, 2, 3)
"""The schemas that this version can read."""


class Reported(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the tool's own records say of a run; see contract.adapter.Reported. A cross-check: no metric is made from it."""

    submitted: float | None = None
    started: float | None = None
    ended: float | None = None
    tasks: dict[str, tuple[float, float]] = {}
    """Start and end of each task."""
    attempts: dict[str, int] = {}
    """How often the tool says that it tried each of them."""
    cached: list[str] = []
    """Those whose result the tool says that it took from a cache."""
    missing_because: str = ""
    """Why the records could not be read."""


class RunOfTrial(msgspec.Struct, frozen=True, omit_defaults=True):
    """A run that a trial has asked for, and what the tool says of it."""

    name: str = ""
    """Which run of the trial, as the events name it; empty where the trial has one run only."""
    id: str = ""
    """The id of the run in the tool; empty where the tool refused the run."""
    state: str = ""
    """The tool's own word for how the run ended; before schema 3 only the events have it."""
    clock_offset: float = 0.0
    """Seconds since the epoch minus the monotonic clock."""
    reported: Reported = Reported()
    recorded: int | None = None
    """When the tool's records had been read, in nanoseconds of the monotonic clock; None where they were not."""
    last_error: str = ""
    """The last error of the run, unless it succeeded: what its events say, or else a line that the tool printed meanwhile.

    Nothing, where several runs went on at once and no event says whose error it was.
    """


class TrialRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of a case, as trials/<id>/trial.json holds it: what was done and said, and no judgement of it."""

    id: str
    number: int = 0
    """Trials are sorted by it. It counts the trials of the folder in the order in which they ended."""
    scenario: str
    workload: str
    """The name of the case. A case was no more than a workload when the key got its name; rows of results have it too."""
    axes: dict[str, str | int | float | bool] = {}
    """Where the case stands on the axes of the scenario."""
    setup: Setup
    start: str
    """The engine start that the trial ran in: a folder of starts/."""
    round: int
    repeat: int
    pause_s: float = 0.0
    """How long the harness waited before it submitted, so that submissions meet the engine's polling in every phase."""
    polls: bool = False
    """Whether the engine looks for submissions from time to time, so that each waits for the next look."""
    period_s: float = 0.0
    """How often it does, by its settings; 0 if it does not, and in older runs."""
    jitter: float = 0.0
    """By which part of the period the time between two looks varies, to either side; 0 in older runs."""
    grain_s: float = 0.0
    """A look finds only what came before the last whole multiple of it; 0 if it finds all, and in older runs."""
    width: int | None = None
    """How many tasks might run at once; null: the width of the run."""
    warmup: bool = False
    """Whether it warms the engine up: kept, and not counted. The first one after a start is the cold run."""
    end: Literal["over", "timeout", "crashed", "not_started", "unsupported"]
    """How the trial ended: `over` when the tool said of each run how the run ended, well or not."""
    because: str | None = None
    """Why the trial is not `over`."""
    runs: list[RunOfTrial] = []
    facts: dict[str, Any] = {}
    """What the hooks of the scenario found, such as a hash of the predictions, or what was registered."""

    @property
    def reported(self) -> Reported:
        """What the tool's own records say of the run; nothing, where the trial has several runs."""
        return self.runs[0].reported if len(self.runs) == 1 else Reported()


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A setting of a tool that is not the tool's default."""

    name: str
    value: str
    default: str
    because: str
    profile: str
    """`stock` settings hold in both profiles, `tuned` ones only there."""


class Upkeep(msgspec.Struct, frozen=True):
    """What a user of the tool has to keep running so that it can run something."""

    services: list[str]
    """The names of the processes."""
    processes: int
    """How many processes the services are, with all that they have started."""
    idle_pss: int
    """The memory that all of them take when there is nothing to do, in bytes (proportional set size)."""


class StartRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One engine start, as starts/<id>/start.json holds it."""

    id: str
    number: int = 0
    """Engine starts are sorted by it; it counts those of the folder."""
    setup: Setup
    start_s: float
    deploy_s: float
    stop_s: float | None = None
    """Null when the engine was not stopped in good order."""
    versions: dict[str, str]
    settings: list[Setting]
    listening: list[str]
    """The addresses on which the engine's processes listened when it was ready."""
    upkeep: Upkeep | None = None
    """Looked at in one start of each setup."""
    left_behind: list[str] = []
    """The commands of the processes that the adapter's stop() left, and that the harness ended."""
    paces: list[float] = []
    """Right before the start: how many rounds of the CPU op a lane did in a second, alone and with another one beside it."""


class ObservationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of a tool without running it, as observations/<id>.json holds it."""

    id: str
    scenario: str
    case: str
    setup: Setup
    values: dict[str, float]
    """By the metrics."""
    because: str
    """The evidence."""
    holds: dict[str, bool] = {}
    """By the checks: whether what each asks for was seen."""


class Segment(msgspec.Struct, kw_only=True):
    """One session of the harness: the first, or one that --resume added."""

    began: str
    boot_id: str
    wall_s: float = 0.0
    """In a duel, without the time that was spent waiting for a turn."""
    subjects_s: float = 0.0
    """How much of that time an engine started, ran or stopped."""


class RunRecord(msgspec.Struct, kw_only=True):
    """Provenance: everything that is needed to plan the same run again, and to judge whether two can be compared."""

    schema: int = SCHEMA
    id: str
    suite: dict[str, Any]
    """The suite as it was run, with the command line's choices in it."""
    seed: int | None
    """Null where the run is merged: each part has its own."""
    orchestrators: list[str]
    scenarios: dict[str, int]
    """Scenario versions."""
    width: int
    cpu_rounds_per_s: float
    """How many rounds of the CPU op this machine does in a second; by it durations are turned into work."""
    cases: dict[Name, RecordedCase] = {}
    """What was to be done, by the name of each case."""
    own_workload: str | None = None
    """The name of the reader's own workload, where --workload took the place of the scenario's."""
    trials_planned: int
    plan: str
    """A hash of the plan: --resume goes on with the same plan or not at all."""
    host: Host
    versions: dict[str, dict[str, str]] = {}
    settings: dict[str, list[Setting]] = {}
    """By setup: what differs from the defaults of the tool."""
    tools: dict[str, About] = {}
    """What the folder of each tool said when the run began."""
    data: dict[str, str] = {}
    """The reader's own customers, where --data took the place of made-up ones: the file's name, and its hash."""
    locks: dict[str, str] = {}
    git: Commit = Commit()
    warnings: Annotated[list[str], Meta(max_length=1000)] = []
    duel: str = ""
    """The duel that the run is a side of, if any: each run was made right beside the same run of the other side."""
    segments: Annotated[list[Segment], Meta(max_length=10_000)] = []
    finished: bool = False
    parts: list[RunRecord] = []
    """Of a merged run: what each part was, with the id by which records and rows name it. See `bench.store.merging`."""

    def about(self, tool: str) -> About:
        """Return what the tool's folder said; of an unknown tool nothing is known."""
        return self.tools.get(tool, About())

    @property
    def identity(self) -> tuple[str, str, str]:
        """What no two runs have in common: a folder's name alone may be that of several."""
        return self.id, self.plan, self.segments[0].began if self.segments else ""

    @property
    def by_part(self) -> Mapping[Part, RunRecord]:
        """The records of the parts, by the name that setups have of them; a run that is not merged is its only part."""
        return {part.id: part for part in self.parts} if self.parts else {msgspec.UNSET: self}
