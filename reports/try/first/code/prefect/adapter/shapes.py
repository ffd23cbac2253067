"""Workload -> flow: one task a node, which is called or submitted to the flow's task runner; a group is a subflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect import Flow, Task, flow, task, unmapped
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner
from prefect.tasks import exponential_backoff

from contract import body
from contract.events import Trial
from contract.workload import Group, Node, Retry, Workload

Runner = Callable[[], TaskRunner[Any]]
"""Makes the task runner of one flow."""


def threads(width: int) -> Runner:
    """Return what makes Prefect's default task runner, with so many threads."""
    return lambda: ThreadPoolTaskRunner(max_workers=width)


def processes(width: int) -> Runner:
    """Return what makes a task runner with so many processes, which every flow run starts and stops."""
    return lambda: ProcessPoolTaskRunner(max_workers=width)


@task(task_run_name="{node.id}")
def work(node: Node, trial: Trial, tokens: dict[str, str]) -> str:
    """Run the node's body; Prefect resolves the futures in `tokens` to what the parents returned."""
    return body.run(node, trial, tokens)


def build(workload: Workload, runner: Runner, *, called: bool = False) -> Flow[..., Any]:
    """Return the workload's flow. The one parameter is the trial, which Prefect makes of the JSON of a submission.

    `called`: tasks are called, one after another, even if they could run at once. Beside threads, those of a chain are too.
    A call never reaches a pool of processes: there a chain is submitted, one task after another.
    """
    has_threads = isinstance(runner(), ThreadPoolTaskRunner)
    called = called or (workload.is_chain and has_threads)
    if any(isinstance(member, Group) for member in workload.tree.members):
        return _nested(workload.tree, runner, called=called)
    wire = _call if called else _submit_in_turn if workload.is_chain else _submit

    @flow(name=workload.name, task_runner=runner())
    def run(trial: Trial) -> Any:
        return wire(workload, trial)

    return run


def _call(workload: Workload, trial: Trial) -> None:
    # A call runs the task here and now: nothing can run beside it in a chain. A failure raises.
    tokens: dict[str, str] = {}
    for node in workload.nodes:
        tokens[node.id] = task_of(node)(node, trial, {parent: tokens[parent] for parent in node.after})


def _submit_in_turn(workload: Workload, trial: Trial) -> None:
    # As above, but the task runs where the task runner has it run.
    tokens: dict[str, str] = {}
    for node in workload.nodes:
        tokens[node.id] = task_of(node).submit(node, trial, {parent: tokens[parent] for parent in node.after}).result()


def _submit(workload: Workload, trial: Trial) -> list[PrefectFuture[str]]:
    futures: dict[str, PrefectFuture[str]] = {}
    for alike in submissions(workload):
        first = alike[0]
        tokens = {parent: futures[parent] for parent in first.after}
        if len(alike) == 1:
            futures[first.id] = task_of(first).submit(first, trial, tokens)
        else:
            mapped = task_of(first).map(alike, unmapped(trial), unmapped(tokens))
            futures |= zip((node.id for node in alike), mapped, strict=True)
    # A flow that returns futures waits for them, and fails when one of them failed.
    return list(futures.values())


def submissions(workload: Workload) -> list[list[Node]]:
    """Return the nodes in the order of submission; those that differ in nothing but their work come as one `map`.

    A submitted task takes a thread of the pool first, and waits for its parents there. Parents must come before their
    children, or a bounded pool locks itself; and a child that is submitted long before its parents are done keeps a
    thread idle. The nodes of a workload come level by level, so that a waiting task is as close to the running ones as
    possible. An irregular graph still loses some width. That is what Prefect's thread pool costs, and it is measured.
    """
    alike: dict[tuple[tuple[str, ...], Retry | None], list[Node]] = {}
    for node in workload.nodes:
        alike.setdefault((node.after, node.retry), []).append(node)
    return list(alike.values())


def _nested(group: Group, runner: Runner, *, called: bool) -> Flow[..., Any]:
    """Return the flow of a group: its nodes are submitted (or called, as in a flat chain), its groups called as subflows.

    The call of a subflow returns when it is over, so groups run one after another, each beside the nodes that were
    submitted before it. Every flow has its own task runner.
    """
    members = _nodes_first(group)
    subflows = {member.name: _nested(member, runner, called=called) for member in members if isinstance(member, Group)}

    @flow(name=group.name, task_runner=runner())
    def run(trial: Trial, tokens: dict[str, str] = {}) -> Any:  # noqa: B006 - nothing changes it
        known: dict[str, Any] = dict(tokens)
        for member in members:
            inputs = {parent: known[parent] for parent in parents(member)}
            if isinstance(member, Node) and called:
                known[member.id] = task_of(member)(member, trial, inputs, return_state=True)
            elif isinstance(member, Node):
                known[member.id] = task_of(member).submit(member, trial, inputs)
            else:
                state = subflows[member.name](trial, inputs, return_state=True)
                known |= zip((node.id for node in member.nodes), _ends(member, state), strict=True)
        # Futures of the group's own nodes, and states of those in subflows: one that failed fails this flow, too.
        return [known[node.id] for node in group.nodes]

    return run


def _nodes_first(group: Group) -> list[Node | Group]:
    """Return the members in the order of their submission: a group only when no node is left that could come before it."""
    waiting = list(group.members)
    order: list[Node | Group] = []
    known = parents(group)
    while waiting:
        ready = [member for member in waiting if parents(member) <= known]
        member = next((each for each in ready if isinstance(each, Node)), ready[0])
        waiting.remove(member)
        order.append(member)
        known |= {member.id} if isinstance(member, Node) else {node.id for node in member.nodes}
    return order


def parents(member: Node | Group) -> set[str]:
    """Return the nodes that a node waits for, or those outside of a group that some node in it waits for."""
    if isinstance(member, Node):
        return set(member.after)
    return {parent for node in member.nodes for parent in node.after} - {node.id for node in member.nodes}


def _ends(group: Group, state: State[Any]) -> list[State[Any]]:
    """Return the states in which a group's nodes ended; that of the group, if something that it waits for failed."""
    ends = state.result(raise_on_failure=False) if state.is_final() else None
    return ends if isinstance(ends, list) else [state] * len(group.nodes)


def may_pass(_task: Task[..., Any], _task_run: TaskRun, state: State[Any]) -> bool:
    """Tell whether it makes sense to try again."""
    return not isinstance(state.result(raise_on_failure=False), body.FinalFault)


def task_of(node: Node, plain: Any = work, condition: Any = may_pass) -> Any:
    """Return the task of a node: the plain one, with the node's retries."""
    # Any, because the types of Prefect cannot tell a sync task from an async one here.
    if (retry := node.retry) is None:
        return plain
    tried_again = plain.with_options(retries=retry.times, retry_condition_fn=condition)
    if retry.delays_s:
        return tried_again.with_options(retry_delay_seconds=list(retry.delays_s))
    if retry.delay_s is None:
        return tried_again
    if retry.backoff:
        # delay_s * 2**i before retry i = 0, 1, ...; at most 50 of them. There is no jitter unless one asks for it.
        return tried_again.with_options(retry_delay_seconds=exponential_backoff(retry.delay_s))
    return tried_again.with_options(retry_delay_seconds=retry.delay_s)
