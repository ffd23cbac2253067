"""What happens when a task fails: how often is it tried, after how long, and what else runs again?

A task fails a few times, every time, or with an error after which another try makes no sense; alone, or beside others.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Annotated, Final

import msgspec

from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import Case
from bench.scenarios.kit.check import Check, Seen, Verdict, lost, of
from bench.scenarios.kit.common_metrics import Metric
from bench.scenarios.kit.formulas import Run
from bench.scenarios.kit.scenario import Scenario
from bench.scenarios.kit.table import Column
from contract.workload import Fault, Node, Retry, Workload

FOR_EVER: Final = 1000

LONGER: Final = (0.25, 0.5, 1.0)
"""An explicit sequence of waits, in seconds."""

_BACKOFF: Final = "retries_backoff"
_DEFAULT: Final = "retries_default"


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a suite chooses."""

    delay_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 0.5
    """The constant wait."""
    backoff_tries: Annotated[int, msgspec.Meta(ge=1, le=4)] = 3
    """Retries with the tool's own exponential backoff, which begins with a second."""
    width: Annotated[int, msgspec.Meta(ge=2, le=50)] = 6
    """Tasks of the wide layer, half of which fail."""
    default_delay: bool = False
    """Whether to wait for the tool's own default delay too, which may be minutes."""


def cases(options: Options, capacity: Capacity) -> Sequence[Case]:
    """Return the graphs, with the faults in them."""
    constant = Retry(3, options.delay_s)
    wide = [Node(f"n{i}", after=("first",), retry=constant, fault=Fault(1) if i % 2 else None) for i in range(options.width)]
    tail = (Node("below", after=("faulty",)), Node("beside", after=("first",)))
    graphs = {
        "retries_recovers": (Node("first"), Node("faulty", after=("first",), retry=constant, fault=Fault(2)), *tail),
        "retries_sequence": (Node("faulty", retry=Retry(len(LONGER), delays_s=LONGER), fault=Fault(len(LONGER))),),
        _BACKOFF: (Node("faulty", retry=Retry(options.backoff_tries, 1, backoff=True), fault=Fault(options.backoff_tries)),),
        "retries_exhausted": (
            Node("first"),
            Node("faulty", after=("first",), retry=Retry(2, options.delay_s), fault=Fault(FOR_EVER)),
            *tail,
            Node("far_below", after=("below", "beside")),
        ),
        "retries_final": (
            Node("first"),
            Node("faulty", after=("first",), retry=constant, fault=Fault(FOR_EVER, final=True)),
            *tail,
        ),
        "retries_wide": (Node("first"), *wide, Node("last", after=tuple(node.id for node in wide))),
    }
    if options.default_delay:
        graphs[_DEFAULT] = (Node("faulty", retry=Retry(1, None), fault=Fault(1)),)
    return [Case(Workload(name, nodes)) for name, nodes in graphs.items()]


# The numbers -----------------------------------------------------------------------------------------------------------


def delay_error_ms(run: Run) -> float | None:
    """Return how much longer the waits were than those that were asked for."""
    errors = [
        1000 * (got - asked)
        for node in _tried_again(run)
        if node.retry
        for got, asked in zip(_waits_s(run, node), node.retry.asked_s, strict=False)
    ]
    return median(errors) if errors else None


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

METRICS: Final = (
    Metric(
        "delay_error_ms",
        "ms",
        "wait before a retry, minus the wait that was asked for (the run's median)",
        of=delay_error_ms,
    ),
    *(Metric(f"delay_{i + 1}_s", "s", f"wait before retry {i + 1}", of=delay_s(i)) for i in range(DELAYS)),
    Metric(
        "recovery_s",
        "s",
        "from the first failure to the start of the try that succeeded (the slowest node)",
        of=recovery_s,
    ),
)


def metrics(case: Case) -> Sequence[str]:
    """Return the metrics of a run; the waits are separate where only one node is tried again, each time after another."""
    if case.name == "retries_final":
        return ("attempts",)
    if case.name == "retries_exhausted":
        return ("attempts", "delay_error_ms")
    if case.name == "retries_recovers":
        return ("attempts", "delay_error_ms", "recovery_s")
    retries = [node.retry for node in case.work.nodes if node.retry] if isinstance(case.work, Workload) else []
    waits = [f"delay_{i + 1}_s" for i in range(retries[0].times)] if len(retries) == 1 else []
    # Nobody asked for a wait where the tool has a default.
    error = [] if case.name == _DEFAULT else ["delay_error_ms"]
    return ("attempts", *error, *waits, "recovery_s")


# The checks ------------------------------------------------------------------------------------------------------------


def tried_as_often_as_needed(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """A body that fails k times runs exactly k+1 times."""
    recovering = [run for case in ("retries_recovers", "retries_sequence", _BACKOFF) for run in of(case, runs)]
    for run in recovering:
        asked = next(node.fault.attempts for node in run.nodes if node.fault) + 1
        if run.attempts and run.attempts.get("faulty") != asked:
            return Verdict(False, f"{run.trial}: it ran {run.attempts.get('faulty', 0)} times, and {asked} were needed")
    return lost(recovering) or Verdict(True, f"{len(recovering)} runs, such as {recovering[0].trial}")


def nothing_else_runs_again(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """No task before a failed one or beside it runs a second time."""
    failing = [run for case in ("retries_recovers", "retries_exhausted", "retries_wide") for run in of(case, runs)]
    for run in failing:
        for node in run.nodes:
            if not node.fault and run.attempts.get(node.id, 0) > 1:
                return Verdict(False, f"{run.trial}: {node.id}, which did not fail, ran {run.attempts[node.id]} times")
    return lost(failing) or Verdict(True, f"{len(failing)} runs, such as {failing[0].trial}")


def nothing_below_a_failure_runs(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """After the last try of a task has failed, only tasks that do not wait for it run, and the run fails."""
    exhausted = of("retries_exhausted", runs)
    for run in exhausted:
        if below := {"below", "far_below"} & run.attempts.keys():
            return Verdict(False, f"{run.trial}: {min(below)} ran, although what it waits for had failed")
        if run.attempts and "beside" not in run.attempts:
            return Verdict(False, f"{run.trial}: beside did not run, although it waits for nothing that failed")
        if run.timeline.state == "succeeded":
            return Verdict(False, f"{run.trial}: the tool calls the run succeeded")
    return lost(exhausted) or Verdict(True, f"{len(exhausted)} runs, such as {exhausted[0].trial}")


def final_error_is_tried_once(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """An error after which another try makes no sense is not tried again, although the task has retries."""
    final = of("retries_final", runs)
    for run in final:
        if (times := run.attempts.get("faulty", 0)) > 1:
            return Verdict(False, f"{run.trial}: it was tried {times} times")
    return lost(final) or Verdict(True, f"{len(final)} runs, such as {final[0].trial}: once")


EARLY_S: Final = 0.02
"""How much too short a wait may be: the grain of a clock or of a scheduler."""


def constant_waits_are_kept(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """No retry comes before the end of the wait that was asked for, the same one before each retry."""
    return _waits_are_kept(of("retries_recovers", runs))


def sequences_of_waits_are_kept(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """No retry comes before the end of the wait that was asked for, another one before each retry."""
    return _waits_are_kept(of("retries_sequence", runs))


def _waits_are_kept(asked_for: Sequence[Seen]) -> Verdict:
    for run in asked_for:
        node = next(node for node in run.nodes if node.id == "faulty")
        tries = run.timeline.attempts.get("faulty", [])
        asked_s = node.retry.asked_s if node.retry else ()
        for number, (before, after, asked) in enumerate(zip(tries, tries[1:], asked_s, strict=False), 1):
            got = (after.started - (before.ended or before.started)) / 1e9
            if got < asked - EARLY_S:
                return Verdict(False, f"{run.trial}: retry {number} came after {got:.2f} s, and {asked:g} s were asked for")
    return lost(asked_for) or Verdict(True, f"{len(asked_for)} runs, such as {asked_for[0].trial}")


CHECKS: Final[Mapping[str, Check]] = {
    judge.__name__: Check(needs, judge)
    for judge, needs in (
        (tried_as_often_as_needed, ("retries_recovers", "retries_sequence", _BACKOFF)),
        (nothing_else_runs_again, ("retries_recovers", "retries_exhausted", "retries_wide")),
        (nothing_below_a_failure_runs, ("retries_exhausted",)),
        (final_error_is_tried_once, ("retries_final",)),
        (constant_waits_are_kept, ("retries_recovers",)),
        (sequences_of_waits_are_kept, ("retries_sequence",)),
    )
}

COLUMNS: Final = (
    Column("late, constant wait", "delay_error_ms", "retries_recovers"),
    Column("late, sequence", "delay_error_ms", "retries_sequence"),
    Column("backoff, 1st wait", "delay_1_s", _BACKOFF),
    Column("2nd", "delay_2_s", _BACKOFF),
    Column("3rd", "delay_3_s", _BACKOFF),
    Column("recovery, wide", "recovery_s", "retries_wide"),
)

SCENARIO = Scenario(
    name="retries",
    version=1,
    order=20,
    question="What happens when a task fails: how often is it tried, after how long, and what else runs again?",
    limits=(
        "Tasks fail by an exception: a process that is killed, or a machine that goes away, is another question.",
        "Nothing is said of retries of whole runs, which all three have in some form.",
        "Airflow draws the backoff from a hash that is the same in every run here: the interval hides the spread.",
    ),
    options=Options,
    cases=cases,
    metrics=metrics,
    own_metrics=METRICS,
    columns=COLUMNS,
    timeline=("retries_recovers",),
    checks=CHECKS,
)
