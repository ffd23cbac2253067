"""A run of a churn pipeline: the parameters, the customers, and what the harness looks at afterwards.

The scenarios *granularity* and *parameters* run the same pipelines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.base.problem import Problem
from bench.scenarios.churn.traces import PREDICTIONS, TAG, traces
from bench.scenarios.kit.case import Case
from bench.scenarios.kit.draw import Draw
from bench.scenarios.kit.hooks import Environment, Hooks, Surroundings, Touch, own_home
from contract.pipeline import Pipeline

NEW_CUSTOMERS: Final = 1_000_003
"""Added to the seed for scoring: these customers must not be those that the model was trained on."""

LEFT_BYTES: Final = 10_000_000
"""What MLflow keeps of the models of a training; some 6 MB were seen with the default parameters."""

SOURCE: Final = "source"
"""The axis of cases whose customers come from a source that fails: the first answers, separated by commas."""


def parameters(pipeline: Pipeline, draw: Draw) -> Mapping[str, Any]:
    """Return the parameters of one run; the runs of a sequence share the name of the model and the customers.

    With the reader's own customers, the seed only chooses who is held out.
    """
    seed = draw.seed + NEW_CUSTOMERS if pipeline.pipeline == "infer" else draw.seed
    return {"seed": seed, "model": f"churn_{draw.sequence}", "data": draw.data, **pipeline.parameters}


@contextmanager
def around(case: Case, parameters: Mapping[str, Any], surroundings: Surroundings) -> Iterator[Touch]:
    """Tag what the run records in MLflow, serve customers that come from a source, and look at what the run left."""
    work = case.work
    if not isinstance(work, Pipeline):
        yield Touch()
        return
    touch = Touch(parameters={"tags": {TAG: surroundings.tag}})
    if work.pipeline == "infer":
        touch.parameters["predictions"] = str(surroundings.folder / PREDICTIONS)
    if faults := str(case.axes.get(SOURCE, "")):
        with surroundings.environment.serve("churn.serve", *_source(parameters, faults.split(","))) as url:
            touch.parameters["data"] = url
            yield touch
    else:
        yield touch
    touch.facts |= traces(work, surroundings.tag, surroundings.folder, store(surroundings.shared))


def _source(parameters: Mapping[str, Any], faults: Sequence[str]) -> list[str]:
    """Return the arguments of a source of customers whose first answers fail."""
    customers = [f"--{key}={parameters[key]}" for key in ("data", "rows", "seed") if parameters.get(key)]
    return [*customers, *(f"--fail={fault}" for fault in faults)]


def store(shared: Path) -> Path:
    """Return the MLflow store of a run: `mlflow ui --backend-store-uri sqlite:///...` shows it."""
    return shared / "mlflow" / "mlflow.db"


def prepare(shared: Path, environment: Environment) -> None:
    """Create the store; otherwise the time of the first training would include it."""
    database = store(shared)
    if database.exists():
        return
    database.parent.mkdir(exist_ok=True)
    if problem := environment.ask("churn.registry", **variables(shared, shared)):
        raise Problem(f"the MLflow store could not be created: {problem}")


def variables(shared: Path, home: Path) -> Mapping[str, str]:
    """Return where the pipelines of an engine record their runs, and where they keep their own files."""
    return {"MLFLOW_TRACKING_URI": f"sqlite:///{store(shared)}", **own_home(shared, home)}


def data_problem(file: Path, environment: Environment) -> str:
    """Say what is wrong with a reader's customers, by the code that the pipelines check them with."""
    problem = environment.ask("churn.check", str(file.absolute()))
    return problem.replace(str(file.absolute()), str(file))


HOOKS: Final = Hooks(around=around, prepare=prepare, variables=variables, leaves_bytes=LEFT_BYTES, data_problem=data_problem)
