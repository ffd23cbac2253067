"""What does an orchestrator add to a real pipeline, and do all of them come to the same predictions, to the last bit?

The churn pipelines, as the users of each tool would write them, run end to end: a training, an inference with the champion,
and then more trainings with one thing changed each time: the model, the data, a source that fails, a gate that refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec

from bench.events.verification import Expectation
from bench.scenarios.churn import runs
from bench.scenarios.churn.runs import SOURCE
from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import Case
from bench.scenarios.kit.check import Check, Seen, Verdict, of
from bench.scenarios.kit.check import lost as lost_in
from bench.scenarios.kit.common_metrics import COLD_RUN, Metric, usual
from bench.scenarios.kit.formulas import Run
from bench.scenarios.kit.observation import PIPELINE, Look, Observation, pipeline_in
from bench.scenarios.kit.scenario import Scenario
from bench.scenarios.kit.table import Column
from contract.pipeline import STEPS, Pipeline

NEEDS: Final = {
    "train": "",
    "infer": "train",
    "train_other_trees": "train",
    "train_other_split": "train",
    "train_faulty": "",
    "train_refused": "",
    "train_files": "",
    "infer_files": "train_files",
}
"""The cases, each with the earlier one that it builds on."""


INFERENCES: Final = ("infer", "infer_files")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a suite chooses."""

    rows: Annotated[int, msgspec.Meta(ge=200, le=1_000_000)] = 5000
    n_estimators: Annotated[int, msgspec.Meta(ge=1, le=5000)] = 200
    cases: list[str] = []
    """Only these; all, if none is named."""

    def __post_init__(self) -> None:
        if unknown := set(self.cases) - set(NEEDS):
            raise ValueError(f"there is no case {min(unknown)!r}; there are {', '.join(NEEDS)}")
        for case in self.cases:
            if (needed := NEEDS[case]) and needed not in self.cases:
                raise ValueError(f"the case {case} builds on what {needed} leaves; name that too")


def cases(options: Options, capacity: Capacity) -> Sequence[Case]:
    """Return the runs of one sequence, each of which builds on those before it."""
    # Any model on the reader's customers is good enough, except where the gate has to refuse one.
    base: dict[str, Any] = {"rows": options.rows, "n_estimators": options.n_estimators, "min_roc_auc": 0.0}
    scored = {"rows": options.rows}
    features_kept = Expectation(may_skip=("features",))
    # The gate refuses on made-up customers only: on the reader's own a model may never be wrong.
    refused = base | {"min_roc_auc": 1.0, "data": ""}
    faulty = Pipeline("train_faulty", "train", base, faults={"train_random_forest": 1})
    source = ("500", "429")
    every = (
        Case(Pipeline("train", "train", base)),
        Case(Pipeline("infer", "infer", scored)),
        # The features depend on the customers, not on the models: a cache may have them.
        Case(Pipeline("train_other_trees", "train", base | {"max_depth": 4}), expectation=features_kept),
        Case(Pipeline("train_other_split", "train", base | {"held_out": 0.3})),
        Case(
            faulty,
            {SOURCE: ",".join(source)},
            expectation=Expectation(may_skip=("features",), more_tries={"load": len(source)}),
        ),
        Case(
            Pipeline("train_refused", "train", refused),
            expectation=Expectation(may_skip=("features",), fails_at="gate"),
        ),
        Case(Pipeline("train_files", "train", base | {"tracking": "files"}), expectation=features_kept),
        Case(Pipeline("infer_files", "infer", scored | {"tracking": "files"})),
    )
    return [case for case in every if not options.cases or case.name in options.cases]


# The numbers -----------------------------------------------------------------------------------------------------------


def step_s(step: str) -> Callable[[Run], float | None]:
    """Return the formula of the time that the last try of a step took."""

    def yielded(run: Run) -> float | None:
        return (run.timeline.end(step) - run.timeline.start(step)) / 1e9 if step in run.timeline.attempts else None

    return yielded


METRICS: Final = (
    *(
        Metric(f"{step}_s", "s", f"the step {step}: its body, the last time that it was tried", of=step_s(step))
        for step in {**STEPS["train"], **STEPS["infer"]}
    ),
    Metric("lines_of_code", "lines", "what is written for the training, the inference and their deployment"),
)


def metrics(case: Case) -> Sequence[str]:
    """Return the metrics of a run."""
    if not isinstance(case.work, Pipeline):
        return usual(case)
    # A refused run ends at the gate; how the tool finds out about the failure is another question.
    steps = [f"{step}_s" for step in case.expected.after if step not in case.expectation.may_skip]
    return ("makespan_s",) if case.expectation.fails_at else (*usual(case), "between_steps_s", *steps)


def observe(look: Look) -> Iterable[Observation]:
    """Yield how much code the pipelines take, in each style in which a tool has them."""
    for tool in look.tools:
        for part in (PIPELINE, *map(pipeline_in, look.styles(tool))):
            if lines := look.lines(tool, part):
                yield Observation(tool, part, {"lines_of_code": lines.count}, ", ".join(lines.places))


# The checks ------------------------------------------------------------------------------------------------------------


def same_predictions(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict | None:
    """The same data, seed and parameters give the same predictions as in plain Python, to the last bit."""
    if not reference:
        return None
    known = {(run.case, run.round, run.repeat): run.facts.get("predictions") for run in reference}
    inferences = [run for run in runs if run.case in INFERENCES]
    for run in inferences:
        expected, actual = known.get((run.case, run.round, run.repeat)), run.facts.get("predictions")
        if run.problem or not actual or not expected:
            return Verdict(False, f"{run.trial}: {run.problem or 'there are no predictions to compare'}", observed=False)
        if actual != expected:
            return Verdict(False, f"{run.trial}: sha256 {actual[:12]}, and plain's is {expected[:12]}")
    first = inferences[0]
    example = f"{first.trial}: sha256 {first.facts['predictions'][:12]}"
    return Verdict(True, f"{len(inferences)} files of predictions, such as {example}, {first.facts['rows']} customers")


def gate_keeps_bad_model_out(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """A run whose best model does not pass the gate fails and registers nothing; a good model is registered."""
    refused, good = of("train_refused", runs), of("train", runs)
    for run in refused:
        if versions := run.facts.get("versions"):
            return Verdict(False, f"{run.trial} registered {versions[0]}")
        if "register" in run.attempts:
            return Verdict(False, f"{run.trial}: the step `register` ran")
    if lost := lost_in([*refused, *good]):
        return lost
    for run in good:
        if len(versions := run.facts.get("versions", [])) != 1:
            return Verdict(False, f"{run.trial} passed the gate, and registered {versions or 'nothing'}")
    return Verdict(True, f"{refused[0].trial} registered nothing; {good[0].trial} registered {good[0].facts['versions'][0]}")


def retries_leave_no_duplicates(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """A source that fails twice and a model that fails after it was recorded leave exactly one MLflow run per model."""
    faulty = of("train_faulty", runs)
    kinds = sorted(name.removeprefix("train_") for name in STEPS["train"] if name.startswith("train_"))
    if lost := lost_in(faulty):
        return lost
    for run in faulty:
        if sorted(run.facts.get("mlflow_runs", [])) != kinds:
            return Verdict(False, f"{run.trial} left the MLflow runs {sorted(run.facts.get('mlflow_runs', []))}")
    tried = ", ".join(f"{step} {times} times" for step, times in faulty[0].attempts.items() if times > 1)
    return Verdict(True, f"{faulty[0].trial} ran {tried}, and left one MLflow run for each of {', '.join(kinds)}")


def features_not_computed_again(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """A second run on unchanged data does not run the features again."""
    again = of("train_other_trees", runs)
    if lost := lost_in(again):
        return lost
    if ran := [run for run in again if run.attempts.get("features")]:
        return Verdict(False, f"{ran[0].trial} ran the features, although nothing that they depend on had changed")
    return Verdict(True, f"{len(again)} runs, such as {again[0].trial}: `features` ran 0 times")


def changed_split_computes_features(runs: Sequence[Seen], reference: Sequence[Seen]) -> Verdict:
    """A changed parameter that the features depend on runs them again."""
    changed = of("train_other_split", runs)
    stale = [run for run in changed if "validate" in run.attempts and "features" not in run.attempts]
    if stale:
        return Verdict(False, f"{stale[0].trial} was given another split, and used the features of the old one")
    if lost := lost_in(changed):
        return lost
    return Verdict(True, f"{len(changed)} runs, such as {changed[0].trial}: `features` ran once")


CHECKS: Final[Mapping[str, Check]] = {
    judge.__name__: Check(needs, judge)
    for judge, needs in (
        (same_predictions, ("infer",)),
        (gate_keeps_bad_model_out, ("train", "train_refused")),
        (retries_leave_no_duplicates, ("train_faulty",)),
        (features_not_computed_again, ("train_other_trees",)),
        (changed_split_computes_features, ("train_other_split",)),
    )
}

COLUMNS: Final = (
    Column("training", "first_to_last_s", "train"),
    Column("no step runs after the first began", "between_steps_s", "train"),
    Column("training", "first_to_last_s", "train_files"),
    Column("faulty", "first_to_last_s", "train_faulty"),
    Column("inference", "first_to_last_s", "infer"),
    Column("cold run", COLD_RUN, "warm_up_train"),
    Column("lines of code", "lines_of_code", PIPELINE),
)

SCENARIO = Scenario(
    name="churn",
    version=3,
    order=90,
    question=(
        "What does an orchestrator add to a real pipeline, and do all of them come to the same predictions, to the last bit?"
    ),
    limits=(
        "Which tool trains better models is not asked: they are the same, which is the point.",
        "How the tools scale with data is not seen: 5,000 customers are few, and their frames are small.",
    ),
    options=Options,
    cases=cases,
    metrics=metrics,
    observe=observe,
    own_metrics=METRICS,
    columns=COLUMNS,
    warmups=(Case(Pipeline("warm_up_train", "train", {"rows": 400, "n_estimators": 5, "min_roc_auc": 0.0, "data": ""})),),
    parameters=runs.parameters,
    hooks=runs.HOOKS,
    takes_data=True,
    in_order=True,
    checks=CHECKS,
)
