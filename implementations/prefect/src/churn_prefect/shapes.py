"""Workload -> flow: one task a node, called in a chain and submitted to a pool of threads elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect import Flow, flow, task, unmapped
from prefect.futures import PrefectFuture
from prefect.task_runners import ThreadPoolTaskRunner

from contract import body
from contract.events import Trial
from contract.workload import Node, Retry, Workload


@task(task_run_name="{node.id}")
def work(node: Node, trial: Trial, tokens: dict[str, str]) -> str:
    """Run the node's body; Prefect resolves the futures in `tokens` to what the parents returned."""
    return body.run(node, trial, tokens)


def build(workload: Workload, width: int) -> Flow[..., Any]:
    """Return the workload's flow. Its one parameter is the trial, which Prefect makes of the JSON of a submission."""
    wire: Callable[[Workload, Trial], Any] = _call if workload.is_chain else _submit

    @flow(name=workload.name, task_runner=ThreadPoolTaskRunner(max_workers=width))  # type: ignore[arg-type]
    def run(trial: Trial) -> Any:
        return wire(workload, trial)

    return run


def _call(workload: Workload, trial: Trial) -> None:
    # Calling a task runs it here and now: what one writes where nothing can run beside it. A failure raises.
    tokens: dict[str, str] = {}
    for node in workload.nodes:
        tokens[node.id] = _task(node)(node, trial, {parent: tokens[parent] for parent in node.after})


def _submit(workload: Workload, trial: Trial) -> list[PrefectFuture[str]]:
    futures: dict[str, PrefectFuture[str]] = {}
    for alike in submissions(workload):
        first = alike[0]
        tokens = {parent: futures[parent] for parent in first.after}
        if len(alike) == 1:
            futures[first.id] = _task(first).submit(first, trial, tokens)
        else:
            mapped = _task(first).map(alike, unmapped(trial), unmapped(tokens))
            futures |= zip((node.id for node in alike), mapped, strict=True)
    # A flow that returns futures waits for them, and fails when one of them failed.
    return list(futures.values())


def submissions(workload: Workload) -> list[list[Node]]:
    """Return the nodes in the order of submission; those that differ in nothing but their work come as one `map`.

    A submitted task takes a thread of the pool first and waits for its parents there. Parents must stand before
    their children, or a bounded pool locks itself; and a child submitted long before its parents are done keeps a
    thread idle. The nodes of a workload stand level by level: whoever waits is then as close to the running ones as
    possible. What width is still lost in an irregular graph is what Prefect's thread pool costs, and is measured.
    """
    alike: dict[tuple[tuple[str, ...], Retry | None], list[Node]] = {}
    for node in workload.nodes:
        alike.setdefault((node.after, node.retry), []).append(node)
    return list(alike.values())


def _task(node: Node) -> Any:  # Any, because the types of Prefect cannot tell a sync task from an async one here
    if node.retry is None:
        return work
    return work.with_options(retries=node.retry.times, retry_delay_seconds=node.retry.delay_s)
