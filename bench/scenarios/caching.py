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

import msgspec

from bench.events.verification import AS_ASKED, Expectation
from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import ONCE, Case
from bench.scenarios.kit.check import Check, Seen, Verdict, lost, of
from bench.scenarios.kit.common_metrics import Metric
from bench.scenarios.kit.derived import Derived, Medians
from bench.scenarios.kit.draw import Draw, seed_of
from bench.scenarios.kit.formulas import Run
from bench.scenarios.kit.hooks import Hooks, Surroundings, Touch, own_home
from bench.scenarios.kit.procedures import Before, Once, Procedure, SeveralAtOnce
from bench.scenarios.kit.scenario import Scenario
from bench.scenarios.kit.table import Column
from contract.editions import FIRST
from contract.pipeline import STEPS, Pipeline

ANY: Final = tuple(STEPS["cached"])
"""The steps that may be skipped where a result is kept: if nothing has changed, some tools run nothing at all."""

EXPIRES_S: Final = 1

WARM: Final = ("warm", "warm_new_process")


COMPUTES: Final = frozenset({"cold", "to_expire", "unhashable", "unhashable_again", "by_file"})
"""The cases in which there is no result that could be used."""


def _case(name: str, value: int, procedure: Procedure = ONCE, **other: bool) -> Case:
    expectation = AS_ASKED if name in COMPUTES else Expectation(may_skip=ANY)
    form = "by_file" if other.get("by_file") else "usual"
    return Case(Pipeline(name, "cached", {"value": value, **other}), {"form": form}, procedure, expectation)


def _after(**before: Any) -> Once:
    return Once(Before(**before))


EVERY: Final = (
    _case("cold", 1),
    _case("warm", 1),
    _case("warm_new_process", 1, _after(new_process=True)),
    # The helper comes first: a tool that sees an edited body computes with whatever helper there is by then.
    _case("changed_helper", 1, _after(editions={"helper": 2})),
    _case("changed_body", 1, _after(editions={"body": 2})),
    _case("changed_input", 2),
    _case("deleted", 2, _after(spoil="delete")),
    _case("corrupted", 2, _after(spoil="corrupt")),
    _case("to_expire", 3, _after(editions={"KEPT_S": EXPIRES_S})),
    _case("expired", 3, _after(wait_s=EXPIRES_S + 0.5, editions={"KEPT_S": EXPIRES_S})),
    _case("two_at_once", 4, SeveralAtOnce(runs=2, meet="begin")),
    _case("unhashable", 5, unhashable=True),
    _case("unhashable_again", 5, unhashable=True),
    _case("by_file", 6, by_file=True),
    _case("by_file_again", 6, by_file=True),
    _case("by_file_changed_helper", 6, _after(editions={"helper": 2}), by_file=True),
)
"""The cases in their order: each builds on what those before it left."""

NEEDS: Final = {
    "warm": "cold",
    "warm_new_process": "cold",
    "changed_helper": "cold",
    "changed_body": "cold",
    "deleted": "changed_input",
    "corrupted": "changed_input",
    "expired": "to_expire",
    "unhashable_again": "unhashable",
    "by_file_again": "by_file",
    "by_file_changed_helper": "by_file",
}


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a suite chooses."""

    cases: list[str] = []
    """Only these; all, if none is named."""

    def __post_init__(self) -> None:
        names = [case.name for case in EVERY]
        if unknown := set(self.cases) - set(names):
            raise ValueError(f"there is no case {min(unknown)!r}; there are {', '.join(names)}")
        for case in self.cases:
            if (needed := NEEDS.get(case)) and needed not in self.cases:
                raise ValueError(f"the case {case} builds on what {needed} leaves; name that too")


def cases(options: Options, capacity: Capacity) -> Sequence[Case]:
    """Return the runs of one sequence."""
    return [case for case in EVERY if not options.cases or case.name in options.cases]


def parameters(pipeline: Pipeline, draw: Draw) -> Mapping[str, object]:
    """Return the parameters of a run: a value that no other sequence has, so that none finds the results of another."""
    return {**pipeline.parameters, "value": _value(pipeline, draw.seed)}


def _value(pipeline: Pipeline, seed: int) -> int:
    return seed * 100 + int(pipeline.parameters["value"])


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


# The checks ------------------------------------------------------------------------------------------------------------


def unchanged_is_not_computed_again(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """While nothing has changed, the body does not run again, in the same process or in another one."""
    warm = [run for case in WARM for run in of(case, runs)]
    return _computed_again(warm) or _right("", warm, runs)


def changed_input_is_seen(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """With another input there is another result."""
    return _right("changed_input", [], runs)


def changed_body_is_seen(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """When the author has edited the task itself, its old result is not used any more."""
    return _right("changed_body", [], runs)


def changed_helper_is_seen(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """When the author has edited a function that the task calls, the old result is not used any more."""
    return _right("changed_helper", [], runs)


def changed_helper_is_seen_by_file(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """Where a result goes by the whole source file, an edited function in it is seen, and an unchanged file is a hit."""
    again = of("by_file_again", runs)
    return _computed_again(again) or _right("", [*again, *of("by_file_changed_helper", runs)], runs)


def expired_is_computed_again(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """A result that is older than its author allows is not used any more."""
    expired = of("expired", runs)
    if kept := next((run for run in expired if not run.problem and not _computed(run)), None):
        return Verdict(False, f"{kept.trial}: the body did not run, although the result was too old")
    return _right("", expired, runs)


def spoiled_is_computed_again(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """A result whose file is gone or broken is made anew."""
    spoiled = [run for case in ("deleted", "corrupted") for run in of(case, runs)]
    for run in spoiled:
        if run.problem:
            return Verdict(False, f"{run.trial}: {run.problem}")
        if not run.facts.get("spoiled"):
            return Verdict(False, f"{run.trial}: no file was found that could be {run.case}", observed=False)
        if not _computed(run):
            return Verdict(False, f"{run.trial}: the body did not run, although its result is {run.case}")
    return _right("", spoiled, runs)


def two_at_once_compute_once(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """Of two runs that want the same result at the same moment, one computes it, and the other waits for it."""
    both = of("two_at_once", runs)
    for run in both:
        begun = run.timeline.attempts.get("begin", [])
        if len(begun) > 1 and max(body.started for body in begun) > min(body.ended or body.started for body in begun):
            return Verdict(False, f"{run.trial}: the runs did not meet: one was made after the other", observed=False)
    if twice := next((run for run in both if _computed(run) > 1), None):
        return Verdict(False, f"{twice.trial}: the body ran {_computed(twice)} times")
    return _right("", both, runs)


def unhashable_input_is_computed(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """With an input that cannot be hashed, the body runs every time."""
    unhashable = [run for case in ("unhashable", "unhashable_again") for run in of(case, runs)]
    if kept := next((run for run in unhashable if not run.problem and not _computed(run)), None):
        return Verdict(False, f"{kept.trial}: the body did not run, although nothing tells what it was given")
    return _right("", unhashable, runs)


def _computed(seen: Seen) -> int:
    return seen.attempts.get("compute", 0)


def _computed_again(unchanged: Sequence[Seen]) -> Verdict | None:
    """Return a verdict if the body ran in a run before which nothing had changed."""
    again = next((run for run in unchanged if _computed(run)), None)
    return Verdict(False, f"{again.trial}: the body ran, although nothing had changed") if again else None


def _right(case: str, chosen: Sequence[Seen], runs: Sequence[Seen]) -> Verdict:
    """Judge whether the result that was used last is the right one, after each of the runs."""
    judged = chosen or of(case, runs)
    if problem := lost(judged):
        return problem
    for run in judged:
        used, expected = _used_last(run, runs), result_of(run.asked, run.round, run.repeat)
        if used != expected:
            ran = "ran" if _computed(run) else "did not run"
            return Verdict(False, f"{run.trial}: the body {ran}, and {used} is used in the place of {expected}")
    counts = ", ".join(f"{run.trial}: the body ran {_computed(run)} times" for run in judged[:2])
    return Verdict(True, f"{len(judged)} runs, such as {counts}")


def result_of(case: Case, round_: int, repeat: int) -> str:
    """Return the right result: the input, the edition of the helper, the edition of the body."""
    editions = dict(FIRST)
    if isinstance(case.procedure, Once):
        editions |= case.procedure.before.editions
    value = _value(case.work, seed_of(round_, repeat)) if isinstance(case.work, Pipeline) else 0
    return f"{value}/{editions['helper']}/{editions['body']}"


def _used_last(seen: Seen, runs: Sequence[Seen]) -> str:
    """Return the result that was used last, in this run or before: where nothing runs, the old result is still in use."""
    sequence = [run for run in runs if (run.round, run.repeat) == (seen.round, seen.repeat) and run.number <= seen.number]
    users = [run for run in sequence if run.attempts.get("use")]
    last = max(users, key=lambda run: run.number, default=None)
    return last.timeline.attempts["use"][-1].token if last else "nothing"


CHECKS: Final[Mapping[str, Check]] = {
    judge.__name__: Check(needs, judge)
    for judge, needs in (
        (unchanged_is_not_computed_again, ("warm",)),
        (changed_input_is_seen, ("changed_input",)),
        (changed_body_is_seen, ("changed_body",)),
        (changed_helper_is_seen, ("changed_helper",)),
        (changed_helper_is_seen_by_file, ("by_file_again", "by_file_changed_helper")),
        (expired_is_computed_again, ("expired",)),
        (spoiled_is_computed_again, ("deleted", "corrupted")),
        (two_at_once_compute_once, ("two_at_once",)),
        (unhashable_input_is_computed, ("unhashable", "unhashable_again")),
    )
}

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
