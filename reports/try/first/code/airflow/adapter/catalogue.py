"""The pipelines by their names, as the adapter calls them. It imports no Airflow: the adapter's process can do without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from churn import home
from churn.parameters import Inference, Training
from churn.patterns import Cached, Passing
from contract.pipeline import Pipeline
from contract.workload import Group, Workload

DAGS: Final[Mapping[str, Sequence[str]]] = {
    "train": ("churn_training",),
    "infer": ("churn_inference",),
    "train_whole": ("churn_whole",),
    "cached": ("churn_caching",),
    "passing": ("churn_passing", "churn_passing_file"),
}
"""The DAGs of each pipeline. A run cannot change the tasks of a DAG, so another way of passing a frame is another DAG."""

TASKFLOW: Final[Mapping[str, Sequence[str]]] = {
    **DAGS,
    "train": ("churn_training_taskflow",),
    "infer": ("churn_inference_taskflow",),
}
"""The same, with the churn pipelines in TaskFlow style."""

SOURCES: Final[Mapping[str, tuple[str, str]]] = {
    "churn_training": ("training", "dag"),
    "churn_training_taskflow": ("training_taskflow", "training_dag"),
    "churn_inference": ("inference", "dag"),
    "churn_inference_taskflow": ("inference_taskflow", "inference_dag"),
    "churn_whole": ("whole", "dag"),
    "churn_caching": ("caching", "dag"),
    "churn_passing": ("passing", "dag"),
    "churn_passing_file": ("passing", "file_dag"),
}
"""The module of each DAG, and its name there."""

DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "train": asdict(Training()),
    "infer": asdict(Inference()),
    "train_whole": asdict(Training()),
    "cached": asdict(Cached()),
    "passing": asdict(Passing()),
}


def dag_of(dags: Sequence[str], parameters: Mapping[str, Any]) -> str:
    """Return which of the DAGs of a pipeline is for a run with these parameters."""
    first, *others = dags
    return others[0] if parameters.get("way") == "file" else first


def unsupported(work: Workload | Pipeline, way: str) -> str:
    """Say what Airflow cannot do of the work. `way` says where XComs go: "value" is the database, "store" object storage."""
    if isinstance(work, Workload):
        return _namesakes(work.tree)
    if work.parameters.get("way") == "store" != way:
        return (
            "XComs are kept in the database here; dag_test_objects and local_executor_objects have object storage for them"
        )
    if work.pipeline == "passing" and work.parameters.get("way", Passing().way) == "value" != way:
        return "here every XCom goes to object storage, which is way=store"
    return ""


def _namesakes(group: Group) -> str:
    groups = [member for member in group.members if isinstance(member, Group)]
    names = [member.id for member in group.members if not isinstance(member, Group)]
    for each in groups:
        if each.name in names:
            return f"a task and a task group beside it share one namespace in Airflow, so both cannot be called {each.name}"
    return next((reason for each in groups if (reason := _namesakes(each))), "")


def kept_files() -> Sequence[Path]:
    """Return the files in which `kept` in caching.py keeps results."""
    return list(home.folder("airflow-kept").iterdir())


def node(task: str) -> str:
    """Return the node or step of a task, whose id begins with the names of its task groups."""
    return task.rpartition(".")[2]
