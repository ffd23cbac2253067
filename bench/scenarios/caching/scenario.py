"""When is a result that was computed before used again, and is it ever the wrong one?

The steps begin -> compute -> use run again and again: with nothing changed, in a new process, with another input, after
the author has edited the task or a function that it calls, when the result is too old, gone or broken, and twice at the same
moment. The mechanisms of the tools are not the same thing: a cache of results, the materialization of what has changed, or
a few lines written by hand. What a result goes by has two forms: the usual one, with which the tool's guide begins, and the
hash of the whole source file, for which their documentation leaves room.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from bench.scenarios.caching.cases import WARM, Options, cases, parameters
from bench.scenarios.caching.checks import CHECKS
from bench.scenarios.kit.case import Case
from bench.scenarios.kit.common_metrics import Metric
from bench.scenarios.kit.derived import Derived, Medians
from bench.scenarios.kit.formulas import Run
from bench.scenarios.kit.hooks import Hooks, Surroundings, Touch, own_home
from bench.scenarios.kit.scenario import Scenario
from bench.scenarios.kit.table import Column
from contract.pipeline import Pipeline


@contextmanager
def around(case: Case, parameters: Mapping[str, Any], surroundings: Surroundings) -> Iterator[Touch]:
    """Weigh the files of results that the runs write, for the first time or again."""
    before = surroundings.kept()
    touch = Touch()
    yield touch
    written = sum(size for file, (size, changed) in surroundings.kept().items() if before.get(file) != (size, changed))
    if written:
        touch.facts["kept_bytes"] = written


# The numbers -----------------------------------------------------------------------------------------------------------


def ready_s(run: Run) -> float:
    """Return how long it took until the result was used, or until there was nothing to do."""
    ready = run.timeline.last_end if run.timeline.bodies else run.settled
    return (ready - run.submitted) / 1e9


def begin_to_use_s(run: Run) -> float | None:
    """Return how long the run took from the first step on until the result was used, if it ran both."""
    timeline = run.timeline
    if not (timeline.attempts.get("begin") and timeline.attempts.get("use")):
        return None
    return (timeline.end("use") - timeline.start("begin")) / 1e9


def bodies_run(run: Run) -> float:
    """Return how often the body with the kept result ran."""
    return len(run.timeline.attempts.get("compute", ()))


def hit_cost_ms(run: Run) -> float | None:
    """Return what the kept result cost, if a run used it."""
    timeline = run.timeline
    if timeline.attempts.get("compute") or not (timeline.attempts.get("begin") and timeline.attempts.get("use")):
        return None  # it was computed, or no run was launched
    return (timeline.start("use") - timeline.end("begin")) / 1e6


def nothing_to_do_ms(run: Run) -> float | None:
    """Return how long it took to find out that there was nothing to do, if no body ran."""
    return None if run.timeline.bodies else (run.settled - run.submitted) / 1e6


METRICS: Final = (
    Metric(
        "ready_s",
        "s",
        "from the submission to the result having been used, or to the tool saying that there was nothing to do",
        of=ready_s,
        waits=True,
        perhaps_at_once=True,
    ),
    Metric(
        "begin_to_use_s",
        "s",
        "from the start of the step before the kept one to the result having been used: no wait for a poll is in it",
        of=begin_to_use_s,
        lack="no run was launched, or none ran all the way",
    ),
    Metric("bodies_run", "runs", "how often the body ran whose result is kept", of=bodies_run),
    Metric(
        "hit_cost_ms",
        "ms",
        "from the end of the step before the kept one to the start of the one after it, in a run that takes the kept result",
        of=hit_cost_ms,
        lack="no run took a kept result: the body ran, or no run was launched",
    ),
    Metric(
        "nothing_to_do_ms",
        "ms",
        "from the submission to the decision that nothing is to be done, where no run is launched",
        of=nothing_to_do_ms,
        lack="a run was launched",
        waits=True,
        perhaps_at_once=True,
    ),
    Metric(
        "warm_speedup",
        "x",
        "begin_to_use_s of the first run over that of one that finds the result: neither holds a wait for a poll",
        "higher",
    ),
)


def metrics(case: Case) -> Sequence[str]:
    """Return the metrics of a run."""
    if case.name in WARM:
        return ("ready_s", "begin_to_use_s", "bodies_run", "hit_cost_ms", "nothing_to_do_ms")
    return ("ready_s", "begin_to_use_s", "bodies_run", "stored_bytes") if case.name == "cold" else ("bodies_run",)


def derive(medians: Medians) -> Iterable[Derived]:
    """Return how much faster the second run is; after a restart, the comparison would be one of imports.

    Both begin with the first body: what comes before is a wait for a poll, where an engine polls.
    """
    if {"cold", "warm"} <= set(medians.workloads):
        speedup = medians.median("cold", "begin_to_use_s").over(medians.median("warm", "begin_to_use_s"))
        yield Derived("warm", "warm_speedup", speedup)


# What is shown ---------------------------------------------------------------------------------------------------------

COLUMNS: Final = (
    Column("a hit in a run", "hit_cost_ms", "warm"),
    Column("nothing to do, no run", "nothing_to_do_ms", "warm"),
    Column("first run", "begin_to_use_s", "cold"),
    Column("second run", "begin_to_use_s", "warm"),
    Column("speed-up", "warm_speedup", "warm"),
    Column("a hit in a new process", "hit_cost_ms", "warm_new_process"),
    Column("stored", "stored_bytes", "cold"),
)

SCENARIO = Scenario(
    name="caching",
    version=2,
    order=30,
    question="When is a result that was computed before used again, and is it ever the wrong one?",
    limits=(
        "Nothing is said of a cache that many machines share, or of one that nobody ever cleans.",
        "Where a changed helper is not seen, the tool does as it says: it is what a user meets who trusts the word cache.",
        "Where no asset is stale, Dagster launches no run: its time is that of deciding that nothing is to be done.",
        "In Airflow the task itself finds the result: a hit is two transitions between tasks, which overhead measures too.",
        "Results expire after a second here; a tool with a longer least age is not asked.",
        "The speed-up depends on how long the work takes, here half a second; the cost of a hit does not.",
    ),
    options=Options,
    cases=cases,
    metrics=metrics,
    own_metrics=METRICS,
    columns=COLUMNS,
    derive=derive,
    hooks=Hooks(around=around, variables=own_home),
    warmups=(Case(Pipeline("warm_up_cached", "cached", {"value": 0})),),
    parameters=parameters,
    in_order=True,
    checks=CHECKS,
)
