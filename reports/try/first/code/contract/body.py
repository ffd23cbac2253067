"""The one task body: every task of every implementation calls `run`, which checks the inputs before it works."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from importlib import import_module

from contract.events import Trial, emit, named
from contract.workload import Node


class BrokenEdge(RuntimeError):
    """The parents' tokens that arrived are not those of the parents that this node waits for."""


class PlannedFault(RuntimeError):
    """The failure that the workload asked for."""


class FinalFault(RuntimeError):
    """The failure that the workload asked for, after which another try makes no sense."""


def run(node: Node, trial: Trial, inputs: Mapping[str, str]) -> str:
    """Do the node's work once, between a `started` and a `finished` (or `failed`) event, and return its token."""
    emit(trial, "started", node.id)
    try:
        _check(node, inputs)
        if node.fault:
            fail_as_planned(node.id, node.fault.attempts, trial, FinalFault if node.fault.final else PlannedFault)
        work(node)
        token = node.token(inputs)
    except BaseException as error:
        emit(trial, "failed", node.id, {"error": named(error)})
        raise
    emit(trial, "finished", node.id, {"token": token})
    return token


def _check(node: Node, inputs: Mapping[str, str]) -> None:
    if set(inputs) != set(node.after):
        raise BrokenEdge(f"{node.id} waits for {sorted(node.after)}, but got tokens of {sorted(inputs)}")
    for parent, token in inputs.items():
        if not isinstance(token, str) or not token.startswith(f"{parent}:"):
            raise BrokenEdge(f"{node.id} got {token!r} as the token of {parent}")


def work(node: Node) -> None:
    """Import what the node imports, do what its op says, and nothing else."""
    for module in node.imports:
        import_module(module)
    match node.op:
        case "sleep":
            time.sleep(node.params["seconds"])
        case "cpu":
            # A fixed amount of work, not of time: a busy machine makes it longer, as it does a user's work. It lets go
            # of the GIL, so that threads are not at a disadvantage that NumPy or scikit-learn would not have either.
            hashlib.pbkdf2_hmac("sha256", b"orchbench", b"salt", int(node.params["rounds"]))


def fail_as_planned(node: str, failures: int, trial: Trial, fault: type[RuntimeError] = PlannedFault) -> None:
    """Raise the fault in the first attempts, as many as are planned."""
    if not failures:
        return
    # Attempts may run in different processes, so they are counted in a file: one appended byte each.
    path = os.path.join(trial.events, f"attempts-{node}")
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, b".")
        attempt = os.fstat(file).st_size
    finally:
        os.close(file)
    if attempt <= failures:
        raise fault(f"attempt {attempt} of {node} fails, as do the first {failures}")
