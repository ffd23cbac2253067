"""Workload -> function calls: what one would write by hand, in a few lines, without any tool."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from graphlib import TopologicalSorter

from contract import body
from contract.events import Trial
from contract.workload import Node, Retry, Workload


def run(workload: Workload, trial: Trial, pool: Executor | None) -> None:
    """Call every node's body after those of its parents: in the pool, or in a loop if there is none."""
    if pool is None:
        _one_by_one(workload, trial)
    else:
        _in_pool(workload, trial, pool)


def _one_by_one(workload: Workload, trial: Trial) -> None:
    tokens: dict[str, str] = {}
    for node in workload.nodes:
        tokens[node.id] = attempt(node, trial, {parent: tokens[parent] for parent in node.after})


def _in_pool(workload: Workload, trial: Trial, pool: Executor) -> None:
    nodes = {node.id: node for node in workload.nodes}
    order = TopologicalSorter({node.id: node.after for node in workload.nodes})
    order.prepare()
    tokens: dict[str, str] = {}
    running: dict[Future[str], str] = {}
    failures: list[BaseException] = []
    while (ready := order.get_ready()) or running:
        for name in ready:
            inputs = {parent: tokens[parent] for parent in nodes[name].after}
            running[pool.submit(attempt, nodes[name], trial, inputs)] = name
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            name = running.pop(future)
            # What depends on a failed node never gets ready; all the rest runs on.
            if failure := future.exception():
                failures.append(failure)
            else:
                tokens[name] = future.result()
                order.done(name)
    if failures:
        raise failures[0]


def attempt(node: Node, trial: Trial, inputs: dict[str, str]) -> str:
    """Call the body, and again after a delay as often as the node's retry allows, unless that makes no sense."""
    for delay_s in _delays(node.retry) if node.retry else ():
        try:
            return body.run(node, trial, inputs)
        except body.PlannedFault:
            time.sleep(delay_s)
    return body.run(node, trial, inputs)


def _delays(retry: Retry) -> tuple[float, ...]:
    # Without a chosen delay there is none.
    return retry.asked_s or (0.0,) * retry.times
