"""How does a table get from one task to the next, how fast, and how large may it be?

One task makes a frame of random numbers, and the next one looks at it, in every way that a tool has: as the returned value,
through the tool's own storage of values, or as a file whose path is the value. The frame must arrive as it was made.

Most of the time from one task to the next may be the step itself, which a frame of a kilobyte takes too. So what a megabyte
takes is the slope over the sizes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final

import msgspec

from bench.base.stats.quantity import Quantity, exact, missing
from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import Case
from bench.scenarios.kit.check import Check, Seen, Verdict
from bench.scenarios.kit.common_metrics import Metric
from bench.scenarios.kit.curve import Curve
from bench.scenarios.kit.derived import Derived, Medians
from bench.scenarios.kit.draw import Draw
from bench.scenarios.kit.families import Line
from bench.scenarios.kit.formulas import Run
from bench.scenarios.kit.hooks import Hooks, own_home
from bench.scenarios.kit.procedures import Once
from bench.scenarios.kit.scenario import Scenario
from bench.scenarios.kit.table import Column
from contract.pipeline import Pipeline

WAYS: Final = ("value", "store", "file")

KB: Final = 1000

Size = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
"""The size of a value in kilobytes."""


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a suite chooses."""

    sizes_kb: list[Size] = msgspec.field(default_factory=lambda: [1, 1_000, 32_000])
    watch: bool = True
    """Whether memory and disk are watched, in separate runs."""
    ways: list[str] = msgspec.field(default_factory=lambda: list(WAYS))

    def __post_init__(self) -> None:
        if unknown := set(self.ways) - set(WAYS):
            raise ValueError(f"there is no way {min(unknown)!r}; there are {', '.join(WAYS)}")


def name_of(way: str, size_kb: int, *, watched: bool = False) -> str:
    """Name a workload by the way and the size of the frame, and by whether memory and disk are watched."""
    name = f"{way}_{size_kb}kb"
    return f"{name}_watched" if watched else name


def cases(options: Options, capacity: Capacity) -> Sequence[Case]:
    """Return a run for each way and size, and one more of the largest size in which memory and disk are watched."""

    def case(way: str, size: int, *, watched: bool) -> Case:
        name = name_of(way, size, watched=watched)
        work = Pipeline(name, "passing", {"size": size * KB, "way": way})
        return Case(work, {"way": way, "kb": size, "watched": watched}, Once(watched=watched))

    largest = max(options.sizes_kb)
    return [
        *(case(way, size, watched=False) for size in options.sizes_kb for way in options.ways),
        *(case(way, largest, watched=True) for way in options.ways if options.watch),
    ]


def parameters(pipeline: Pipeline, draw: Draw) -> Mapping[str, object]:
    """Return the parameters of a run: the same for all, since no result is kept."""
    return pipeline.parameters


# The numbers -----------------------------------------------------------------------------------------------------------


def passing_s(run: Run) -> float:
    """Return how long the frame took from the first step to the second; the step itself is in it."""
    return (run.timeline.start("take") - run.timeline.end("make")) / 1e9


def peak_pss_mb(run: Run) -> float | None:
    """Return the most memory that was seen, of an engine that had run nothing before but its warm-ups."""
    if not run.is_first:
        return None
    return max((sample.pss for sample in run.timeline.samples), default=0) / 1e6 or None


METRICS: Final = (
    Metric("passing_s", "s", "from having a frame in one step to having it in the next: the step itself too", of=passing_s),
    Metric("per_mb_ms", "ms", "what a megabyte more takes from one step to the next: the slope of passing_s over the sizes"),
    Metric(
        "peak_pss_mb",
        "MB",
        "most memory that the engine's processes took (proportional set size)",
        of=peak_pss_mb,
        lack="a run before it in the same engine start had left memory, which would be in it",
    ),
    Metric("largest_ok_mb", "MB", "largest of the frames tried up to which all arrived as they were", "higher", alone=True),
)


def metrics(case: Case) -> Sequence[str]:
    """Return the metrics of a run."""
    return ("stored_bytes", "peak_pss_mb") if case.axes["watched"] else ("makespan_s", "passing_s")


def derive(medians: Medians) -> Iterable[Derived]:
    """Return for each way the largest frame that arrived, where all smaller ones did too."""
    for way in WAYS:
        passed = [axes for axes in map(medians.axes, medians.workloads) if axes.get("way") == way and not axes["watched"]]
        if sizes := sorted(int(axes["kb"]) for axes in passed):
            yield Derived(way, "largest_ok_mb", _largest(medians, way, sizes), {"way": way})


def _largest(medians: Medians, way: str, sizes: Sequence[int]) -> Quantity:
    good = missing("")
    for size in sizes:
        arrived = medians.median(name_of(way, size), "passing_s")
        if arrived.n < medians.asked(name_of(way, size)):
            if good.point is None:
                return missing(arrived.why_not or "not every one of the smallest arrived")
            return good
        good = exact(size / 1000, arrived.n, 0)  # a size that the suite chose has no interval
    return good


# The checks ------------------------------------------------------------------------------------------------------------


def arrives_as_it_was_made(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict | None:
    """Every frame that arrives is the one that was made, number by number."""
    arrived = 0
    for run in runs:
        made, taken = (run.timeline.attempts.get(step, []) for step in ("make", "take"))
        if made and taken and taken[-1].ended:
            arrived += 1
            if not taken[-1].token or made[-1].token != taken[-1].token:
                return Verdict(False, f"{run.trial}: {made[-1].token} was made, and {taken[-1].token or 'nothing'} arrived")
    if arrived:
        return Verdict(True, f"{arrived} of {len(runs)} runs, such as {runs[0].trial}")
    return Verdict(False, f"no frame arrived: {runs[0].problem}", observed=False) if runs else None


def says_what_it_cannot_pass(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict | None:
    """A frame that cannot be passed fails the run; it is not lost without a word."""
    for run in runs:
        if run.attempts.get("make") and not run.attempts.get("take") and run.timeline.state == "succeeded":
            return Verdict(False, f"{run.trial}: the tool calls the run succeeded, and no frame arrived")
    if silent := next((run for run in runs if run.problem and run.status != "failed"), None):
        return Verdict(False, f"{silent.trial}: {silent.problem}", observed=False)
    failed = [run for run in runs if run.problem]
    if failed:
        return Verdict(True, f"{len(failed)} frames were not passed, such as {failed[0].trial}: {failed[0].problem}")
    return Verdict(True, f"all {len(runs)} frames were passed, the largest too") if runs else None


CHECKS: Final[Mapping[str, Check]] = {
    "arrives_as_it_was_made": Check((), arrives_as_it_was_made),
    "says_what_it_cannot_pass": Check((), says_what_it_cannot_pass),
}

# Storing leads: it is what most tools do on their servers.
SHOWN: Final = ("store", "value", "file")

# A kilobyte takes what the step takes, whichever way: all tools have the file.
COLUMNS: Final = (
    *(Column(f"per MB by {way}", "per_mb_ms", way) for way in SHOWN),
    *(Column(f"32 MB by {way}", "passing_s", name_of(way, 32_000)) for way in SHOWN),
    Column("1 kB by file", "passing_s", name_of("file", 1)),
    Column("stored", "stored_bytes", name_of("value", 32_000, watched=True)),
    Column("largest", "largest_ok_mb", "value"),
)

LINE: Final = Line("kb", "{way}", slope="per_mb_ms", through="passing_s", per=KB)

SCENARIO = Scenario(
    name="payload",
    version=4,
    order=50,
    question="How does a table get from one task to the next, how fast, and how large may it be?",
    limits=(
        "A time for a frame holds the step itself, which an empty one takes too: what the frame adds is told per MB.",
        "Per MB is a slope: lost in noise means that the largest frame takes no plainly longer than the smallest.",
        "Memory is that of the whole engine, with all that the tool has loaded.",
        "One host and one file system: between machines a value in memory does not exist, and a store has to be shared.",
        "Airflow's XCom can carry a frame, but Airflow's documentation advises against large values.",
    ),
    options=Options,
    cases=cases,
    metrics=metrics,
    own_metrics=METRICS,
    columns=COLUMNS,
    curves=(Curve("from step to step", "size of the frame in kB", LINE, "passing_s", first=WAYS),),
    line=LINE,
    derive=derive,
    parameters=parameters,
    hooks=Hooks(variables=own_home),
    checks=CHECKS,
)
