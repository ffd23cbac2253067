"""Documents as WfCommons has them, in each version of its format."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]

VERSIONS = ("1.4", "1.5", "1.6")


def mosaic(version: str, images: int) -> Document:
    """Return a made-up workflow of the shape of an image mosaic, as the version writes it: 3 * images + 2 tasks.

    Each image is projected, each is compared with the next one, all comparisons are fitted together, each image is corrected
    by the fit, and all are added up.
    """
    last = images - 1
    waits_for: dict[str, list[str]] = {f"project-{i}": [] for i in range(images)}
    waits_for |= {f"compare-{i}": [f"project-{i}", f"project-{min(i + 1, last)}"] for i in range(images)}
    waits_for["fit.all"] = [f"compare-{i}" for i in range(images)]
    waits_for |= {f"correct-{i}": [f"project-{i}", "fit.all"] for i in range(images)}
    waits_for["add.up"] = [f"correct-{i}" for i in range(images)]
    # Where the last image is compared with itself, a parent stands in the list twice.
    tasks = {name: {"name": name, "id": f"{name}_ID{n:04d}"} for n, name in enumerate(waits_for, 1)}
    key = "name" if version == "1.4" else "id"
    children: dict[str, list[str]] = {name: [] for name in waits_for}
    for name, its in waits_for.items():
        for parent in its:
            children[parent].append(name)
    specified = [
        task
        | {
            "parents": [tasks[each][key] for each in waits_for[name]],
            "children": [tasks[each][key] for each in children[name]],
        }
        for name, task in tasks.items()
    ]
    executed = [{"id": task["id"], "runtimeInSeconds": 2 if "project" in task["name"] else 1} for task in tasks.values()]
    if version == "1.4":
        flat = [task | ran | {"type": "compute"} for task, ran in zip(specified, executed, strict=True)]
        workflow: Document = {"makespanInSeconds": 9, "executedAt": "2026-01-01T00:00:00Z", "tasks": flat}
    else:
        workflow = {
            "specification": {"tasks": specified, "files": []},
            "execution": {"makespanInSeconds": 9, "executedAt": "2026-01-01T00:00:00Z", "tasks": executed[::-1]},
        }
    return {"name": "mosaic", "schemaVersion": version, "workflow": workflow}


def small(version: str, *tasks: Document) -> Document:
    """Return a document of these tasks; what a task says of its run time goes where the version has it."""
    if version == "1.4":
        return {"name": "small", "schemaVersion": version, "workflow": {"tasks": list(tasks)}}
    ran = [{key: value for key, value in task.items() if key in {"id", "runtimeInSeconds"}} for task in tasks]
    specified = [{key: value for key, value in task.items() if key != "runtimeInSeconds"} for task in tasks]
    workflow = {"specification": {"tasks": specified}, "execution": {"tasks": ran}}
    return {"name": "small", "schemaVersion": version, "workflow": workflow}


def task(name: str, *parents: str, **more: Any) -> Document:
    """Return a task that took a second."""
    return {"name": name, "id": name, "parents": list(parents), "children": [], "runtimeInSeconds": 1, **more}
