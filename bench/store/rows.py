"""What results.json and samples.csv hold: a struct for each kind of row, and the document that they make up.

A row has the setup as one struct. In the files the keys of the setup stand among those of the row, so that a reader can
filter by tool and tier without nested tables. `flat` writes a row in that form, and `row_of` reads it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

import msgspec

from bench.plan.setup import Name, Part, Setup
from bench.store.records import SCHEMA

Axes = dict[str, str | int | float | bool]
Better = Literal["lower", "higher"]
Means = Literal["native", "opt_in", "declared", "by_hand"]
Outcome = Literal["pass", "fail", "unsupported", "not_applicable"]
Kind = TypeVar("Kind", bound=msgspec.Struct)


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What a single trial yielded for a metric: a row of samples.csv."""

    trial: str
    scenario: str
    workload: str
    setup: Setup
    start: str
    """The engine start that the trial ran in."""
    round: int
    repeat: int
    warmup: bool
    """Whether the trial warmed the engine up; then only the metric of the cold run counts."""
    metric: str
    unit: str
    value: float | None
    missing_because: str | None = None

    @property
    def of(self) -> tuple[str, ...]:
        """The key of the estimate that is made of the sample, if there is one."""
        return self.scenario, self.workload, *self.setup.key, self.metric

    @property
    def counts(self) -> bool:
        """Whether an estimate is made of the sample."""
        return not self.warmup and not self.setup.control


class _OfFigure(msgspec.Struct, frozen=True, kw_only=True):
    """What a number is of: a metric of a setup, for a workload or for a family of workloads."""

    scenario: str
    workload: Name
    """The name of the workload, or of the family where the number is made of several workloads."""
    setup: Setup
    axes: Axes = {}
    """Where the workload stands on the axes of the scenario; for a family, the axes that all members share."""
    metric: str
    unit: str
    better: Better

    @property
    def of(self) -> tuple[str, ...]:
        """The key of the estimate of it; a ratio divides this estimate."""
        return self.scenario, self.workload, *self.setup.key, self.metric


class Estimate(_OfFigure, frozen=True, kw_only=True):
    """A metric of a setup for a workload, or for a family of workloads, over all trials."""

    n: int
    """How many trials the number is made of."""
    starts: int
    """How many engine starts they ran in."""
    median: float | None
    low: float | None
    """The lower end of the 95 % interval; null where there are fewer than three engine starts."""
    high: float | None
    subtracted: float | msgspec.UnsetType = msgspec.UNSET
    """How much was subtracted to get the number, in its unit, where it is a difference of times or is read off a line.

    Without an interval, a number that is no larger is lost in noise."""
    unstable: list[str] = []
    """The signs that the number is not to be trusted without a look: spread, outliers, drift, curved."""
    missing_because: str | None = None
    usual: bool = False
    """Whether the row stands for the tool: it is of the usual deployment, or of the next one that has a value."""

    @property
    def key(self) -> tuple[str, ...]:
        """The key of the row; no other row of the table has the same."""
        return self.of


class Ratio(_OfFigure, frozen=True, kw_only=True):
    """An estimate over the same of plain Python, or over that of the best tool with the same settings."""

    against: str
    """The tool whose estimate is the divisor."""
    against_deployment: str
    against_profile: str
    n: int
    """The trials of the side that has fewer."""
    starts: int
    median: float | None = None
    """The estimate that is divided."""
    ratio: float | None
    low: float | None
    """The lower end of the ratio's own 95 % interval; null where a side has fewer than three engine starts."""
    high: float | None
    floor: float | None = None
    """How far from 1 noise may take the ratio: the larger of the controls and of re-runs; null where neither is known."""
    above_noise: bool | None
    """Whether the interval lies wholly beyond the noise floor; null where either is unknown."""
    missing_because: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """The key of the row; no other row of the table has the same."""
        return *self.of, self.against, self.against_deployment, self.against_profile


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """A setup that was measured twice, as if it were two: the ratio of the two times from the first body on."""

    scenario: str
    setup: Setup
    metric: str
    workloads: int
    """How many workloads the ratio is the mean of."""
    n: int
    starts: int
    ratio: float | None
    low: float | None
    high: float | None
    missing_because: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """The key of the row; no other row of the table has the same."""
        return self.scenario, *self.setup.key


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict on a behaviour of a setup."""

    scenario: str
    setup: Setup
    check: str
    verdict: Outcome
    because: str
    """The evidence."""
    means: Means = "native"
    """By what means it passed: as the tool comes, by a documented argument or setting, by something that the pipeline's
    author keeps up to date, or by code of ours. An old run has no notes on what is opt-in, and calls it native."""


class ReadyEngine(msgspec.Struct, frozen=True, kw_only=True):
    """What a setup's engine consists of when it is ready and has nothing to do, and how long it takes to get there."""

    setup: Setup
    starts: int
    ready_s: float
    """The median time from the start of the first process until the work is deployed."""
    served: int | msgspec.UnsetType = msgspec.UNSET
    """How many pipelines it had to serve: only engines with as many are alike. An old run does not say it."""
    failed: int = 0
    """How many starts of this setup did not come up, and were made again."""
    services: int | None
    """How many processes a user keeps running; null where nobody looked."""
    names: list[str] | None
    """Their names."""
    by_choice: list[str]
    """The services that a user can do without."""
    needed: int | None
    """How many services are left without those."""
    processes: int | None
    """The services with all that they have started."""
    idle_pss_mb: float | None
    """The memory of all of them (proportional set size); null where there is no service."""
    ports: float
    """The median number of ports that the engine listens on."""

    @property
    def key(self) -> tuple[str, ...]:
        """The key of the row; no other row of the table has the same."""
        return self.setup.key


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """Between which values all trials of a setup lay, of all workloads of a scenario together."""

    scenario: str
    setup: Setup
    metric: str
    unit: str
    polls: bool
    """Whether the engine looks for submissions from time to time, so that a wait is a matter of chance."""
    workloads: int
    n: int
    low: float
    median: float
    high: float
    shortest: float | None = None
    """Of waits for a poll: the shortest, as their mean says. Each is this and a draw of the poll; null of few waits."""
    shortest_low: float | None = None
    """The lower end of the 95 % interval of the shortest; null where there are fewer than three engine starts."""
    shortest_high: float | None = None
    period: float | None = None
    """Of waits for a poll: how often the engine looks, by its settings."""
    longest: float | None = None
    """Of waits for a poll: how long a run may wait for the look that finds it. It is the period, unless the tool lets the
    period vary, or its clock tells whole seconds only."""

    @property
    def longest_draw(self) -> float | None:
        """How long a run may wait for the look that finds it; an older run knows the period only."""
        return self.period if self.longest is None else self.longest

    @property
    def doubt(self) -> float | None:
        """How far the shortest may be off: by its interval, or at least by the draws of the poll."""
        if self.shortest_low is not None and self.shortest_high is not None:
            return (self.shortest_high - self.shortest_low) / 2
        return None if self.longest_draw is None else 2 * self.longest_draw / math.sqrt(12 * self.n)

    @property
    def bounds(self) -> tuple[float, float]:
        """Between which values it lies: as it was seen, and as the shortest and the poll say."""
        if self.shortest is None or self.longest_draw is None:
            return self.low, self.high
        least = self.shortest if self.shortest_low is None else self.shortest_low
        most = self.shortest if self.shortest_high is None else self.shortest_high
        return min(self.low, least), max(self.high, most + self.longest_draw)

    @property
    def key(self) -> tuple[str, ...]:
        """The key of the row; no other row of the table has the same."""
        return self.scenario, *self.setup.key, self.metric


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """How many lines of code a tool takes for a scenario, or for the churn pipelines as a whole (`pipeline`)."""

    orchestrator: str
    scenario: str
    lines: int
    """Without blank lines, comments and docstrings."""
    places: list[str]
    """Where the lines stand."""

    @property
    def key(self) -> tuple[str, ...]:
        """The key of the row; no other row of the table has the same."""
        return self.orchestrator, self.scenario


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """All that is derived from a run: results.json.

    Times are in seconds unless `unit` says otherwise; a value that is missing is null, and `missing_because` says why.
    """

    schema: int = SCHEMA
    run: str
    """The id of the run."""
    scenarios: dict[str, int] = {}
    """The versions of the scenarios that the results were derived by."""
    estimates: Sequence[Estimate]
    ratios: Sequence[Ratio]
    controls: Sequence[Control]
    checks: Sequence[Check]
    engines: Sequence[ReadyEngine] = ()
    ranges: Sequence[Range] = ()
    code: Sequence[Code] = ()
    machine: Sequence[str] = ()
    """What to know of the machine before believing numbers with CPU work in them."""

    def document(self) -> dict[str, Any]:
        """Return the results as results.json has them."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value if name in PLAIN else [flat(row) for row in value] for name, value in fields.items()}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Results:
        """Read the results from what results.json has."""
        for name, value in document.items():
            if name not in PLAIN and not isinstance(value, list):
                raise TypeError(f"`{name}` is no list of rows")
        rows = {name: value if name in PLAIN else list(map(_nested, value)) for name, value in document.items()}
        return msgspec.convert(rows, cls)


OF_SETUPS = ("estimates", "ratios", "controls", "checks", "engines", "ranges")
"""The tables whose rows name a setup."""

PLAIN = ("schema", "run", "scenarios", "machine")
"""The keys of the document that are no tables."""


def flat(row: msgspec.Struct) -> dict[str, Any]:
    """Return a row as the files have it: with the keys of the setup among those of the row."""
    keys: dict[str, Any] = {}
    for key, value in msgspec.to_builtins(row).items():
        keys |= value if key == "setup" else {key: value}
    return keys


def within(row: Kind, part: Part) -> Kind:
    """Return a row, or a record, whose setup is one of that part of a merged run, or of none."""
    setup: Setup = getattr(row, "setup")  # noqa: B009 - the tables of `OF_SETUPS` have it, and samples
    return msgspec.structs.replace(row, setup=setup.within(part))


def row_of(kind: type[Kind], flat_row: Mapping[str, Any], *, strict: bool = True) -> Kind:
    """Read a flat row; not strict: every value may be a text, as in a CSV file."""
    return msgspec.convert(_nested(flat_row), kind, strict=strict)


def _nested(flat_row: Mapping[str, Any]) -> dict[str, Any]:
    return {**flat_row, "setup": flat_row}
