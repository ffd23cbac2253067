"""A forecast: how long a plan will take and how much disk it needs, before anything has started.

The times are those of a recorded run. A setup that the run does not know, such as one of a tool that somebody added, gets
the times of the setups that have most in common with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from bench.base.problem import Problem
from bench.plan import warmups
from bench.plan.plan import Plan, Start, Trial
from bench.plan.setup import Setup
from bench.plan.tools import ROOT
from bench.scenarios import SCENARIOS, Case
from bench.scenarios.kit.case import OWN_WIDTH, WIDTH
from bench.scenarios.kit.procedures import KillAndRestart, Once, SeveralAtOnce
from bench.store.folder import RunFolder
from bench.store.place import SPACE_NEEDED
from bench.store.records import RunRecord
from bench.store.rows import Results
from contract.pipeline import Pipeline
from contract.workload import Node, Workload

SAMPLE: Final = ROOT / "reports" / "sample"
"""The run that a forecast learns from."""

LEAST_S: Final = 0.01
"""Even a run that does nothing is submitted, looked at and written down."""

IN_COMMON: Final = (
    ("orchestrator", "tier", "profile", "deployment", "database"),
    ("orchestrator", "tier", "profile", "deployment"),
    ("orchestrator", "tier", "profile"),
    ("orchestrator", "tier"),
    ("tier", "profile"),
    ("tier",),
    (),
)
"""What two setups may have in common, the closest first."""


# What a recorded run tells ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pace:
    """How long a setup takes."""

    setup: Setup
    ready_s: float
    """From the start of the engine until it takes work."""
    run_s: float | None
    """A run takes so long, however few tasks it has."""
    task_s: float | None
    """Each task adds so much, beside its own work."""
    pipelines: Mapping[str, float]
    """A run of a pipeline, by name: much of it is the work of the steps, of which a plan knows nothing."""


def paces(run: RunRecord, results: Results) -> list[Pace]:
    """Learn from a recorded run how long each of its setups takes."""
    cases = {name: case.at({}) for name, case in run.cases.items()}
    graphs: dict[Setup, list[tuple[int, float]]] = defaultdict(list)
    pipelines: dict[Setup, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    engines = {engine.setup.key: engine for engine in results.engines}
    for setup, name, width, seconds in _times(results, run.width):
        if name not in cases or setup.key not in engines:  # a family of cases, or no setup but the tool as such
            continue
        engine, case = engines[setup.key].setup, cases[name]
        if isinstance(case.work, Pipeline):
            pipelines[engine][case.work.pipeline].append(seconds)
        else:
            graphs[engine].append((_tasks(case), seconds - _work_s(case.work, width, run.cpu_rounds_per_s)))
    return [
        Pace(
            engine.setup,
            engine.ready_s,
            *_line(graphs[engine.setup]),
            {name: median(times) for name, times in pipelines[engine.setup].items()},
        )
        for engine in engines.values()
    ]


def recorded(folder: Path = SAMPLE) -> list[Pace]:
    """Return what the sample tells; nothing, in a checkout without one."""
    sample = RunFolder(folder)
    try:
        return paces(sample.run(), sample.results())
    except Problem:
        return []


def _times(results: Results, width: int) -> Iterator[tuple[Setup, str, int, float]]:
    """Yield setup, case, width, and the time from the submission until the tool called the run over."""
    metrics: dict[tuple[Setup, str, int], dict[str, float]] = defaultdict(dict)
    for row in results.estimates:
        if row.median is not None and OWN_WIDTH not in row.axes:
            metrics[row.setup, row.workload, int(row.axes.get(WIDTH, width))][row.metric] = row.median
    for key, values in metrics.items():
        if (makespan_s := values.get("makespan_s")) is not None:
            yield *key, makespan_s + values.get("finish_lag_s", 0.0)


def _line(points: Sequence[tuple[int, float]]) -> tuple[float | None, float | None]:
    """Return the cost of a run and of a task, neither below zero; nothing, unless there are graphs of two sizes.

    A graph counts the less, the more tasks it has: its time varies with them.
    """
    if len({tasks for tasks, _ in points}) < 2:
        return None, None
    weight = sum(1 / tasks for tasks, _ in points)
    tasks_mean = len(points) / weight
    seconds_mean = sum(seconds / tasks for tasks, seconds in points) / weight
    spread = sum((tasks - tasks_mean) ** 2 / tasks for tasks, _ in points)
    slope = sum((tasks - tasks_mean) * (seconds - seconds_mean) / tasks for tasks, seconds in points) / spread
    if slope < 0:
        return max(seconds_mean, 0.0), 0.0
    if (run_s := seconds_mean - slope * tasks_mean) < 0:
        return 0.0, sum(seconds for _, seconds in points) / sum(tasks for tasks, _ in points)
    return run_s, slope


# What a case asks for --------------------------------------------------------------------------------------------------


def _tasks(case: Case) -> int:
    """Return how many tasks a run of the case has; a task that is tried again counts again."""
    if isinstance(case.work, Pipeline):
        return len(case.steps) + sum(case.work.faults.values())
    return sum(1 + _failures(node) for node in case.work.nodes)


def _failures(node: Node) -> int:
    return min(node.fault.attempts, node.retry.times) if node.fault and node.retry else 0


def _work_s(work: Workload, width: int, cpu_rounds_per_s: float) -> float:
    """Return how long the bodies and the waits between tries take where a task costs nothing."""
    ends: dict[str, float] = {}
    busy = 0.0
    for node in work.nodes:
        body = node.params.get("seconds", 0.0) + node.params.get("rounds", 0.0) / cpu_rounds_per_s
        waits = sum(node.retry.asked_s[: _failures(node)]) if node.retry else 0.0
        ends[node.id] = max((ends[parent] for parent in node.after), default=0.0) + body + waits
        busy += body
    return max(busy / width, *ends.values())


def _restarts(case: Case) -> bool:
    """Whether an engine, or a service of it, starts anew for the case."""
    match case.procedure:
        case Once(before=before):
            return before.new_process
        case KillAndRestart():
            return True
    return False


# The forecast ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StartForecast:
    """An engine start, with the runs that are still to be made in it."""

    start: Start
    trials: Mapping[str, float]
    """Seconds of each run. Those of the first one include all that comes before it: the engine's start, and warm-ups."""

    @property
    def seconds(self) -> float:
        """How long all of it takes."""
        return sum(self.trials.values())


@dataclass(frozen=True)
class Forecast:
    """What a plan will take."""

    starts: Sequence[StartForecast]
    disk_bytes: int
    """At the peak."""
    is_informed: bool
    """Whether there is a recorded run to learn from."""

    @property
    def seconds(self) -> float:
        """How long all of it takes."""
        return sum(each.seconds for each in self.starts)

    @property
    def runs(self) -> int:
        """How many runs are to be made, without warm-ups."""
        return sum(len(each.trials) for each in self.starts)


def of(plan: Plan, cpu_rounds_per_s: float, known: Sequence[Pace], done: Collection[str] = ()) -> Forecast:
    """Return the forecast of a plan, less the trials that are done."""
    forecaster = _Forecaster(known, cpu_rounds_per_s)
    starts = [
        StartForecast(start, forecaster.seconds(start, todo))
        for start in plan.starts
        if (todo := [trial for trial in start.trials if trial.id not in done])
    ]
    return Forecast(starts, disk_bytes(plan), is_informed=bool(known))


def disk_bytes(plan: Plan) -> int:
    """Return how much disk a plan needs at the peak."""
    return SPACE_NEEDED + sum(SCENARIOS[trial.scenario].hooks.leaves_bytes for trial in plan.trials)


@dataclass(frozen=True)
class _Forecaster:
    known: Sequence[Pace]
    cpu_rounds_per_s: float
    found: dict[tuple[Setup, str], float | None] = field(default_factory=dict)
    """What was looked up before: a plan has few setups, and thousands of trials."""

    def seconds(self, start: Start, todo: Sequence[Trial]) -> dict[str, float]:
        """Return the seconds of each trial."""
        seconds = {trial.id: self._trial_s(start, trial) for trial in todo}
        scenarios = {trial.scenario for trial in todo}
        before = [each for each in start.warmups if each.case.name in warmups.NAMES or each.scenario in scenarios]
        seconds[todo[0].id] += self._ready_s(start.setup) + sum(self._trial_s(start, each) for each in before)
        return seconds

    def _trial_s(self, start: Start, trial: Trial) -> float:
        case, asked = trial.case, trial.case.procedure
        run_s = min(self._run_s(start, case), start.limit_s)
        runs = max(1.0, asked.runs / start.width) if isinstance(asked, SeveralAtOnce) else asked.runs
        waits_s = start.spread_s / 2 if trial.phase is not None else 0.0
        waits_s += asked.before.wait_s if isinstance(asked, Once) else 0.0
        restart_s = self._ready_s(start.setup) if _restarts(case) else 0.0
        return LEAST_S + waits_s + restart_s + runs * run_s

    def _run_s(self, start: Start, case: Case) -> float:
        setup, work = start.setup, case.work
        if isinstance(work, Pipeline):
            known = self._like(setup, f"pipeline {work.pipeline}", lambda pace: pace.pipelines.get(work.pipeline))
            if known is not None:
                return known
        own_s = 0.0 if isinstance(work, Pipeline) else _work_s(work, start.width, self.cpu_rounds_per_s)
        run_s = self._like(setup, "run", lambda pace: pace.run_s) or 0.0
        task_s = self._like(setup, "task", lambda pace: pace.task_s) or 0.0
        return run_s + task_s * _tasks(case) + own_s

    def _ready_s(self, setup: Setup) -> float:
        return self._like(setup, "ready", lambda pace: pace.ready_s) or 0.0

    def _like(self, setup: Setup, what: str, value: Callable[[Pace], float | None]) -> float | None:
        """Return the median over the setups that have most in common with this one, of those for which it is known."""
        if (setup, what) not in self.found:
            values = ([value(pace) for pace in alike] for alike in _alike(setup, self.known))
            informed = ([each for each in some if each is not None] for some in values)
            self.found[setup, what] = next((median(some) for some in informed if some), None)
        return self.found[setup, what]


def _alike(setup: Setup, known: Sequence[Pace]) -> Iterator[list[Pace]]:
    """Yield the setups that have something in common with this one: the closest first, and of these the usual ones."""
    for keys in IN_COMMON:
        alike = [pace for pace in known if all(getattr(pace.setup, key) == getattr(setup, key) for key in keys)]
        yield [pace for pace in alike if pace.setup.default]
        yield alike
