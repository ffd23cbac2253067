"""The pipelines by their names, as the adapter calls them: their jobs, and the step that each asset is.

An asset is named after what it is, a step after what it does.

What takes long to import is imported by the pipeline that needs it.
"""

from __future__ import annotations

import runpy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import dagster as dg

from churn import home
from churn.patterns import WAYS, Cached, Passing
from churn_dagster import pipelines
from churn_dagster.adapter import shapes
from contract import editions
from contract.adapter import Unsupported
from contract.pipeline import STEPS, Pipeline
from contract.workload import Workload

TRIED: Final = ("SUCCESS", "FAILURE")
"""How a step ends that was tried at all."""

_CACHING: Final = Path(pipelines.__file__).with_name("caching.py")

_STEP_OF: Final = {
    "raw_customers": "load",
    "customers": "validate",
    "features": "features",
    "random_forest": "train_random_forest",
    "gradient_boosting": "train_gradient_boosting",
    "logistic_regression": "train_logistic_regression",
    "best_model": "select",
    "best_model_gate": "gate",
    "champion": "register",
    "raw_new_customers": "load",
    "new_customers": "validate",
    "predictions": "score",
    "predictions_file": "save",
    # All steps are in it.
    "trained_by_script": "train_whole",
    "begun": "begin",
    "computed": "compute",
    "used": "use",
    "computed_by_file": "compute",
    "used_by_file": "use",
    **{f"made_{way}": "make" for way in WAYS},
    **{f"taken_{way}": "take" for way in WAYS},
}


def name_of(step: str, job: str) -> str:
    """Return the harness's name for a step of Dagster's: of a pipeline, or of a workload."""
    return _STEP_OF[step] if pipeline_of(job) else shapes.node_of(step, shapes.workload_of(job))


def pipeline_of(job: str) -> str:
    """Return the pipeline that the job is of; nothing, if it is a workload's."""
    return next((pipeline for pipeline in STEPS if job in jobs_of(pipeline)), "")


def jobs_of(pipeline: str) -> Sequence[str]:
    """Return the names of the pipeline's jobs."""
    match pipeline:
        case "passing":
            return [f"passing_{way}" for way in WAYS]
        case "cached":
            return ["cached", "cached_by_file"]
        case _:
            return [pipeline]


def request(pipeline: str, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the job to be run for these parameters, which are checked, and its run config."""
    if pipeline == "cached":
        return "cached_by_file" if Cached(**values).by_file else "cached", {}
    if pipeline == "passing":
        from churn_dagster.pipelines import passing

        way = Passing(**values).way
        return passing.job_name(way), passing.run_config(**values).to_config_dict()
    # As a user would launch it, and not through our classes: it is Dagster that has to refuse what is wrong.
    resource = "inference" if pipeline == "infer" else "training"
    return pipeline, {"resources": {resource: {"config": dict(values)}}}


def write_value(values: Mapping[str, Any]) -> bool:
    """Write the file from elsewhere that the pipeline `cached` depends on, and tell whether that made it another one."""
    file, text = home.folder("dagster-kept") / "value", str(Cached(**values).value)
    if file.exists() and file.read_text() == text:
        return False
    file.write_text(text)
    return True


def definitions(pipeline: str, caching: Path) -> dg.Definitions:
    """Return what the pipeline is made of; `caching` is the file of the one that may have been edited."""
    match pipeline:
        case "train_whole":
            from churn_dagster.pipelines.whole import defs
        case "cached":
            defs = runpy.run_path(str(caching))["defs"]
        case "passing":
            from churn_dagster.pipelines.passing import defs
        case _:
            from churn_dagster.pipelines.deployment import defs
    return defs


def unsupported(work: Workload | Pipeline, *, process_per_step: bool) -> str:
    """Say what Dagster cannot do of the work."""
    if isinstance(work, Workload):
        return shapes.unsupported(work)
    if process_per_step and work.parameters.get("way") == "value":
        return "values stay in memory where steps share a process; here each step has its own, so that they must be stored"
    if work.parameters.get("unhashable"):
        return "no argument is part of what makes an asset stale: there is nothing that a hash would have to be made of"
    return ""


def check_editions(numbers: Mapping[str, int]) -> None:
    """Raise where an edition asks for what Dagster has no way to do."""
    if {**editions.FIRST, **numbers}["KEPT_S"] != editions.FIRST["KEPT_S"]:
        raise Unsupported(
            "here a result is too old after a second, which is below Dagster's least of 60 s; age makes no asset stale, "
            "and an automation condition (freshness_failed, on_cron) can have it made again"
        )


def write_caching(folder: Path, numbers: Mapping[str, int]) -> Path:
    """Write the edited source of the pipeline `cached`, and return the file."""
    editions.write(_CACHING, folder / "caching.py", numbers)
    return folder / "caching.py"


def kept_files(dagster_home: Path) -> Sequence[Path]:
    """Return the files in which Dagster's IO manager keeps the results of `compute`."""
    files = (dagster_home / "storage" / asset for asset in ("computed", "computed_by_file"))
    return [file for file in files if file.exists()]
