"""A kept result: begin -> compute -> use, where `compute` does not run again while nothing that it depends on has changed.

Prefect keeps it: the key is made of the task's inputs and source. TASK_SOURCE is the text of the task alone; a key function
of one's own can have a look at the whole file.
"""

from __future__ import annotations

from datetime import timedelta
from threading import Lock
from typing import Any

from prefect import flow, task
from prefect.cache_policies import INPUTS, TASK_SOURCE, CachePolicy
from prefect.context import TaskRunContext
from prefect.locking.filesystem import FileSystemLockManager
from prefect.transactions import IsolationLevel
from prefect.utilities.hashing import file_hash

from churn import home
from churn.patterns import Cached, slow
from contract.steps import step

KEPT_S = 3600

# By default two runs that want one result at the same moment both compute it. What is added to this policy has the lock too.
LOCKED_INPUTS = INPUTS.configure(
    isolation_level=IsolationLevel.SERIALIZABLE,
    lock_manager=FileSystemLockManager(home.folder("prefect-locks")),
)


@flow
def cached(parameters: Cached = Cached()) -> None:  # noqa: B008 - it is frozen
    """Compute something slow, and use it."""
    value = begin(parameters.value)
    arguments = (value, Lock()) if parameters.unhashable else (value,)
    use(compute_by_file(*arguments) if parameters.by_file else compute(*arguments))


@task
@step("begin")
def begin(value: int) -> int:
    """Return what the result depends on."""
    return value


@task(cache_policy=LOCKED_INPUTS + TASK_SOURCE, cache_expiration=timedelta(seconds=KEPT_S))
def compute(value: int, _lock: object = None) -> dict[str, str]:
    """Compute what is worth keeping."""
    with step("compute"):
        body = 1
        return slow(f"{describe(value)}/{body}")


def file(_context: TaskRunContext, _inputs: dict[str, Any]) -> str:
    """Return the hash of this file: an edit of anything in it is another key."""
    return str(file_hash(__file__))


compute_by_file = compute.with_options(cache_policy=LOCKED_INPUTS + CachePolicy.from_cache_key_fn(file))


def describe(value: int) -> str:
    """Help the above: TASK_SOURCE does not look at it."""
    helper = 1
    return f"{value}/{helper}"


@task
def use(result: dict[str, str]) -> None:
    """Use the result."""
    with step("use", token=result["text"]):
        pass
