"""Can a run be told what to do, and what happens to a parameter that is wrong?

The churn training runs with none, one and several parameters overridden, and with a value of the wrong type, a value out of
range and a name that nobody knows. The sooner a tool refuses a wrong parameter, the cheaper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from bench.events.verification import Expectation
from bench.scenarios import churn
from bench.scenarios.churn import runs
from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import Case
from bench.scenarios.kit.check import Check, Seen, Verdict, lost, of
from bench.scenarios.kit.common_metrics import Metric
from bench.scenarios.kit.formulas import Run
from bench.scenarios.kit.scenario import Scenario
from bench.scenarios.kit.table import Column
from contract.pipeline import Pipeline

BASE: Final[Mapping[str, Any]] = {"rows": 400, "n_estimators": 5, "min_roc_auc": 0.0, "data": ""}
"""A small training; the gate is open, because a model of 400 customers need not be good."""

OVERRIDDEN: Final[Mapping[str, Mapping[str, Any]]] = {
    "none_overridden": {},
    "one_overridden": {"max_depth": 3},
    "several_overridden": {"max_depth": 4, "n_estimators": 7, "held_out": 0.3},
}

WRONG: Final[Mapping[str, Mapping[str, Any]]] = {
    "wrong_type": {"n_estimators": "many"},
    "out_of_range": {"held_out": 0.9},
    "unknown_name": {"trees": 5},
}


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to choose."""


def cases(options: Options, capacity: Capacity) -> Sequence[Case]:
    """Return a training for each way to override parameters, right or wrong."""
    # All have the same customers, so that the features may come from a cache.
    kept, refused = Expectation(may_skip=("features",)), Expectation(is_open=True)
    return [
        *(Case(_training(name, values), expectation=kept) for name, values in OVERRIDDEN.items()),
        *(Case(_training(name, values), expectation=refused) for name, values in WRONG.items()),
    ]


def _training(name: str, values: Mapping[str, Any]) -> Pipeline:
    return Pipeline(name, "train", {**BASE, **values})


# The numbers -----------------------------------------------------------------------------------------------------------


def rejection_s(run: Run) -> float | None:
    """Return how long it took to refuse the run, if it was refused."""
    return None if run.timeline.state == "succeeded" else (run.settled - run.submitted) / 1e9


METRICS: Final = (
    Metric(
        "rejection_s",
        "s",
        "from the submission to the tool having refused it, or called the run failed",
        of=rejection_s,
        lack="it was not refused: the run succeeded",
        waits=True,
        perhaps_at_once=True,
    ),
)


def metrics(case: Case) -> Sequence[str]:
    """Return the metrics of a run."""
    return ("rejection_s",) if case.name in WRONG else ("makespan_s", "first_to_last_s")


# The checks ------------------------------------------------------------------------------------------------------------


def overrides_arrive(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """Overridden parameters reach the models, and the others keep their values, as MLflow has recorded."""
    right = [run for case in OVERRIDDEN for run in of(case, runs)]
    if problem := lost(right):
        return problem
    for run in right:
        recorded = run.facts.get("parameters", {})
        asked = {"max_depth": 6, "held_out": 0.25} | dict(BASE) | dict(OVERRIDDEN[run.case])
        for name in RECORDED:
            if float(recorded.get(name, "nan")) != asked[name]:
                return Verdict(
                    False, f"{run.trial}: {name} should be {asked[name]}, and MLflow has {recorded.get(name, 'nothing')}"
                )
    return Verdict(True, f"{len(right)} runs, such as {right[-1].trial}: {right[-1].facts['parameters']}")


RECORDED: Final = ("max_depth", "n_estimators", "held_out")
"""The parameters that MLflow records for the random forest."""


def wrong_type_is_refused(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """A value of the wrong type is refused before any body has run."""
    return _refused("wrong_type", runs)


def out_of_range_is_refused(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """A value out of range is refused before any body has run."""
    return _refused("out_of_range", runs)


def unknown_name_is_refused(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """A parameter that nobody knows is refused before any body has run."""
    return _refused("unknown_name", runs)


def _refused(case: str, runs: Sequence[Seen]) -> Verdict:
    wrong = of(case, runs)
    # Where nothing runs at all, no parameter was the reason.
    if problem := lost([*of("none_overridden", runs), *wrong]):
        return problem
    for run in wrong:
        if run.timeline.state == "succeeded":
            return Verdict(False, f"{run.trial}: it ran and succeeded, as if nothing had been said")
        if run.attempts:
            return Verdict(False, f"{run.trial}: refused only after {', '.join(run.attempts)} had run")
    timeline = wrong[0].timeline
    how = {"refused": "the submission was refused", "failed": "the run failed before any body ran"}
    outcome = f"{how.get(timeline.state, timeline.state)} {timeline.error[:120]}"
    return Verdict(True, f"{len(wrong)} runs, such as {wrong[0].trial}: {outcome}")


CHECKS: Final[Mapping[str, Check]] = {
    "overrides_arrive": Check(tuple(OVERRIDDEN), overrides_arrive),
    "wrong_type_is_refused": Check(("none_overridden", "wrong_type"), wrong_type_is_refused),
    "out_of_range_is_refused": Check(("none_overridden", "out_of_range"), out_of_range_is_refused),
    "unknown_name_is_refused": Check(("none_overridden", "unknown_name"), unknown_name_is_refused),
}

COLUMNS: Final = (
    *(Column("refused after", "rejection_s", case) for case in WRONG),
    Column("overridden", "first_to_last_s", "several_overridden"),
)

SCENARIO = Scenario(
    name="parameters",
    version=1,
    order=60,
    question="Can a run be told what to do, and what happens to a parameter that is wrong?",
    limits=(
        "Nothing is said of forms in a web page, of secrets, or of parameters that depend on each other.",
        "The shared core checks the limits too, in the first step: the question is how soon a value is refused.",
    ),
    options=Options,
    cases=cases,
    metrics=metrics,
    own_metrics=METRICS,
    columns=COLUMNS,
    warmups=churn.SCENARIO.warmups,
    parameters=runs.parameters,
    hooks=runs.HOOKS,
    checks=CHECKS,
)
