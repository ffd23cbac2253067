"""Workload -> DAG: a PythonOperator per node, with the parents' return values as arguments, in a TaskGroup per group.

The process of every task reads the DAG file anew, so this module imports only what that needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, Context, ExceptionRetryPolicy, RetryAction, RetryDecision, RetryRule, TaskGroup
from airflow.sdk.types import DagRunProtocol

from contract import body
from contract.events import Trial
from contract.workload import Group, Node, Retry, Workload

FINAL: Final = [RetryRule(body.FinalFault, RetryAction.FAIL)]
"""The errors after which Airflow does not try again."""


class Delays(ExceptionRetryPolicy):
    """Another delay before each retry. Airflow knows one for a task or an exception, or a backoff; none for each try."""

    def __init__(self, rules: list[RetryRule], delays_s: Sequence[float]) -> None:
        super().__init__(rules)
        self.delays_s = delays_s

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        """Return the delay of this try, unless a rule says something else."""
        decision = super().evaluate(exception, try_number, max_tries, context)
        if decision.action is RetryAction.DEFAULT and try_number <= len(self.delays_s):
            return RetryDecision.retry(timedelta(seconds=self.delays_s[try_number - 1]))
        return decision


def build(workload: Workload) -> DAG:
    """Return the workload as a DAG that runs when it is triggered; a parent's output as an argument makes the edge."""
    with DAG(workload.name, schedule=None) as dag:
        _add(workload.tree, {})
    return dag


def _add(group: Group, tasks: dict[str, PythonOperator]) -> None:
    for member in group.members:
        if isinstance(member, Group):
            with TaskGroup(member.name):
                _add(member, tasks)
        else:
            tasks[member.id] = PythonOperator(
                task_id=member.id,
                python_callable=partial(run, member),
                op_kwargs={"inputs": {parent: tasks[parent].output for parent in member.after}},
                **(_retried(member.retry) if member.retry else {"retries": 0}),
            )


def _retried(retry: Retry) -> dict[str, Any]:
    """Return the arguments of a PythonOperator that say how it is tried again."""
    arguments: dict[str, Any] = {"retries": retry.times, "retry_policy": ExceptionRetryPolicy(FINAL)}
    if retry.delays_s:
        arguments["retry_policy"] = Delays(FINAL, retry.delays_s)
    elif retry.delay_s is not None:
        arguments["retry_delay"] = timedelta(seconds=retry.delay_s)
        if retry.backoff:
            # Before retry n Airflow waits m to 2m - 1 whole seconds, with m = ceil(delay * 2 ** (n - 1)), at least 1. A hash
            # of the task, the logical date and the try picks the number. Only a retry policy of one's own avoids that.
            arguments["retry_exponential_backoff"] = 2
    return arguments


def run(node: Node, inputs: dict[str, str], dag_run: DagRunProtocol) -> str:
    """Run the body of a node. Airflow fills in the parents' tokens and the run, whose conf holds the trial."""
    conf = dag_run.conf or {}
    return body.run(node, Trial(**conf["trial"]), inputs)


def read(dag_file: str) -> DAG:
    """Return the DAG of the workload beside the DAG file."""
    return build(Workload.from_json(Path(dag_file).with_suffix(".json").read_text()))
