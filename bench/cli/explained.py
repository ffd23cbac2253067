"""What a case is, in words: its name alone says little."""

from __future__ import annotations

from collections.abc import Iterator

from bench.base.wording import counted, digits
from bench.scenarios import Case
from bench.scenarios.kit.procedures import Before, CancelInTheMiddle, KillAndRestart, Once, SeveralAtOnce
from contract.pipeline import Pipeline
from contract.workload import Workload


def explained(case: Case) -> str:
    """Say what runs, and what is done with it."""
    work = _pipeline(case.work) if isinstance(case.work, Pipeline) else _graph(case.work)
    return ", ".join([*work, *_procedure(case)])


def _graph(work: Workload) -> Iterator[str]:
    depth = _longest_path(work)
    shape = f", at most {depth} in a row" if 1 < depth < len(work.nodes) else ", one after another" if depth > 1 else ""
    yield f"{counted(len(work.nodes), 'task')}{shape}"
    if seconds := sum(node.params.get("seconds", 0.0) for node in work.nodes):
        yield f"{digits(seconds)} s of sleep in all"
    if any(node.op == "cpu" for node in work.nodes):
        yield "CPU work in each task"
    if imports := sorted({module for node in work.nodes for module in node.imports}):
        yield f"each task imports {', '.join(imports)}"
    if failing := sum(node.fault is not None for node in work.nodes):
        yield f"{failing} made to fail"
    if groups := {node.group for node in work.nodes if node.group}:
        yield f"nested up to {max(group.count('.') + 1 for group in groups)} deep"


def _longest_path(work: Workload) -> int:
    depths: dict[str, int] = {}
    for node in work.nodes:
        depths[node.id] = 1 + max((depths[parent] for parent in node.after), default=0)
    return max(depths.values())


def _pipeline(work: Pipeline) -> Iterator[str]:
    yield f"the pipeline {work.pipeline}"
    yield from (f"{name} = {value}" for name, value in work.parameters.items() if value not in ("", None))
    yield from (f"{step} made to fail" for step in work.faults)


def _procedure(case: Case) -> Iterator[str]:
    match case.procedure:
        case Once(before=before, watched=watched):
            yield from _before(before)
            if watched:
                yield "with memory and disk watched"
        case SeveralAtOnce(runs=runs):
            yield from [f"{runs} runs at once"] if runs > 1 else []
        case CancelInTheMiddle(busy=busy):
            yield f"cancelled while {busy} is busy"
        case KillAndRestart(service=service):
            yield f"{service} is killed and started again before a second run"


def _before(before: Before) -> Iterator[str]:
    if before.new_process:
        yield "in a new process"
    if before.wait_s:
        yield f"after a wait of {digits(before.wait_s)} s"
    yield from (f"after an edit of {part}" for part in before.editions)
    if before.spoil:
        yield {"delete": "after the kept results were deleted", "corrupt": "after the kept results were spoiled"}[
            before.spoil
        ]
