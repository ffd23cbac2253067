"""WfCommons' WfFormat -> workload: the graph of a real workflow, in tasks that sleep as long as the real ones ran.

Version 1.4 has one list of tasks, with their run times, that refer to each other by name. Since 1.5 the specification says
what depends on what, by id, and the execution says how long each task ran. Some generators mix the two, so names and ids
are understood in both versions (https://github.com/wfcommons/WfFormat).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

from contract.workload import Node, Workload, WorkloadError

_TASKS: Final = {"1.4": "workflow.tasks"} | dict.fromkeys(("1.5", "1.6"), "workflow.specification.tasks")
_RUNTIMES: Final = {"1.4": "workflow.tasks"} | dict.fromkeys(("1.5", "1.6"), "workflow.execution.tasks")
"""Where each version that is understood has the tasks, and where it has the run times."""

_RUNTIME_KEYS: Final = ("runtimeInSeconds", "runtime")
"""The second key is older than version 1.4; some generators still write it."""

_LONGEST: Final = 63
"""The most characters that a name in a workload may have."""

_LONGEST_S: Final = 1e12
"""A workload takes less than this many seconds."""

_SHOWN: Final = 6
"""How many tasks of a cycle a message shows: enough to find the cycle."""


@dataclass(frozen=True)
class _Task:
    id: str
    name: str
    parents: Sequence[str]
    children: Sequence[str]


def is_wfformat(document: object) -> bool:
    """Whether this is meant as WfFormat, sound or not: a workload of ours has neither key."""
    return isinstance(document, dict) and not {"schemaVersion", "workflow"}.isdisjoint(document)


def convert(document: Mapping[str, Any], name: str, time_scale: float) -> Workload:
    """Return the workflow as a workload of that name, or raise a `WorkloadError` that says which task is wrong and how.

    Every task sleeps for the recorded run time, multiplied by `time_scale`. The same document always becomes the same
    workload.
    """
    version = str(document.get("schemaVersion", "missing"))
    if version not in _TASKS:
        raise WorkloadError(f"the schemaVersion is {_short(version)}; give WfFormat {' or '.join(_TASKS)}")
    tasks = [_task(item, number) for number, item in enumerate(_list(document, _TASKS[version], version), 1)]
    known: set[str] = set()
    for task in tasks:
        if task.id in known:
            raise WorkloadError(f"two tasks have the id {_short(task.id)}; give each another id")
        known.add(task.id)
    runtimes = _runtimes(_list(document, _RUNTIMES[version], version), known)
    parents = _parents(tasks, names_first=version == "1.4")
    node_ids = _node_ids([task.id for task in tasks])
    return Workload(
        safe(name),
        tuple(
            Node(
                node_ids[task.id],
                "sleep",
                tuple(node_ids[parent] for parent in parents[task.id]),
                {"seconds": _scaled(task.id, runtimes, time_scale)},
            )
            for task in tasks
        ),
    )


def notice(workload: Workload, width: int, limit_s: float) -> str:
    """Say how long a run of a converted workload takes at least, however good the tool."""
    ends: dict[str, float] = {}
    for node in workload.nodes:
        ends[node.id] = node.params["seconds"] + max((ends[parent] for parent in node.after), default=0.0)
    work_s, path_s = sum(node.params["seconds"] for node in workload.nodes), max(ends.values())
    least_s = max(work_s / width, path_s)
    known = (
        f"wfformat: {len(ends)} {'task' if len(ends) == 1 else 'tasks'}, {_seconds(work_s)} of work, "
        f"critical path {_seconds(path_s)}: a run takes at least {_seconds(least_s)} at width {width}"
    )
    if least_s >= limit_s:
        return f"{known}, but the suite ends it after {_seconds(limit_s)} (limit_s): choose a smaller --time-scale"
    return f"{known}; the suite ends it after {_seconds(limit_s)} (limit_s)"


def safe(text: str) -> str:
    """Return the nearest name that a workload allows."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", text)
    return (name if name[:1].isalpha() else f"t_{name}")[:_LONGEST]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _seconds(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds >= 100 else f"{seconds:.3g} s"


def _list(document: Any, path: str, version: str) -> list[Any]:
    value = document
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            raise WorkloadError(f"there is no {path}, which WfFormat {version} needs; give an instance that was executed")
        value = value[key]
    if not isinstance(value, list) or not value:
        raise WorkloadError(f"{path} is not a list with tasks in it; give an instance that has some")
    return value


def _task(item: Any, number: int) -> _Task:
    task = _id(item, f"task {number}")
    where = f"task {_short(task)}"
    name = item.get("name", task)
    if not isinstance(name, str):
        raise WorkloadError(f"{where}: the name is {_short(name)}; make it a string")
    return _Task(task, name, _references(item, "parents", where), _references(item, "children", where))


def _id(item: Any, where: str) -> str:
    if not isinstance(item, dict):
        raise WorkloadError(f"{where} is {_short(item)}; make it an object with an id")
    task = item.get("id", item.get("name"))  # up to 1.4 a task may have a name only
    if not isinstance(task, str) or not task:
        raise WorkloadError(f"{where}: the id is {_short(task)}; give it a string that no other task has")
    return task


def _references(item: Mapping[str, Any], key: str, where: str) -> list[str]:
    references = item.get(key)
    if references is None:
        return []
    if not isinstance(references, list) or not all(isinstance(reference, str) for reference in references):
        raise WorkloadError(f"{where}: the {key} are {_short(references)}; make them a list of ids")
    return references


def _runtimes(records: Sequence[Any], known: set[str]) -> dict[str, float]:
    runtimes: dict[str, float] = {}
    for number, record in enumerate(records, 1):
        task = _id(record, f"execution of task {number}")
        where = f"task {_short(task)}"
        if task not in known:
            raise WorkloadError(f"{where} was executed, but is not in the specification; add it there or take it out")
        if task in runtimes:
            raise WorkloadError(f"{where} was executed twice; leave one of the two run times")
        key = next((key for key in _RUNTIME_KEYS if key in record), None)
        if key is None:
            raise WorkloadError(f"{where} has no {_RUNTIME_KEYS[0]}; give it one, or an instance that was executed")
        value = record[key]
        # The bound keeps out NaN and infinity, which Python reads from JSON, and integers that no float can hold.
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= sys.float_info.max:
            raise WorkloadError(f"{where}: the {key} is {_short(value)}; make it a number of seconds, 0 or more")
        runtimes[task] = value
    return runtimes


def _scaled(task: str, runtimes: Mapping[str, float], time_scale: float) -> float:
    where = f"task {_short(task)}"
    if task not in runtimes:
        raise WorkloadError(f"{where} has no run time in {_RUNTIMES['1.5']}; add it, or give an instance that was executed")
    seconds = runtimes[task] * time_scale
    if not 0 <= seconds < _LONGEST_S:
        raise WorkloadError(f"{where}: {runtimes[task]:g} s cannot be slept for; choose another --time-scale")
    return seconds


def _parents(tasks: Sequence[_Task], *, names_first: bool) -> dict[str, list[str]]:
    """Return the parents of each task, in the order of the document. An edge may be given at either end, or at both."""
    by_id = {task.id: [task.id] for task in tasks}
    by_name: dict[str, list[str]] = {}
    for task in tasks:
        by_name.setdefault(task.name, []).append(task.id)
    lookups = (by_name, by_id) if names_first else (by_id, by_name)

    def resolve(task: _Task, reference: str, kind: str) -> str:
        candidates = [lookup[reference] for lookup in lookups if reference in lookup]
        for meant in candidates:
            if len(meant) == 1:
                return meant[0]
        where = f"task {_short(task.id)} names the {kind} {_short(reference)}"
        if candidates:
            raise WorkloadError(f"{where}, which is the name of {len(candidates[0])} tasks; refer to it by the id")
        raise WorkloadError(f"{where}, which is no task; add that task, or take the {kind} out")

    parents: dict[str, set[str]] = {task.id: set() for task in tasks}
    for task in tasks:
        parents[task.id].update(resolve(task, parent, "parent") for parent in task.parents)
        for child in task.children:
            parents[resolve(task, child, "child")].add(task.id)
    place = {task.id: number for number, task in enumerate(tasks)}
    ordered = {task: sorted(waits_for, key=place.__getitem__) for task, waits_for in parents.items()}
    try:
        TopologicalSorter(ordered).prepare()
    except CycleError as error:
        cycle = error.args[1]
        shown = " -> ".join(_short(each) for each in cycle[:_SHOWN]) + (" -> ..." if len(cycle) > _SHOWN else "")
        raise WorkloadError(f"tasks wait for each other in a cycle: {shown}; break it in parents or children") from None
    return ordered


def _node_ids(tasks: Sequence[str]) -> dict[str, str]:
    """Name the node of each task: as the task, where a workload allows that name; with a number, where two become alike."""
    nearest = {task: safe(task) for task in tasks}
    taken = {task for task in tasks if nearest[task] == task}
    numbers: dict[str, int] = {}
    chosen: dict[str, str] = {}
    for task, base in nearest.items():
        name = base
        while name != task and name in taken:
            numbers[base] = numbers.get(base, 1) + 1
            suffix = f"_{numbers[base]}"
            name = base[: _LONGEST - len(suffix)] + suffix
        taken.add(name)
        chosen[task] = name
    return chosen
