"""How long does a task wait after the last of those that it needs, and does it matter how many these are?

Tasks side by side, and one behind them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final

import msgspec

from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import Case
from bench.scenarios.kit.check import Check, Seen, Verdict, lost
from bench.scenarios.kit.common_metrics import Metric
from bench.scenarios.kit.curve import Curve
from bench.scenarios.kit.derived import Derived, Medians
from bench.scenarios.kit.families import Line
from bench.scenarios.kit.formulas import Run
from bench.scenarios.kit.graphs import fan_in
from bench.scenarios.kit.scenario import Scenario
from bench.scenarios.kit.table import Column
from contract.workload import Workload


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a suite chooses."""

    parents: list[Annotated[int, msgspec.Meta(ge=2, le=100)]] = msgspec.field(default_factory=lambda: [2, 4, 8])


def name_of(parents: int) -> str:
    """Name a workload by how many tasks the last one waits for."""
    return f"joins_{parents}"


def cases(options: Options, capacity: Capacity) -> Sequence[Case]:
    """Return a graph for each number of parents."""
    return [Case(Workload(name_of(each), fan_in(each + 1)), {"parents": each}) for each in options.parents]


# The numbers -----------------------------------------------------------------------------------------------------------


def join_ms(run: Run) -> float | None:
    """Return how long the last task waited when nothing was left to wait for."""
    if not isinstance(run.work, Workload):
        return None
    last = run.work.nodes[-1]
    return (run.timeline.start(last.id) - max(run.timeline.end(parent) for parent in last.after)) / 1e6


METRICS: Final = (
    Metric("join_ms", "ms", "from the end of the last parent to the start of the task behind it", of=join_ms),
    Metric("join_growth", "x", "join_ms of the most parents over that of the fewest"),
    Metric("per_parent_ms", "ms", "slope of first_to_last_s over the number of parents"),
)

LINE: Final = Line("parents", "joins", slope="per_parent_ms")


def metrics(case: Case) -> Sequence[str]:
    """Return what a run yields."""
    return ("first_to_last_s", "join_ms")


def derive(medians: Medians) -> Iterable[Derived]:
    """Return how much longer the wait for many is than that for few."""
    sizes = sorted(int(axes["parents"]) for name in medians.workloads if "parents" in (axes := medians.axes(name)))
    if len(sizes) > 1:
        fewest, most = (medians.median(name_of(size), "join_ms") for size in (sizes[0], sizes[-1]))
        yield Derived(LINE.name, "join_growth", most.over(fewest))


# The checks ------------------------------------------------------------------------------------------------------------


def joined_task_runs_once(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """A task that waits for several others runs once, not once for each of them."""
    for each in runs:
        if (times := each.attempts.get(each.nodes[-1].id, 0)) > 1:
            return Verdict(False, f"{each.trial}: it ran {times} times")
    return lost(runs) or Verdict(True, f"{len(runs)} runs, such as {runs[0].trial}")


CHECKS: Final[Mapping[str, Check]] = {"joined_task_runs_once": Check((), joined_task_runs_once)}

SCENARIO = Scenario(
    name="joins",
    version=1,
    order=75,
    question="How long does a task wait after the last of those that it needs, and does it matter how many these are?",
    limits=("Tasks that depend on only some of the tasks before them are not asked about.",),
    options=Options,
    cases=cases,
    metrics=metrics,
    own_metrics=METRICS,
    line=LINE,
    derive=derive,
    columns=(
        Column("two parents", "join_ms", name_of(2)),
        Column("growth", "join_growth", LINE.name),
        Column("per parent", "per_parent_ms", LINE.name),
    ),
    curves=(Curve("wait for all", "parents", LINE, "join_ms"),),
    timeline=(name_of(8), name_of(4)),
    checks=CHECKS,
)
