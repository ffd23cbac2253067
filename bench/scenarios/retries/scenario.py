"""What happens when a task fails: how often is it tried, after how long, and what else runs again?

A task fails a few times, every time, or with an error after which another try makes no sense; alone, or beside others.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from statistics import mean, median
from typing import Final

from bench.scenarios.kit.case import Case
from bench.scenarios.kit.common_metrics import Metric
from bench.scenarios.kit.formulas import Run
from bench.scenarios.kit.scenario import Scenario
from bench.scenarios.kit.table import Column
from bench.scenarios.retries.cases import (
    BACKOFF,
    DEFAULT,
    EXHAUSTED,
    FINAL,
    RECOVERS,
    SEQUENCE,
    SPREAD,
    WIDE,
    Options,
    cases,
)
from bench.scenarios.retries.checks import CHECKS
from contract.workload import Node, Workload


def delay_error_ms(run: Run) -> float | None:
    """Return how much longer the waits were than those that were asked for, on average."""
    errors = [
        1000 * (got - asked)
        for node in _tried_again(run)
        if node.retry
        for got, asked in zip(_waits_s(run, node), node.retry.asked_s, strict=False)
    ]
    return mean(errors) if errors else None


def delay_s(number: int) -> Callable[[Run], float | None]:
    """Return the formula of the wait before a retry; retries are counted from zero."""

    def yielded(run: Run) -> float | None:
        by_node = [_waits_s(run, node) for node in _tried_again(run)]
        waits = [waits[number] for waits in by_node if len(waits) > number]
        return median(waits) if waits else None

    return yielded


def recovery_s(run: Run) -> float | None:
    """Return how long the slowest node took from the first failure to the try that succeeded."""
    by_node = [run.timeline.attempts[node.id] for node in _tried_again(run)]
    spans = [tries[-1].started - (tries[0].ended or tries[0].started) for tries in by_node if not tries[-1].error]
    return max(spans) / 1e9 if spans else None


def _tried_again(run: Run) -> list[Node]:
    nodes = run.work.nodes if isinstance(run.work, Workload) else ()
    return [node for node in nodes if len(run.timeline.attempts.get(node.id, ())) > 1]


def _waits_s(run: Run, node: Node) -> list[float]:
    """Return how long the tool waited before each further try of a node."""
    tries = run.timeline.attempts[node.id]
    return [(after.started - (before.ended or before.started)) / 1e9 for before, after in itertools.pairwise(tries)]


DELAYS: Final = 4
"""How many waits of a node have a metric each."""

# None is divided: each holds the wait that was asked for, or the phase in which a loop was met.
METRICS: Final = (
    Metric(
        "delay_error_ms",
        "ms",
        "wait before a retry, minus the wait that was asked for (the run's mean)",
        of=delay_error_ms,
        alone=True,
    ),
    *(Metric(f"delay_{i + 1}_s", "s", f"wait before retry {i + 1}", of=delay_s(i), alone=True) for i in range(DELAYS)),
    Metric(
        "recovery_s",
        "s",
        "from the first failure to the start of the try that succeeded (the slowest node)",
        of=recovery_s,
        alone=True,
    ),
)


def metrics(case: Case) -> Sequence[str]:
    """Return the metrics of a run; the waits are separate where only one node is tried again, each time after another."""
    if case.name == FINAL:
        return ("attempts",)
    if case.name in {EXHAUSTED, SPREAD}:
        return ("attempts", "delay_error_ms")
    if case.name == RECOVERS:
        return ("attempts", "delay_error_ms", "recovery_s")
    retries = [node.retry for node in case.work.nodes if node.retry] if isinstance(case.work, Workload) else []
    waits = [f"delay_{i + 1}_s" for i in range(retries[0].times)] if len(retries) == 1 else []
    # Nobody asked for a wait where the tool has a default.
    error = [] if case.name == DEFAULT else ["delay_error_ms"]
    return ("attempts", *error, *waits, "recovery_s")


COLUMNS: Final = (
    Column("late, on average", "delay_error_ms", SPREAD),
    Column("late, equal waits", "delay_error_ms", RECOVERS),
    Column("late, sequence", "delay_error_ms", SEQUENCE),
    Column("backoff, 1st wait", "delay_1_s", BACKOFF),
    Column("2nd", "delay_2_s", BACKOFF),
    Column("3rd", "delay_3_s", BACKOFF),
    Column("recovery, wide", "recovery_s", WIDE),
)

SCENARIO = Scenario(
    name="retries",
    version=2,
    order=20,
    question="What happens when a task fails: how often is it tried, after how long, and what else runs again?",
    limits=(
        "How late a retry comes depends on when an engine looks: only the mean over spread waits tells tools apart.",
        "Tasks fail by an exception: a process that is killed, or a machine that goes away, is another question.",
        "Nothing is said of retries of whole runs, which all three have in some form.",
        "Airflow draws the backoff from a hash that is the same in every run here: the interval hides the spread.",
    ),
    options=Options,
    cases=cases,
    metrics=metrics,
    own_metrics=METRICS,
    columns=COLUMNS,
    timeline=(RECOVERS,),
    checks=CHECKS,
)
