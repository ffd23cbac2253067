"""A clear word about each way to get a WfCommons instance wrong, and about each way to give one to orchbench."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import Call, refusal
from wfcommons import Document, mosaic, task

from bench.plan.workflows import convert
from contract.workload import WorkloadError


def _flat(*tasks: Any) -> Document:
    return {"schemaVersion": "1.4", "workflow": {"tasks": list(tasks)}}


def _split(specified: Any, executed: Any) -> Document:
    workflow = {"specification": {"tasks": specified}, "execution": {"tasks": executed}}
    return {"schemaVersion": "1.5", "workflow": workflow}


BROKEN: dict[str, tuple[Any, str]] = {
    "version": (
        {"schemaVersion": "1.3", "workflow": {"jobs": []}},
        "schemaVersion is '1.3'; give WfFormat 1.4 or 1.5 or 1.6",
    ),
    "no version": ({"workflow": {"tasks": [task("a")]}}, "schemaVersion is 'missing'; give WfFormat"),
    "no workflow": ({"schemaVersion": "1.4", "name": "w"}, "no workflow.tasks, which WfFormat 1.4 needs; give"),
    "workflow is null": ({"schemaVersion": "1.5", "workflow": None}, "no workflow.specification.tasks, which WfFormat 1.5"),
    "other version's place": (_flat(task("a")) | {"schemaVersion": "1.5"}, "no workflow.specification.tasks"),
    "not executed": (
        {"schemaVersion": "1.5", "workflow": {"specification": {"tasks": [task("a")]}}},
        "no workflow.execution.tasks, which WfFormat 1.5 needs; give an instance that was executed",
    ),
    "no tasks": (_flat(), "workflow.tasks is not a list with tasks in it"),
    "no tasks in 1.5": (_split([], []), "workflow.specification.tasks is not a list with tasks in it"),
    "tasks are no list": (_split({"a": 1}, []), "workflow.specification.tasks is not a list"),
    "a task is no object": (_flat(task("a"), "b"), "task 2 is 'b'; make it an object"),
    "no id": (_split([{"parents": []}], [{"id": "a"}]), "task 1: the id is None; give it a string"),
    "id type": (_flat(task("a"), task("b", id=7)), "task 2: the id is 7; give it a string"),
    "name type": (_flat(task("a") | {"name": [1]}), "task 'a': the name is [1]; make it a string"),
    "duplicate id": (_flat(task("a"), task("b", id="a")), "two tasks have the id 'a'; give each another"),
    "unknown parent": (_flat(task("a"), task("b", "z")), "task 'b' names the parent 'z', which is no task; add"),
    "unknown child": (_flat(task("a", children=["z"])), "task 'a' names the child 'z', which is no task; add"),
    "ambiguous": (
        _flat(task("a"), task("a", id="b"), task("c", "x"), task("x", id="1"), task("x", id="2")),
        "task 'c' names the parent 'x', which is the name of 2 tasks; refer to it by the id",
    ),
    "parents": (_flat(task("a", parents="b")), "task 'a': the parents are 'b'; make them a list of ids"),
    "children": (_flat(task("a", children=[1])), "task 'a': the children are [1]; make them a list of ids"),
    "cycle": (_flat(task("a", "b"), task("b", "a")), "in a cycle: 'a' -> 'b' -> 'a'; break it in parents or children"),
    "own parent": (_flat(task("a", "a")), "in a cycle: 'a' -> 'a'; break it"),
    "long cycle": (_flat(*(task(f"a{i}", f"a{(i + 1) % 900}") for i in range(900))), " -> ...; break it"),
    "cycle of both": (_flat(task("a", children=["b"]), task("b", children=["a"])), "in a cycle: "),
    "no runtime": (_split([task("a")], [{"id": "a"}]), "task 'a' has no runtimeInSeconds; give it one"),
    "no runtime in 1.4": (_flat({"name": "a"}), "task 'a' has no runtimeInSeconds; give it one"),
    "one not executed": (
        _split([task("a"), task("b")], [task("a")]),
        "task 'b' has no run time in workflow.execution.tasks; add it",
    ),
    "only executed": (_split([task("a")], [task("a"), task("b")]), "task 'b' was executed, but is not in the specification"),
    "executed twice": (_split([task("a")], [task("a"), task("a")]), "task 'a' was executed twice; leave one"),
    "negative": (_flat(task("a", runtimeInSeconds=-1)), "task 'a': the runtimeInSeconds is -1; make it a number"),
    "text": (_flat(task("a", runtimeInSeconds="3.5")), "task 'a': the runtimeInSeconds is '3.5'; make it a number"),
    "true": (_flat(task("a", runtimeInSeconds=True)), "task 'a': the runtimeInSeconds is True; make it a number"),
    "null": (_flat(task("a", runtimeInSeconds=None)), "task 'a': the runtimeInSeconds is None; make it a number"),
    "not a number": (_flat(task("a", runtimeInSeconds=float("nan"))), "the runtimeInSeconds is nan; make it a number"),
    "infinite": (_flat(task("a", runtimeInSeconds=float("inf"))), "the runtimeInSeconds is inf; make it a number"),
    "no float": (_flat(task("a", runtimeInSeconds=10**400)), "the runtimeInSeconds is 1000000"),
    "for ever": (_flat(task("a", runtimeInSeconds=1e12)), "task 'a': 1e+12 s cannot be slept for; choose another"),
    "lines": (_flat(task("a\nb", "z\n" * 99)), "task 'a\\nb' names the parent 'z\\nz"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_document_is_refused_with_the_reason(case: str) -> None:
    """Each mistake has a short message that names the task and the mistake, and says what to do."""
    document, message = BROKEN[case]
    with pytest.raises(WorkloadError, match=re.escape(message)) as caught:
        convert(document, "w", 1)
    assert "; " in str(caught.value) and len(str(caught.value)) < 250


@pytest.mark.parametrize("case", ["version", "no workflow", "unknown parent", "cycle", "duplicate id", "negative", "lines"])
def test_the_command_line_refuses_it_in_one_line(case: str, orchbench_here: Call, tmp_path: Path) -> None:
    """The line names the file, the exit code is 2, and nothing is written."""
    document, message = BROKEN[case]
    (tmp_path / "real.json").write_text(json.dumps(document))
    said = refusal(orchbench_here("run", "--on", "plain", "--workload", "real.json"))
    assert re.search(f"--workload real.json: .*{re.escape(message)}", said), said
    assert [path.name for path in tmp_path.iterdir()] == ["real.json"]


MISTAKES = {
    "no workload": (["--time-scale", "2"], "--time-scale is for a WfCommons instance: give one"),
    "own workload": (["--workload", "own.json", "--time-scale", "1"], "own.json: it is not a WfCommons instance"),
    "not a number": (["--workload", "real.json", "--time-scale", "nan"], "--time-scale"),
    "infinite": (["--workload", "real.json", "--time-scale", "inf"], "--time-scale"),
    "resumed": (["--resume", "x", "--time-scale", "2"], "--resume"),
    "not JSON": (["--workload", "cut.json"], "cut.json"),
    "deep": (["--workload", "deep.json"], "deep.json"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_with_the_option_gets_one_line(case: str, orchbench_here: Call, tmp_path: Path) -> None:
    """One line says what is wrong, the exit code is 2, and nothing is written."""
    text = json.dumps(mosaic("1.5", 2))
    contents = {"real": text, "cut": text[:-9], "deep": "[" * 200_000, "own": '{"name": "own", "nodes": [{"id": "a"}]}'}
    for name, content in contents.items():
        (tmp_path / f"{name}.json").write_text(content)
    arguments, message = MISTAKES[case]
    on = [] if "--resume" in arguments else ["--on", "plain"]
    assert message in refusal(orchbench_here("run", *on, *arguments))
    assert {path.stem for path in tmp_path.iterdir()} == set(contents)
