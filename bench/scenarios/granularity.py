"""What is saved, and what is lost, by wrapping a whole pipeline into one task?

The churn training runs as native steps, and as a script in a single task: once, again on the same customers, and with a
model that fails once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final

import msgspec

from bench.events.timeline import max_concurrency
from bench.events.verification import AS_ASKED, Expectation
from bench.scenarios import churn
from bench.scenarios.churn import runs
from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import Case
from bench.scenarios.kit.check import Check, Seen, Verdict, lost, of
from bench.scenarios.kit.common_metrics import Metric
from bench.scenarios.kit.derived import Derived, Medians
from bench.scenarios.kit.draw import Draw
from bench.scenarios.kit.scenario import Scenario
from bench.scenarios.kit.table import Column
from contract.pipeline import Pipeline

FORMS: Final = {"steps": "train", "whole": "train_whole"}

FAILS: Final = "train_gradient_boosting"

OTHER_CUSTOMERS: Final = 500_009
"""Added to the seed."""


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a suite chooses."""

    rows: Annotated[int, msgspec.Meta(ge=200, le=1_000_000)] = 5000
    n_estimators: Annotated[int, msgspec.Meta(ge=1, le=5000)] = 200


def cases(options: Options, capacity: Capacity) -> Sequence[Case]:
    """Return three runs of each form."""
    base: dict[str, Any] = {"rows": options.rows, "n_estimators": options.n_estimators, "min_roc_auc": 0.0}
    chosen: list[Case] = []
    for form, pipeline in FORMS.items():
        kept = Expectation(may_skip=("features",)) if form == "steps" else AS_ASKED
        # Another gate costs no time, and changes none of the work.
        again = Pipeline(f"{form}_again", pipeline, base | {"min_roc_auc": 0.01})
        faulty = Pipeline(f"{form}_faulty", pipeline, base, faults={FAILS: 1})
        chosen += [
            Case(Pipeline(form, pipeline, base), {"form": form, "run": "first"}),
            Case(again, {"form": form, "run": "again"}, expectation=kept),
            Case(faulty, {"form": form, "run": "faulty"}, expectation=kept),
        ]
    return chosen


METRICS: Final = (Metric("retry_cost_s", "s", "first_to_last_s with one failure minus the same without", costs=True),)


def metrics(case: Case) -> Sequence[str]:
    """Return the metrics of a run."""
    return ("makespan_s", "first_to_last_s", "attempts", "bodies_s", "between_steps_s", "max_concurrency")


def derive(medians: Medians) -> Iterable[Derived]:
    """Return what one failure costs, in time and in bodies that run again."""
    for form in FORMS:
        faulty, again = f"{form}_faulty", f"{form}_again"
        if {again, faulty} <= set(medians.workloads):
            # The first run is no yardstick: the features were in no cache yet. The wait is left out: a poll draws it.
            cost = medians.median(faulty, "first_to_last_s").minus(medians.median(again, "first_to_last_s"))
            yield Derived(faulty, "retry_cost_s", cost)


def parameters(pipeline: Pipeline, draw: Draw) -> Mapping[str, Any]:
    """Return the parameters of a run: customers that no other scenario has, so that their features are in no cache yet."""
    return runs.parameters(pipeline, replace(draw, seed=draw.seed + OTHER_CUSTOMERS))


# The checks ------------------------------------------------------------------------------------------------------------


def only_what_failed_runs_again(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """As native steps, a failure costs no second run of any step but the one that failed."""
    faulty = of("steps_faulty", runs)
    for run in faulty:
        if again := sorted(name for name, times in run.attempts.items() if times > 1 and name != FAILS):
            return Verdict(False, f"{run.trial}: {', '.join(again)} ran again too")
    return lost(faulty) or Verdict(True, f"{len(faulty)} runs, such as {faulty[0].trial}: {FAILS} alone ran twice")


def models_are_trained_at_once(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """As native steps, models are trained beside each other, as far as the width allows."""
    steps = of("steps", runs)
    if problem := lost(steps):
        return problem
    for run in steps:
        if (most := max_concurrency(run.timeline)) < min(run.width, 2):
            return Verdict(False, f"{run.trial}: {most} at once, where {run.width} may")
    return Verdict(True, f"{len(steps)} runs, such as {steps[0].trial}: {max_concurrency(steps[0].timeline)} at once")


CHECKS: Final[Mapping[str, Check]] = {
    "only_what_failed_runs_again": Check(("steps_faulty",), only_what_failed_runs_again),
    "models_are_trained_at_once": Check(("steps",), models_are_trained_at_once),
}

COLUMNS: Final = (
    Column("native", "first_to_last_s", "steps"),
    Column("one task", "first_to_last_s", "whole"),
    Column("again", "first_to_last_s", "steps_again"),
    Column("again", "first_to_last_s", "whole_again"),
    Column("a failure costs", "retry_cost_s", "steps_faulty"),
    Column("a failure costs", "retry_cost_s", "whole_faulty"),
    Column("bodies run", "attempts", "steps_faulty"),
    Column("bodies run", "attempts", "whole_faulty"),
)

SCENARIO = Scenario(
    name="granularity",
    version=2,
    order=80,
    question="What is saved, and what is lost, by wrapping a whole pipeline into one task?",
    limits=(
        "In repeated runs the native steps may take their features from a cache: that is a part of the answer.",
        "How large a task should be is not answered; METG(50 %) of the overhead says how small it may be.",
    ),
    options=Options,
    cases=cases,
    metrics=metrics,
    takes_data=True,
    own_metrics=METRICS,
    columns=COLUMNS,
    derive=derive,
    warmups=churn.SCENARIO.warmups,
    parameters=parameters,
    hooks=runs.HOOKS,
    in_order=True,
    checks=CHECKS,
)
