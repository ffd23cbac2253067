"""Workload -> function calls: what one would write by hand, in a few lines, without any tool."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from graphlib import TopologicalSorter

from contract import body
from contract.events import Trial
from contract.workload import Node, Workload


def run(workload: Workload, trial: Trial, pool: Executor | None) -> None:
    """Call every node's body behind its parents: in the pool, or in a loop where there is none."""
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
    while order.is_active():
        for name in order.get_ready():
            inputs = {parent: tokens[parent] for parent in nodes[name].after}
            running[pool.submit(attempt, nodes[name], trial, inputs)] = name
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            name = running.pop(future)
            tokens[name] = future.result()
            order.done(name)


def attempt(node: Node, trial: Trial, inputs: dict[str, str]) -> str:
    """Call the body, and again after a delay as often as the node's retry allows."""
    for _ in range(node.retry.times if node.retry else 0):
        try:
            return body.run(node, trial, inputs)
        except body.PlannedFault:
            time.sleep(node.retry.delay_s if node.retry else 0)
    return body.run(node, trial, inputs)
