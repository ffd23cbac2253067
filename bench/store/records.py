"""What is written down while a run goes on: provenance, engine starts and trials. Nothing in here is derived.

SCHEMA history
    1  the first
    2  trials may be `unsupported`, and have a width; pipelines say what is done before them.
       Added since, so that it may be missing: excerpts, declared, by_choice, styles, duel, and the upkeep of an engine start
    3  trials have axes, in place of a family, a size and a duration; the setup has a database, and was called `subject`;
       trials and engine starts have a number; what is said of a tool is one entry of `tools`
What is older is upgraded as it is read: see `bench.store.earlier`.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from bench.base.origin import Commit, Host
from bench.plan.about import About
from bench.plan.setup import Setup

SCHEMA = 3

READABLE = (1, 2, 3)
"""The schemas that this version can read."""


class TrialRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one workload, as trials/<id>/trial.json holds it."""

    id: str
    number: int = 0
    """Runs are in order by it: it counts those of the folder as they end, whatever they are called."""
    scenario: str
    workload: str
    axes: dict[str, str | int | float | bool] = {}
    """Where the case stands among those of its scenario."""
    setup: Setup
    start: str
    """The engine start that it ran in: a folder of starts/."""
    round: int
    repeat: int
    pause_s: float = 0.0
    """How long the engine was left alone before, so that submissions meet its polling in every phase."""
    polls: bool = False
    """Whether the engine looks for submissions from time to time, so that each waits for the next look."""
    width: int | None = None
    """How many tasks might run at once, where it is not the run's own width."""
    warmup: bool = False
    """A run that warms the engine up: kept, and not counted; the first one after a start is the cold run."""
    status: Literal["ok", "failed", "timeout", "crashed", "not_started", "unsupported"]
    because: str | None = None
    run: str | None = None
    """The run's id in the tool."""
    clock_offset: float = 0.0
    """Seconds since the epoch minus the monotonic clock."""
    reported: dict[str, Any] = {}
    """What the tool's own records say; see contract.adapter.Reported."""
    facts: dict[str, Any] = {}
    """What the run left behind, of a churn pipeline: a hash of its predictions, its MLflow runs, what it registered."""


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
    """How many they are, with those that they have started."""
    idle_pss: int
    """The memory that all of them take when there is nothing to do, in bytes (proportional set size)."""


class StartRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One engine start, as starts/<id>/start.json holds it."""

    id: str
    number: int = 0
    """Engine starts are in order by it, as runs are by theirs."""
    setup: Setup
    start_s: float
    deploy_s: float
    stop_s: float | None = None
    """None when it was not stopped in good order."""
    versions: dict[str, str]
    settings: list[Setting]
    listening: list[str]
    """The addresses on which its processes listened when it was ready."""
    upkeep: Upkeep | None = None
    """Looked at in one start of each setup."""
    left_behind: list[str] = []
    """The commands of processes that its own stop() left, and that the harness ended."""


class Segment(msgspec.Struct, kw_only=True):
    """One sitting of the harness: the first, or one that --resume added."""

    began: str
    boot_id: str
    wall_s: float = 0.0
    """In a duel, without its waits for a turn."""
    subjects_s: float = 0.0
    """How much of it a subject started, ran or stopped."""


class RunRecord(msgspec.Struct, kw_only=True):
    """Provenance: everything that is needed to plan the same run again, and to judge whether two can be compared."""

    schema: int = SCHEMA
    id: str
    suite: dict[str, Any]
    """The suite as it was run, with the command line's choices in it."""
    seed: int
    orchestrators: list[str]
    scenarios: dict[str, int]
    """Scenario versions."""
    width: int
    cpu_rounds_per_s: float
    """How much of the CPU op this machine does in a second, by which task durations are turned into work."""
    workloads: dict[str, str] = {}
    own_workload: str | None = None
    """The name of the reader's own workload, where --workload took the place of the scenario's."""
    trials_planned: int
    plan: str
    """A hash of the trials' ids: --resume goes on with the same plan or not at all."""
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
    warnings: list[str] = []
    duel: str = ""
    """Of which duel it is a side, if it is one: its runs were made right beside those of the other side."""
    segments: list[Segment] = []
    finished: bool = False

    def about(self, tool: str) -> About:
        """Return what the tool's folder said; of an unknown tool nothing is known."""
        return self.tools.get(tool, About())
