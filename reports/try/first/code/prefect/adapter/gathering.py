"""Workload -> asynchronous flow: one awaited task a node, what is ready gathered; a group is an asynchronous subflow."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from prefect import Flow, Task, flow, task
from prefect.client.schemas.objects import State, TaskRun

from churn_prefect.adapter.shapes import parents, task_of
from contract import body
from contract.events import Trial
from contract.workload import Group, Node, Workload


@task(task_run_name="{node.id}")
async def work(node: Node, trial: Trial, tokens: dict[str, str]) -> str:
    """Run the node's body in a thread, because it blocks: the event loop is free for the others."""
    return await asyncio.to_thread(body.run, node, trial, tokens)


async def may_pass(_task: Task[..., Any], _task_run: TaskRun, state: State[Any]) -> bool:
    """Tell whether it makes sense to try again."""
    # In an event loop `state.result()` would be a coroutine, which is never a fault.
    return not isinstance(await state.aresult(raise_on_failure=False), body.FinalFault)


def build(workload: Workload, width: int) -> Flow[..., Any]:
    """Return the workload's flow, which runs at most `width` tasks at once."""
    return _gathering(workload.tree, width)


def _gathering(group: Group, width: int) -> Flow[..., Any]:
    """Return the flow of a group: all its members are begun, and each awaits what it depends on.

    What is awaited goes past the task runner, so a semaphore is the limit, as in any other asynchronous Python. Every
    flow has its own. Prefect's own limits (of tags, `prefect.concurrency`) would ask the server each time.
    """
    subflows = {member.name: _gathering(member, width) for member in group.members if isinstance(member, Group)}

    @flow(name=group.name)
    async def run(trial: Trial, tokens: dict[str, str] = {}) -> dict[str, str]:  # noqa: B006 - nothing changes it
        free = asyncio.Semaphore(width)
        begun: dict[str, asyncio.Task[Mapping[str, str]]] = {}

        async def make(member: Node | Group) -> Mapping[str, str]:
            above = {parent: tokens.get(parent) or (await begun[parent])[parent] for parent in parents(member)}
            if isinstance(member, Group):
                return dict(await subflows[member.name](trial, above))
            async with free:
                return {member.id: await task_of(member, work, may_pass)(member, trial, above)}

        for member in group.members:
            made = asyncio.create_task(make(member))
            begun |= dict.fromkeys([member.id] if isinstance(member, Node) else [node.id for node in member.nodes], made)
        # Without the option the first failure would end the flow, and with it what does not depend on the failed task.
        ends = await asyncio.gather(*begun.values(), return_exceptions=True)
        return {name: _token(end, name) for name, end in zip(begun, ends, strict=True)}

    return run


def _token(end: Mapping[str, str] | BaseException, name: str) -> str:
    if isinstance(end, BaseException):
        raise end
    return end[name]
